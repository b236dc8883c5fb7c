"""What share of texts on quite other subjects a run leaves without tags.

`out_of_domain.csv` holds twelve kinds of text, each of twenty or more, written for this project.
Nothing is fitted on them, but the rule for abstaining was chosen with them in view. Where a table
is about one of the kinds, that kind says nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tagger.model import Model

TEXTS = Path(__file__).parent / "out_of_domain.csv"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of text that a table is not about."""

    name: str
    texts: int
    abstained: float
    """Share of them that get no tags."""


@cache
def texts_by_kind(source: Path = TEXTS) -> dict[str, tuple[str, ...]]:
    """Read texts on other subjects, of a CSV file with the columns kind and text."""
    found: dict[str, list[str]] = {}
    with source.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["kind"], []).append(row["text"])
    return {kind: tuple(texts) for kind, texts in found.items()}


def abstained(model: Model, texts: Sequence[str]) -> float:
    """Return the share of texts that get no tags, as `decide` has it."""
    return float(np.mean(model.score(texts).familiarity < model.policy.abstain_below))


def kinds_of(model: Model) -> tuple[Kind, ...]:
    """Tell what share of each of our kinds gets no tags."""
    return tuple(
        Kind(name, len(texts), abstained(model, texts)) for name, texts in texts_by_kind().items()
    )
