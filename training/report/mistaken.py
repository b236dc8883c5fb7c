"""Which tags are mistaken for each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.report.examined import Examined

SHOWN = 12
"""Pairs, the most frequent ones."""
OFTEN = 0.1
"""Share of a tag's texts from which on a mix-up is worth a rule of its own."""
WORTH_NAMING = 2
"""Texts from which on a confusion is more than one odd text."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Texts that truly bear one tag, and were given another one in its place."""

    true: str
    given: str
    texts: int
    support: int
    """Texts that truly bear the first."""


@dataclass(frozen=True, slots=True)
class MistakenSection:
    """The pairs, the most frequent first."""

    lead: str
    pairs: tuple[Pair, ...]


def mistaken_section(examined: Examined) -> MistakenSection:
    """Count, for every two tags, the texts that miss the one and wrongly bear the other."""
    truth, predicted, tags = examined.exam.test.truth, examined.predicted, examined.run.tags
    missed = (truth & ~predicted).astype(np.float32)
    wrong = (predicted & ~truth).astype(np.float32)
    counts = missed.T @ wrong
    support = truth.sum(axis=0)
    # Of pairs of as many texts first the one that is the larger share of its tag's.
    order = np.lexsort((np.repeat(support, len(tags)), -counts.ravel()))[:SHOWN]
    pairs = tuple(
        Pair(tags[true], tags[given], int(counts[true, given]), int(support[true]))
        for true, given in zip(*np.unravel_index(order, counts.shape), strict=True)
        if counts[true, given] >= WORTH_NAMING
    )
    return MistakenSection(_lead(pairs), pairs)


def _lead(pairs: tuple[Pair, ...]) -> str:
    if not pairs:
        return "No two tags are mistaken for each other more than once."
    often = [pair for pair in pairs if pair.texts >= OFTEN * pair.support]
    first = (often or pairs)[0]
    told = (
        f"{first.texts} of the {first.support} texts that are truly {first.true} were given "
        f"{first.given} instead"
    )
    if not often:
        return f"No two tags are mixed up often; the likeliest: {told}."
    return (
        f"The likeliest mix-up: {told}. If people mix the two as well, say in your rules for "
        "tagging what sets them apart, or make them one tag."
    )
