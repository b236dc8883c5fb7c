"""A paired permutation test: how often chance alone would make the second run look this bad.

A swap exchanges the two runs' answers on a random half of the texts. For one tag all possible
swaps are counted. For the overall F1, where a text's tags are exchanged together, some are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.f1 import Truth, f1_score
from tagger.sparse import Doubles, Places

Bools = NDArray[np.bool_]

SWAPS = 4_000
"""Swaps drawn for the overall F1."""
AT_ONCE = 250
"""Swaps whose sums are in memory together."""
ALIKE = 1e-12
"""Differences in F1 that are no further apart than this are the same."""
NEVER = 1e-20
"""Sums of coins that are less likely than this are left out."""


def worse_by_chance(truth: Truth, first: Truth, second: Truth) -> Doubles:
    """Return how often swapped answers look as bad, (tags + 1,): for each tag, last the overall F1.

    Parameters
    ----------
    truth, first, second
        (texts, tags): the tags that each text bears, and those that each run gives it.
    """
    chances = np.ones(truth.shape[1] + 1)
    differing = np.flatnonzero((first != second).any(axis=0)).tolist()
    swapped = [_Swapped.of(truth[:, tag], first[:, tag], second[:, tag]) for tag in differing]
    chances[differing] = [tag.chance() for tag in swapped]
    chances[-1] = _overall_chance(swapped, texts=len(truth), support=int(truth.sum()))
    return chances


@dataclass(frozen=True, slots=True, eq=False)
class _Swapped:
    """A tag on which two runs differ: its F1 when the runs' answers are swapped."""

    texts: Places
    """(differing,): those to which one run alone gives the tag."""
    gained: Doubles
    """(2, differing): how many more hits and found texts each gives the second run: 1, 0 or -1."""
    support: int
    mean_hits: float
    """The mean of both runs, as is the next."""
    mean_found: float

    @classmethod
    def of(cls, truth: Bools, first: Bools, second: Bools) -> _Swapped:
        """Take one tag: which texts bear it, and which each run gives it to, all (texts,)."""
        texts = np.flatnonzero(first != second)
        found = np.where(second[texts], 1, -1)
        return cls(
            texts,
            np.stack([found * truth[texts], found]).astype(np.float64),
            int(truth.sum()),
            mean_hits=int((truth & first).sum() + (truth & second).sum()) / 2,
            mean_found=int(first.sum() + second.sum()) / 2,
        )

    def worse(self, hits: NDArray[Any], found: NDArray[Any]) -> Doubles:
        """Return how much worse the second's F1 is if it has so many more hits and found texts."""
        before = f1_score(self.mean_hits - hits / 2, self.mean_found - found / 2, self.support)
        after = f1_score(self.mean_hits + hits / 2, self.mean_found + found / 2, self.support)
        return before - after

    def observed(self) -> float:
        """Return how much worse the second's F1 is without a swap."""
        return float(self.worse(*self.gained.sum(axis=1)))

    def chance(self) -> float:
        """Return the share of all swaps that look as bad.

        Each text is swapped or not by the throw of a coin. All that matters is the sum of the coins
        of the texts that bear the tag, and that of the others.
        """
        bearing = int(np.count_nonzero(self.gained[0]))
        hits, likely_hits = _sums_of_coins(bearing)
        others, likely_others = _sums_of_coins(len(self.texts) - bearing)
        worse = self.worse(hits[:, np.newaxis], np.add.outer(hits, others))
        return min(1.0, float(likely_hits @ (worse >= self.observed() - ALIKE) @ likely_others))


def _sums_of_coins(coins: int) -> tuple[Doubles, Doubles]:
    """Return the sums that so many coins of 1 or -1 can have, and how likely each sum is."""
    ones = np.arange(coins + 1)
    log_factorials = np.append(0, np.log(ones[1:]).cumsum())
    chances = np.exp(log_factorials[-1] - log_factorials - log_factorials[::-1] - coins * np.log(2))
    likely = chances > NEVER
    return (2.0 * ones - coins)[likely], chances[likely]


def _overall_chance(tags: Sequence[_Swapped], *, texts: int, support: int) -> float:
    """Return the share of `SWAPS` drawn swaps in which the overall F1 looks as bad."""
    weights = [tag.support / max(1, support) for tag in tags]
    observed = sum(weight * tag.observed() for weight, tag in zip(weights, tags, strict=True))
    random = np.random.default_rng(0)
    as_bad = 1
    for _ in range(SWAPS // AT_ONCE):
        signs = 2 * random.integers(2, size=(texts, AT_ONCE), dtype=np.int8) - 1
        worse = np.zeros(AT_ONCE)
        for weight, tag in zip(weights, tags, strict=True):
            worse += weight * tag.worse(*(tag.gained @ signs[tag.texts].astype(np.float64)))
        as_bad += int(np.count_nonzero(worse >= observed - ALIKE))
    return as_bad / (SWAPS + 1)
