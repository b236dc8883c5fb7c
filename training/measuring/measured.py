"""How good the model is that `train` makes of one split, and what it takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from tagger.model import Model
from tagger.records import Params
from tagger.sparse import Doubles
from training.auxiliary import Lent
from training.evaluate import Evaluated, evaluate, truth_of
from training.fit import fit
from training.split import Split

CALIBRATION_FROM = 50
"""Training texts of a tag whose scores are looked at as probabilities."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One model on the test side of one split."""

    f1: float
    macro_f1: float
    seconds: float
    """Of training."""
    microseconds: float = np.nan
    """Of scoring a text alone."""
    folds_f1: float = np.nan
    """Weighted F1 on folds of the training side, by which training chooses."""
    brier_skill: float = np.nan
    """1 - Brier score over that of the training side's base rates."""
    accuracy: float = np.nan
    """Share of the texts whose tags are exactly right."""
    model: str = ""
    """The one that was fitted."""
    slope: float = np.nan
    """Of reliability, by logistic regression of truth on log-odds: 1 is right."""


def trained(
    parts: Split, params: Params, *, others: Sequence[Params] = (), lent: Lent | None = None
) -> Measured:
    """Train as `train` does on the best of these params; measure through the code that serves."""
    begun = time.process_time()
    fitted = fit(parts.training.texts, parts.training.tags, params, others=others, lent=lent)
    seconds = time.process_time() - begun
    test = evaluate(fitted.model, parts.test)
    overall = test.performance.overall
    skill, slope = _calibration(test, truth_of(parts.training.tags, parts.tags).mean(axis=0), parts)
    return Measured(
        overall.f1,
        overall.macro_f1,
        seconds,
        microseconds=_microseconds(fitted.model, parts.test.texts),
        accuracy=overall.accuracy,
        model=fitted.params.model,
        folds_f1=max(one.f1 for one in fitted.compared),
        brier_skill=skill,
        slope=slope,
    )


def _calibration(test: Evaluated, rates: Doubles, parts: Split) -> tuple[float, float]:
    """Return Brier skill and slope over the tags that are common enough to judge scores by."""
    common = rates * len(parts.training) >= CALIBRATION_FROM
    if not common.any():
        return np.nan, np.nan
    scores, truth = test.scored.scores.astype(np.float64)[:, common], test.truth[:, common]
    skill = 1 - ((scores - truth) ** 2).sum() / ((rates[common] - truth) ** 2).sum()
    return float(skill), reliability_slope(scores.ravel(), truth.ravel())


def _microseconds(model: Model, texts: Sequence[str]) -> float:
    begun = time.process_time()
    for text in texts:
        model.score([text])
    return 1e6 * (time.process_time() - begun) / len(texts)


def reliability_slope(scores: Doubles, truth: NDArray[np.bool_]) -> float:
    """Return by how much log-odds should be stretched to be true (Cox, 1958).

    It is not a number where nothing is true, or everything.
    """
    if truth.all() or not truth.any():
        return np.nan
    log_odds = logit(scores.clip(1e-6, 1 - 1e-6))
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(log_odds[:, np.newaxis], truth)
    return float(fitted.coef_[0, 0])
