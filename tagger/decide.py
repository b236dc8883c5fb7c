"""Scores -> decisions: thresholds, top_k, one best tag, abstaining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tagger.records import Prediction, TagScore, Task

if TYPE_CHECKING:
    from tagger.model import Model, Scored

DIGITS = 6
"""Digits of a printed score; scores are compared as they are printed."""
REASON = "The text holds no word, or hardly any, that the tagger has seen in training."


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """How the scores of a run become tags."""

    task: Task
    thresholds: npt.NDArray[np.float64]
    """(tags,): the score from which on a tag is predicted, rounded to `DIGITS`."""
    abstain_below: float
    """The familiarity under which a text gets no tag."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may ask for."""

    top_k: int | None = None
    threshold: float | None = None
    """Takes the place of every tag's own."""
    evidence: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What is predicted for each text of a batch, all texts in one list of tags.

    The tags of text ``i`` stand at ``starts[i]`` to ``starts[i + 1]`` of ``columns`` and
    ``values``, best first. Lists, not arrays: each number is written as text next.
    """

    starts: list[int]
    """(texts + 1)"""
    columns: list[int]
    """Places of the tags in ``Model.tags``."""
    values: list[float]
    """Their scores, rounded to `DIGITS`."""
    limits: list[float]
    """(tags): the threshold that applied to each."""
    abstained: list[bool]
    """(texts)"""
    scored: Scored

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.abstained)

    def part(self, first: int, last: int) -> Decisions:
        """Return a caller's texts from ``first`` to before ``last``; ``starts`` begins anew."""
        begin, end = self.starts[first], self.starts[last]
        return Decisions(
            starts=[start - begin for start in self.starts[first : last + 1]],
            columns=self.columns[begin:end],
            values=self.values[begin:end],
            limits=self.limits,
            abstained=self.abstained[first:last],
            scored=self.scored.part(first, last),
        )


def decide(scored: Scored, policy: Policy, options: Options | None = None) -> Decisions:
    """Decide a whole batch at once."""
    options = options or Options()
    scores = scored.scores
    abstained = scored.familiarity < policy.abstain_below
    if options.threshold is None:
        limits = policy.thresholds
    else:
        limits = np.full(len(policy.thresholds), options.threshold)
    if policy.task == "single" and options.threshold is None and options.top_k is None:
        texts = np.flatnonzero(~abstained)
        columns = scores[texts].argmax(axis=1)
        values = np.round(scores[texts, columns].astype(np.float64), DIGITS)
    else:
        texts, columns = np.nonzero(scores >= limits - 10.0**-DIGITS)
        values = np.round(scores[texts, columns].astype(np.float64), DIGITS)
        kept = values >= limits[columns]
        if options.threshold is None:
            kept &= ~abstained[texts]
        order = np.lexsort((-values, texts))
        order = order[kept[order]]
        texts, columns, values = texts[order], columns[order], values[order]
    starts = texts.searchsorted(np.arange(len(scores) + 1))
    if options.top_k is not None:
        kept = np.arange(len(texts)) - starts[texts] < options.top_k
        texts, columns, values = texts[kept], columns[kept], values[kept]
        starts = texts.searchsorted(np.arange(len(scores) + 1))
    return Decisions(
        starts=starts.tolist(),
        columns=columns.tolist(),
        values=values.tolist(),
        limits=np.round(limits, DIGITS).tolist(),
        abstained=abstained.tolist(),
        scored=scored,
    )


def predictions(
    model: Model, texts: Sequence[str], decisions: Decisions, options: Options | None = None
) -> list[Prediction]:
    """Return the readable view of a batch's decisions."""
    options = options or Options()
    found = []
    for i, text in enumerate(texts):
        columns = decisions.columns[decisions.starts[i] : decisions.starts[i + 1]]
        values = decisions.values[decisions.starts[i] : decisions.starts[i + 1]]
        abstained = decisions.abstained[i]
        found.append(
            Prediction(
                input_text=text,
                scores=tuple(
                    TagScore(model.tags[column], value, decisions.limits[column])
                    for column, value in zip(columns, values, strict=True)
                ),
                abstained=abstained,
                reason=REASON if abstained else None,
                evidence=model.explain(text, columns) if options.evidence else None,
            )
        )
    return found
