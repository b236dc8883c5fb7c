"""How good the run is on parts of the texts: short, long, of rare tags, of a column's values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.records import Overall
from training.evaluate import SLICE_FROM, Marks, measure, pooled
from training.report.examined import Examined
from training.report.wording import of_100

STORED = {
    "short-texts": "Short texts, 10 words at most",
    "long-texts": "Long texts, more than 50 words",
    "one-tag": "Texts with one tag",
    "several-tags": "Texts with several tags",
}
"""Slices that a run's performance holds; those without a true tag have no F1 and are told apart."""
RARE = "Texts with a tag of the rarest quarter"
RARE_SHARE = 0.25
"""Share of the tags that are called rare: those of the fewest texts of training."""
MOST_VALUES = 12
"""Values of one column that are shown, the most frequent ones."""
CLEARLY = 0.05
"""F1 by which a slice has to fall behind to be named."""


@dataclass(frozen=True, slots=True)
class SliceRow:
    """The run on one part of the texts."""

    name: str
    overall: Overall


@dataclass(frozen=True, slots=True)
class SlicesSection:
    """The parts, all texts first."""

    lead: str
    rows: tuple[SliceRow, ...]
    columns: Mapping[str, tuple[SliceRow, ...]]
    """By the name of a column, its values."""
    untagged: Overall | None
    """Texts that bear none of the tags."""


def slices_section(examined: Examined, columns: Mapping[str, Sequence[str]]) -> SlicesSection:
    """Take the stored slices, and measure rare tags and the columns' values by the exam.

    Parameters
    ----------
    columns
        By the name of a column, its value for each text of the test; empty where it has none.
    """
    stored = examined.run.performance.slices
    rows = [SliceRow(words, stored[name]) for name, words in STORED.items() if name in stored]
    rows += _measured(examined, {RARE: _bears_rare_tag(examined)})
    of_columns = {
        name: tuple(_measured(examined, _by_value(values))) for name, values in columns.items()
    }
    everything = SliceRow("All texts", pooled(examined.exam.test.truth, examined.predicted))
    parts = (*rows, *(row for some in of_columns.values() for row in some))
    return SlicesSection(
        lead=_lead(everything.overall, parts),
        rows=(everything, *rows),
        columns=of_columns,
        untagged=stored.get("no-tag"),
    )


def _bears_rare_tag(examined: Examined) -> Marks:
    support = examined.exam.training.truth.sum(axis=0)
    rare = np.argsort(support, kind="stable")[: max(1, round(RARE_SHARE * len(support)))]
    marks: Marks = np.any(examined.exam.test.truth[:, rare], axis=1)
    return marks


def _by_value(values: Sequence[str]) -> dict[str, Marks]:
    counted = Counter(value for value in values if value)
    kept = [value for value, _ in counted.most_common(MOST_VALUES)]
    return {value: np.array([one == value for one in values], np.bool_) for value in kept}


def _measured(examined: Examined, slices: Mapping[str, Marks]) -> list[SliceRow]:
    found = measure(examined.exam.test.truth, examined.predicted, examined.run.tags, slices)
    return [SliceRow(name, overall) for name, overall in found.slices.items()]


def _lead(everything: Overall, parts: Sequence[SliceRow]) -> str:
    if not parts:
        return f"The test holds no part of {SLICE_FROM} texts or more that could be judged alone."
    weakest = min(parts, key=lambda row: row.overall.f1)
    if everything.f1 - weakest.overall.f1 < CLEARLY:
        return "It is about equally good on every kind of text that was looked at."
    return (
        f"It is weakest on: {weakest.name[0].lower()}{weakest.name[1:]} "
        f"(F1 {weakest.overall.f1:.2f}, over all texts {everything.f1:.2f}), of which "
        f"{of_100(weakest.overall.accuracy)} of 100 get exactly the right tags."
    )
