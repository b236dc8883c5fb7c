"""What share of texts on quite other subjects a run leaves without tags.

`out_of_domain.csv` holds twelve kinds of text, each of twenty or more, written for this project.
Nothing is fitted on them, but the rule for abstaining was chosen with them in view. Where a table
is about one of the kinds, that kind says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagger.errors import MissingColumns
from tagger.model import Model
from tagger.sources import find_source
from tagger.tables import read_rows

TEXTS = Path(__file__).parent / "out_of_domain.csv"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of text that a table is not about."""

    name: str
    texts: int
    abstained: float
    """Share of them from which the run abstains."""


def texts_by_kind(source: Path = TEXTS) -> dict[str, tuple[str, ...]]:
    """Read texts on other subjects, of a table with the columns kind and text.

    Raises
    ------
    UnreadableTable
    MissingColumns
        A row lacks one.
    """
    found: dict[str, list[str]] = {}
    for row in read_rows(find_source(str(source))):
        match row.values:
            case {"kind": str(kind), "text": str(text)}:
                found.setdefault(kind, []).append(text)
            case _:
                raise MissingColumns(
                    f"{source} has no columns 'kind' and 'text' in row {row.number}.",
                    list(row.values),
                )
    return {kind: tuple(texts) for kind, texts in found.items()}


def abstained(model: Model, texts: Sequence[str]) -> float:
    """Return the share of texts that get no tags, as `decide` has it."""
    return float(np.mean(model.score(texts).familiarity < model.policy.abstain_below))


def kinds_of(model: Model) -> tuple[Kind, ...]:
    """Tell what share of each of our kinds gets no tags."""
    return tuple(
        Kind(name, len(texts), abstained(model, texts)) for name, texts in texts_by_kind().items()
    )
