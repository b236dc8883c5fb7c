"""How good the run is over all texts of its test, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagger.sparse import Doubles
from training.report.examined import Examined
from training.report.resampling import Interval, Resampled, interval


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure over all texts."""

    name: str
    meaning: str
    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class OverallSection:
    """The run at a glance."""

    given_right: Measure
    found: Measure
    exact: Measure
    others: tuple[Measure, ...]
    texts: int

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All of them, in the order to read them."""
        return (self.given_right, self.found, self.exact, *self.others)


def overall_section(examined: Examined, drawn: Resampled) -> OverallSection:
    """Take the stored performance, and give each of its figures an interval."""
    stored = examined.run.performance.overall
    truth, predicted = examined.exam.test.truth, examined.predicted
    hits, found, support = (
        counted.sum(axis=1) for counted in (drawn.hits, drawn.found, drawn.support)
    )
    by_tag = drawn.hits / np.maximum(drawn.found, 1)
    borne = drawn.support > 0
    macro = (drawn.f1 * borne).sum(axis=1) / np.maximum(borne.sum(axis=1), 1)

    def figure(name: str, meaning: str, value: float, draws: Doubles) -> Measure:
        return Measure(name, meaning, value, interval(value, draws, texts=stored.texts))

    return OverallSection(
        given_right=figure(
            "Given tags that are right",
            "of all tags that it gives",
            float((truth & predicted).sum() / max(1, predicted.sum())),
            hits / np.maximum(found, 1),
        ),
        found=figure(
            "True tags that are found",
            "recall: of all tags that the texts truly bear",
            stored.recall,
            hits / np.maximum(support, 1),
        ),
        exact=figure(
            "Texts with exactly the right tags",
            "accuracy: nothing missing, nothing too much",
            stored.accuracy,
            drawn.exact,
        ),
        others=(
            figure(
                "F1",
                "both at once, tags weighing as much as they are borne; runs are ranked by it",
                stored.f1,
                (drawn.f1 * drawn.weights).sum(axis=1),
            ),
            figure(
                "Precision",
                "each tag's share of right ones, weighing in the same way",
                stored.precision,
                (by_tag * drawn.weights).sum(axis=1),
            ),
            figure(
                "Macro F1",
                "rare tags count as much as frequent ones",
                stored.macro_f1,
                macro,
            ),
            figure(
                "Micro F1",
                "all tags thrown together",
                stored.micro_f1,
                2 * hits / np.maximum(found + support, 1),
            ),
        ),
        texts=stored.texts,
    )
