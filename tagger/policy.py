"""How the scores of a run become tags: what its owner decided in training, kept with its arrays."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.records import Task
from tagger.sparse import Doubles

DIGITS = 6
"""Digits of a printed score; a score is compared with its threshold as it is printed."""


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The rule from scores to tags."""

    task: Task
    thresholds: Doubles
    """(tags,): the score from which on a tag is predicted, rounded to `DIGITS`."""
    abstain_below: float
    """The familiarity under which a text gets no tag."""
