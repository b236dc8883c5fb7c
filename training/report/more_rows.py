"""Whether more rows would help, and which tags: the training repeated on parts of its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tagger.errors import TooLittleData
from tagger.f1 import Truth
from tagger.paired import OVERALL, Difference, beyond_noise, differences
from tagger.records import Run
from tagger.wording import listed
from training.evaluate import measure, predict
from training.fit import fit
from training.progress import Step
from training.report.charts import Axis, Chart, Figure, figures
from training.report.examined import Examined
from training.report.table import Side, Table

PORTIONS = (0.125, 0.25, 0.5)
"""Parts of the training texts; all of them is the run itself."""
FEWEST_BEARERS = 2
"""Texts that a tag needs in a part to be learnt from it."""
SHOWN = 12
"""Tags that gained most."""
LITTLE = 0.05
"""F1 that twice the texts have to bring to be worth gathering them."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """How good the run is, learnt from so many texts."""

    texts: int
    f1: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What the second half of the texts brought a tag."""

    tag: str
    training: int
    """Texts of training that bear it."""
    found: Difference


@dataclass(frozen=True, slots=True)
class MoreRowsSection:
    """The learning curve, and the tags that are still on the rise."""

    lead: str
    learnt: tuple[Learnt, ...]
    gains: tuple[Gain, ...]
    """Most gained first."""
    chart: Chart


def more_rows_section(examined: Examined, table: Table, *, step: Step) -> MoreRowsSection | None:
    """Train on parts of the texts and measure on the run's test; None where they are too few."""
    curve = _curve(examined, table, step=step)
    if not curve:
        return None
    truth, tags = examined.exam.test.truth[table.test.places], examined.run.tags
    measured = [(texts, measure(truth, given, tags).overall) for texts, given in curve]
    learnt = tuple(Learnt(texts, found.f1, found.macro_f1) for texts, found in measured)
    (_, half), (texts, whole) = curve[-2:]
    overall, by_tag = differences(truth, half, whole)
    # What the gate before production would say if half of the texts were to take the place of all.
    lost, lost_by_tag = differences(truth, whole, half)
    risen = beyond_noise(lost, dict(zip(tags, lost_by_tag, strict=True)))
    bearers = examined.exam.training.truth.sum(axis=0).tolist()
    gains = [Gain(*one) for one in zip(tags, bearers, by_tag, strict=True)]
    gains.sort(key=lambda gain: -gain.found.difference)
    return MoreRowsSection(
        lead=_lead(texts, overall, risen) + _alone(examined.run),
        learnt=learnt,
        gains=tuple(gain for gain in gains if gain.found.difference > 0)[:SHOWN],
        chart=_chart(learnt),
    )


def _curve(examined: Examined, table: Table, *, step: Step) -> list[tuple[int, Truth]]:
    """Answer the test's texts with what ever more training texts teach, half and all of them last.

    The texts are taken in the order of their fingerprints, which is a random one that stays the
    same, so that every part lies within the next. Nothing is returned where half are too few.
    """
    training = table.training
    order = np.argsort(examined.exam.training.fingerprints[training.places])
    curve: list[tuple[int, Truth]] = []
    for portion in PORTIONS:
        count = round(portion * len(order))
        step(f"Learn from {count} texts")
        try:
            curve.append((count, _answers(examined, training, table.test, order[:count])))
        except TooLittleData:
            continue  # So small a part teaches nothing: the curve begins with the next.
    if not curve or curve[-1][0] < round(PORTIONS[-1] * len(order)):
        return []
    if examined.run.params.auxiliary or len(order) < training.of:
        # What the run itself answers owes to other texts too, and is no point of this curve.
        step(f"Learn from {len(order)} texts")
        whole = _answers(examined, training, table.test, order)
    else:
        whole = examined.predicted[table.test.places]
    return [*curve, (len(order), whole)]


def _answers(examined: Examined, training: Side, test: Side, rows: np.ndarray) -> Truth:
    """Answer the test's texts with what some of the training texts teach, in the run's columns."""
    truth = examined.exam.training.truth[training.places[rows]]
    learnt = np.flatnonzero(truth.sum(axis=0) >= FEWEST_BEARERS)
    tags = [examined.run.tags[column] for column in learnt.tolist()]
    tags_of_each = [[tags[place] for place in np.flatnonzero(row)] for row in truth[:, learnt]]
    if examined.run.task == "single":
        rows = rows[truth[:, learnt].any(axis=1)]
        tags_of_each = [some for some in tags_of_each if some]
    texts = [training.labelled.texts[row] for row in rows.tolist()]
    params = replace(examined.run.params, auxiliary=False)
    model = fit(texts, tags_of_each, params).model
    return predict(model, test.labelled.texts, examined.run.tags)


def _alone(run: Run) -> str:
    if lent := run.data.auxiliary:
        return f" Here the table is learnt from alone, without {lent.source}."
    return ""


def _chart(learnt: tuple[Learnt, ...]) -> Chart:
    first, last = learnt[0].texts, learnt[-1].texts
    return Chart(
        "F1 on the test by the number of texts learnt from",
        Axis(
            "Texts learnt from",
            first,
            last,
            tuple((point.texts, f"{point.texts:,}") for point in learnt),
            doubling=True,
        ),
        figures("F1"),
        tuple(Figure(point.texts, point.f1) for point in learnt),
    )


def _lead(texts: int, overall: Difference, risen: tuple[str, ...]) -> str:
    doubled = (
        f"going from {round(PORTIONS[-1] * texts):,} to {texts:,} texts moved F1 from "
        f"{overall.first:.2f} to {overall.second:.2f}"
    )
    if OVERALL not in risen:
        if overall.high <= LITTLE:
            return (
                f"More rows of the same kind promise little: {doubled}, no more than chance does."
            )
        return (
            f"Whether more rows would help cannot be told from so small a test: {doubled}, which "
            "may be chance."
        )
    tags = [name for name in risen if name != OVERALL]
    also = f", beyond chance also for {listed(tags, most=5)}" if tags else ""
    return (
        f"More rows would help: {doubled}{also}; each further doubling usually brings less than "
        "the one before."
    )
