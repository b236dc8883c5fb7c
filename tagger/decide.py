"""Scores -> decisions: thresholds, top_k, one best tag, abstaining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.model import Model, Scored
from tagger.policy import DIGITS, Policy
from tagger.records import Prediction, TagScore
from tagger.sparse import Doubles, Places

REASON = (
    "The text is unlike all that the tagger has seen in training, so that any tag would be a guess."
)
"""Why the tagger abstains."""
NEAR = 10.0**-DIGITS
"""A score that is further from its limit than this is on the same side of it when printed."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may ask for."""

    top_k: int | None = None
    """Keep the best so many of the tags that reach their threshold."""
    threshold: float | None = None
    """Takes the place of every tag's own threshold."""
    evidence: bool = False
    """Tell which words earned each tag."""


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What a batch of texts is given, the tags of all its texts in one list.

    Those of text ``i`` stand at ``starts[i]`` to ``starts[i + 1]`` of ``columns`` and ``values``,
    best first. These are lists, not arrays, because each number is written as text next.
    """

    starts: list[int]
    """(texts + 1,)"""
    columns: list[int]
    """Places of the tags in ``Model.tags``."""
    values: list[float]
    """Their scores, rounded to `DIGITS`."""
    limits: list[float]
    """(tags,): the threshold that applied to each."""
    abstained: list[bool]
    """(texts,): true where no tag is predicted, whatever scores were asked for."""
    scored: Scored

    def part(self, first: int, last: int) -> Decisions:
        """Return the texts from ``first`` to before ``last``, as if they were the batch."""
        begin, end = self.starts[first], self.starts[last]
        return Decisions(
            starts=[start - begin for start in self.starts[first : last + 1]],
            columns=self.columns[begin:end],
            values=self.values[begin:end],
            limits=self.limits,
            abstained=self.abstained[first:last],
            scored=self.scored.part(first, last),
        )


PLAIN = Options()


def decide(scored: Scored, policy: Policy, options: Options = PLAIN) -> Decisions:
    """Decide a batch at once.

    Without options a tag is predicted when its score reaches its own threshold; of a run whose
    texts bear one tag each, the best tag is, whatever its score. A text that the tagger abstains
    from gets no tag, but those scores that reach a threshold the caller asked for.
    """
    limits = policy.thresholds
    if options.threshold is not None:
        limits = np.full_like(limits, options.threshold)
    abstained = scored.familiarity < policy.abstain_below
    silent = abstained if options.threshold is None else np.zeros_like(abstained)

    if policy.task == "single" and options == Options(evidence=options.evidence):
        texts, columns, values = _best_of_each(scored, silent)
    else:
        texts, columns, values = _reaching(scored, limits, silent, most=options.top_k)
    starts = _starts(texts, len(abstained))
    if options.top_k is not None:
        kept = np.flatnonzero(np.arange(len(texts)) - starts[texts] < options.top_k)
        texts, columns, values = texts[kept], columns[kept], values[kept]
        starts = _starts(texts, len(abstained))
    return Decisions(
        starts=starts.tolist(),
        columns=columns.tolist(),
        values=values.tolist(),
        limits=limits.round(DIGITS).tolist(),
        abstained=abstained.tolist(),
        scored=scored,
    )


def _best_of_each(scored: Scored, silent: NDArray[np.bool_]) -> tuple[Places, Places, Doubles]:
    """Return for each text its best tag: texts, columns, values."""
    texts = np.flatnonzero(~silent)
    columns = scored.scores[texts].argmax(axis=1)
    return texts, columns, _printed(scored.scores[texts, columns])


def _reaching(
    scored: Scored, limits: Doubles, silent: NDArray[np.bool_], *, most: int | None
) -> tuple[Places, Places, Doubles]:
    """Return all scores that reach their limits, best first in each text: texts, columns, values.

    Rounding moves a score by half a digit at most, so few are rounded, not all. If a text is to
    have the ``most`` best of its scores alone, some of the others may be left out.
    """
    reaching = scored.scores >= limits - NEAR
    if most is not None and np.count_nonzero(reaching) > most * len(silent):
        reaching &= _may_be_among_best(scored.scores, limits, most)
    texts, columns = np.nonzero(reaching)
    scores = scored.scores[texts, columns]
    values = _printed(scores)
    # By the scores themselves: of thousands of tags most are printed as 0.
    order = np.lexsort((-scores, texts))
    order = order[((values >= limits[columns]) & ~silent[texts])[order]]
    return texts[order], columns[order], values[order]


def _may_be_among_best(
    scores: NDArray[np.float32], limits: Doubles, most: int
) -> NDArray[np.bool_]:
    """Tell which scores no ``most`` others of their text surpass that reach their limits for sure.

    To sort the scores of a thousand tags, for the five best, takes 200 us a text; this takes 5.
    """
    surely_reaching = np.where(scores >= limits + NEAR, scores, -1)
    place = max(0, scores.shape[1] - most)
    last = np.partition(surely_reaching, place, axis=1)[:, place]
    return np.asarray(scores >= last[:, np.newaxis])


def _starts(texts: Places, n_texts: int) -> Places:
    """Return where each text begins in an ascending list of texts: (texts + 1,)."""
    return texts.searchsorted(np.arange(n_texts + 1))


def _printed(scores: NDArray[np.float32]) -> Doubles:
    """Round scores to what is printed; the same as Python's ``round`` of each."""
    return scores.astype(np.float64).round(DIGITS)


def predictions(
    model: Model, texts: Sequence[str], decisions: Decisions, options: Options = PLAIN
) -> list[Prediction]:
    """Return the readable view of a batch's decisions."""
    found = []
    for place, text in enumerate(texts):
        first, last = decisions.starts[place : place + 2]
        columns, values = decisions.columns[first:last], decisions.values[first:last]
        abstained = decisions.abstained[place]
        scores = tuple(
            TagScore(model.tags[column], value, decisions.limits[column])
            for column, value in zip(columns, values, strict=True)
        )
        found.append(
            Prediction(
                input_text=text,
                scores=scores,
                abstained=abstained,
                reason=REASON if abstained else None,
                evidence=model.explain(text, columns) if options.evidence else None,
            )
        )
    return found
