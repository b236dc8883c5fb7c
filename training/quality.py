"""What each candidate is worth on a table, over several splits (`python -m training.quality`).

Labels are noisy and tables small, so one split's figure says little: every figure is the mean of
paired differences to words and characters as scikit-learn alone would learn them, over splits that
differ in their salt, with its 95% interval (Student's t; the splits share texts, so it is somewhat
too narrow). Times are of the processor, so that a busy machine tells the same.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from tagger.__main__ import prepare_environment

if __name__ == "__main__":
    prepare_environment()  # numpy reads it when it is imported

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from scipy import stats
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from tagger.console import Refusing
from tagger.model import Model
from tagger.paired import Truth
from tagger.records import Params, Task
from tagger.sparse import Doubles
from training.candidates import CANDIDATES, compared_on, params_for
from training.data import Reading, read_dataset
from training.evaluate import Evaluated, best_alone, evaluate, measure, truth_of
from training.fit import fit, folds_of
from training.split import Split, split
from training.thresholds import best_thresholds

BASELINE = "word + char_wb"
HEADINGS = (
    *("model", "weighted F1", "to baseline", "macro F1", "to baseline"),
    *("Brier skill", "slope", "s", "us a text"),
)
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


def plain(parts: Split, params: Params, *, characters: bool) -> Measured:
    """Learn words, pairs and perhaps characters as scikit-learn alone does."""
    begun = time.process_time()
    truth = truth_of(parts.training.tags, parts.tags)
    scores = _plain_decisions(parts.training.texts, truth, parts.test.texts, characters=characters)
    if params.task == "single":
        predicted = best_alone(scores)
    else:
        decisions = np.zeros(truth.shape)
        for rest, out in folds_of(truth, params):
            training = [parts.training.texts[i] for i in rest]
            left_out = [parts.training.texts[i] for i in out]
            decisions[out] = _plain_decisions(
                training, truth[rest], left_out, characters=characters
            )
        predicted = scores >= best_thresholds(decisions, truth)
    overall = measure(truth_of(parts.test.tags, parts.tags), predicted, parts.tags).overall
    seconds = time.process_time() - begun
    return Measured(overall.f1, overall.macro_f1, seconds, accuracy=overall.accuracy)


def _plain_decisions(
    training: Sequence[str], truth: Truth, asked: Sequence[str], *, characters: bool
) -> Doubles:
    vectorizers = [TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)]
    if characters:
        vectorizers.append(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        )
    learner = OneVsRestClassifier(LinearSVC(random_state=0))
    fitted = make_pipeline(make_union(*vectorizers), learner).fit(training, truth.astype(np.intp))
    return np.asarray(fitted.decision_function(asked), np.float64)


def trained(parts: Split, params: Params, *, others: Sequence[Params] = ()) -> Measured:
    """Train as `train` does on the best of these params; measure through the code that serves."""
    begun = time.process_time()
    fitted = fit(parts.training.texts, parts.training.tags, params, others=others)
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


def chosen(candidates: Sequence[Measured]) -> Measured:
    """Return the candidate that training chooses, which takes the time of them all."""
    best = max(candidates, key=lambda one: one.folds_f1)
    return replace(best, seconds=sum(one.seconds for one in candidates))


def reliability_slope(scores: Doubles, truth: NDArray[np.bool_]) -> float:
    """Return by how much log-odds should be stretched to be true (Cox, 1958).

    It is not a number where nothing is true, or everything.
    """
    if truth.all() or not truth.any():
        return np.nan
    clipped = scores.clip(1e-6, 1 - 1e-6)
    log_odds = np.log(clipped / (1 - clipped))
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(log_odds[:, np.newaxis], truth)
    return float(fitted.coef_[0, 0])


def interval(
    ours: Sequence[Measured], base: Sequence[Measured], figure: str
) -> tuple[float, float, float]:
    """Return the mean of the splits' paired differences in a figure, and its 95% interval."""
    pairs = zip(ours, base, strict=True)
    values = np.array([getattr(one, figure) - getattr(other, figure) for one, other in pairs])
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def difference(ours: Sequence[Measured], base: Sequence[Measured], figure: str) -> str:
    """Show how much better a figure is than that of a base, where there is another."""
    if not base or ours is base:
        return ""
    return "{:+.3f} [{:+.3f}, {:+.3f}]".format(*interval(ours, base, figure))


def mean(measured: Sequence[Measured], figure: str, form: str = ".3f") -> str:
    """Show the mean of a figure over the splits, where it was measured."""
    found = float(np.mean([getattr(one, figure) for one in measured]))
    return "" if np.isnan(found) else format(found, form)


def show(measured: dict[str, list[Measured]]) -> Table:
    """Lay out every model beside the baseline, in Markdown."""
    table = Table(*HEADINGS, box=box.MARKDOWN)
    base = measured[BASELINE]
    for name, ours in measured.items():
        table.add_row(
            name,
            mean(ours, "f1"),
            difference(ours, base, "f1"),
            mean(ours, "macro_f1"),
            difference(ours, base, "macro_f1"),
            mean(ours, "brier_skill"),
            mean(ours, "slope", ".2f"),
            mean(ours, "seconds", ".1f"),
            mean(ours, "microseconds", ".0f"),
        )
    return table


@click.command(cls=Refusing)
@click.argument("table")
@click.option("--task", type=click.Choice(["multi", "single"]), help="Any tags, or one.")
@click.option("--splits", type=click.IntRange(min=2), default=5, show_default=True)
@click.option("--min-support", type=click.IntRange(min=2), default=10, show_default=True)
def quality(table: str, *, task: Task | None, splits: int, min_support: int) -> None:
    """Set every candidate, and what `train` chooses, beside plain scikit-learn on TABLE."""
    dataset = read_dataset(table, Reading())
    usual = Params(task=task or dataset.task, min_support=min_support)
    measured: dict[str, list[Measured]] = {}
    for number in range(splits):
        params = replace(usual, salt=f"quality {number}")
        parts = split(dataset, params)
        row = {
            BASELINE: plain(parts, params, characters=True),
            "word": plain(parts, params, characters=False),
            **{name: trained(parts, params_for(name, params)) for name in CANDIDATES},
        }
        row["as train chooses"] = chosen([row[name] for name in compared_on(parts.training.texts)])
        for name, found in row.items():
            measured.setdefault(name, []).append(found)
        click.echo(f"split {number + 1} of {splits}", err=True)
    Console(width=160).print(show(measured))


if __name__ == "__main__":
    quality(prog_name="python -m training.quality")
