"""One thing that a table's owner should look at, and how the rows in question are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.labelled import rows_named

PAIRS_SHOWN = 5
"""Rows that are named together with the row that each is like."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    kind: str
    text: str
    rows: tuple[int, ...] = ()


def rows_that(verb: str, rows: Sequence[int]) -> str:
    """Begin a sentence: "Row 3 holds", "Rows 3 and 5 hold"."""
    named = rows_named(rows)
    return f"{named[0].upper()}{named[1:]} {verb_of(verb, rows)}"


def verb_of(verb: str, rows: Sequence[int]) -> str:
    """Put a verb into the number of its rows: "holds", "hold"."""
    return verb + ("s" if len(rows) == 1 else "")


def first_of(pairs: Sequence[str]) -> str:
    """List the first of some pairs of rows, and an ellipsis for the rest."""
    more = ["…"] if len(pairs) > PAIRS_SHOWN else []
    return ", ".join([*pairs[:PAIRS_SHOWN], *more])
