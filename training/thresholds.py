"""Out-of-fold scores -> each tag's threshold, by what its owner aims at: F1, precision or recall.

A rare tag's own scores are too few to set a threshold by, so every rule leans on all tags together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tagger.errors import SettingsError
from tagger.f1 import Truth
from tagger.records import Scores
from tagger.sparse import Doubles

SHRINKAGE = 10.0
"""Texts that all tags together count as when a tag's own precision or recall is judged."""
NEAREST = 1e-9
"""How near to 0 and 1 a probability is taken to be, where its log-odds would be endless."""
LIMITS = expit(np.linspace(-10, 10, 401))
"""Thresholds that are tried for a precision or recall: of log-odds in steps of 0.05."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What thresholds aim at: the best ``f1``, or a ``precision`` or ``recall`` of ``target``."""

    figure: str
    target: float = 0.0

    @classmethod
    def read(cls, written: str) -> Objective:
        """Read ``f1``, ``precision=0.9`` or ``recall=0.8``.

        Raises
        ------
        SettingsError
            It is none of them.
        """
        figure, _, target = written.partition("=")
        if written == "f1":
            return cls("f1")
        try:
            objective = cls(figure, float(target))
        except ValueError:
            objective = cls(figure)
        if figure not in {"precision", "recall"} or not 0 < objective.target < 1:
            raise SettingsError(
                f"There is no objective {written!r}. Choose f1, precision=P or recall=R, P and R "
                "above 0 and below 1, for example precision=0.9."
            )
        return objective

    def missed_by(self, by_tag: Mapping[str, Scores]) -> dict[str, float]:
        """Return what the tags that miss the target have instead."""
        figures = {
            tag: scores.recall if self.figure == "recall" else scores.precision
            for tag, scores in by_tag.items()
        }
        return {tag: figure for tag, figure in figures.items() if figure < self.target}


def thresholds_for(objective: Objective, scores: Doubles, truth: Truth) -> Doubles:
    """Return each tag's threshold, (tags,), by probabilities out of fold, (texts, tags)."""
    if objective.figure == "precision":
        return _lowest_of_precision(objective.target, scores, truth)
    if objective.figure == "recall":
        return _highest_of_recall(objective.target, scores, truth)
    return np.asarray(expit(best_thresholds(logit(scores.clip(NEAREST, 1 - NEAREST)), truth)))


def best_thresholds(scores: Doubles, truth: Truth) -> Doubles:
    """Return each tag's threshold, (tags,): half-way between its best and the best common one.

    Best by F1 on scores out of fold. A rare tag's own best is a matter of luck; half-way was worth
    0.005 weighted F1 over each tag's own and 0.01 over the common one on the reference task.

    ``scores`` may be decisions, log-odds or probabilities. Half-way between log-odds, as training
    takes it, is worth over half-way between probabilities .003 weighted and .010 macro F1 in the
    mean of eight tables of package descriptions with 32 to 59 tags, in eight languages, and nothing
    on the reference task or the default table: a rare tag's own best is of low probability, which
    a common one of .4 outweighs.
    """
    limits = np.unique(np.quantile(scores, np.linspace(0.001, 0.999, 799)))
    hits, found = _counts_from(limits, scores, truth)
    support = truth.sum(axis=0)
    common = limits[np.argmax(2 * hits / (found + support) @ support)]
    own = [_best_threshold(*column) for column in zip(scores.T, truth.T, strict=True)]
    return np.array([(best + common) / 2 for best in own])


def _best_threshold(scores: Doubles, truth: Truth) -> float:
    """Return the threshold of best F1 for one tag, between two neighbouring scores."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    hits, found = np.cumsum(truth[order]), np.arange(1, len(scores) + 1)
    f1 = 2 * hits / (found + truth.sum())
    f1[:-1][ordered[1:] == ordered[:-1]] = 0  # texts of one score are predicted together
    best = int(np.argmax(f1))
    return float(ordered[best : best + 2].mean())


def _lowest_of_precision(target: float, scores: Doubles, truth: Truth) -> Doubles:
    """Take the lowest limit at which a tag is right often enough, the highest where there is none.

    Whatever lies above it: where texts lack tags that are true of them, the surest scores are among
    those called wrong. To go down only for as long as a tag is right found a fifth fewer tags on
    the reference task, for .002 to .007 of precision, and hardly any on tables made up so.
    """
    hits, found = _counts_from(LIMITS, scores, truth)
    # Where nothing is found, nothing is wrong.
    common = (hits.sum(axis=1, keepdims=True) + 1) / (found.sum(axis=1, keepdims=True) + 1)
    precision = (hits + SHRINKAGE * common) / (found + SHRINKAGE)
    enough = precision >= target
    enough[-1] = True
    lowest: Doubles = LIMITS[enough.argmax(axis=0)]
    return lowest


def _highest_of_recall(target: float, scores: Doubles, truth: Truth) -> Doubles:
    """Go up from the lowest limit for as long as enough of a tag's texts are found."""
    hits, _ = _counts_from(LIMITS, scores, truth)
    common = hits.sum(axis=1, keepdims=True) / truth.sum()
    recall = (hits + SHRINKAGE * common) / (truth.sum(axis=0) + SHRINKAGE)
    highest: Doubles = LIMITS[np.maximum((recall >= target).sum(axis=0) - 1, 0)]
    return highest


def _counts_from(
    limits: Doubles, scores: Doubles, truth: Truth
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Count the true scores, and all, that reach each of ascending limits: (limits, tags) twice."""

    def reaching(some: Doubles) -> NDArray[np.intp]:
        return len(some) - np.searchsorted(np.sort(some), limits)

    columns = list(zip(scores.T, truth.T, strict=True))
    hits = np.stack([reaching(column[borne]) for column, borne in columns], axis=1)
    return hits, np.stack([reaching(column) for column, _ in columns], axis=1)
