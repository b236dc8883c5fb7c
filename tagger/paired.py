"""Paired differences in F1 between two runs on the same texts, and what chance makes of them.

Intervals are by the delta method: each text's share in a difference of F1, and the spread of those
shares. Whether a difference is more than noise is asked by swapping the two runs' answers text by
text (a paired permutation test): how often would chance alone make the second look this bad? Of
runs as good as the first, at most one in twenty is called worse: half of that for the overall F1,
half for all tags together (Holm, "A simple sequentially rejective multiple test procedure", 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.sparse import Doubles, Places

Truth = NDArray[np.bool_]
"""(texts, tags): who bears, or is given, which tag."""
Bools = NDArray[np.bool_]

OVERALL = "overall"
"""Stands for the F1 over all tags among the names of tags."""
FEWEST_POSITIVES = 20
"""Texts that must bear a tag for it to be judged."""
CALLED_WORSE_BY_CHANCE = 0.05
"""Share of runs as good as the first that may be called worse."""
WITHIN_95 = 1.959964
"""Standard deviations on each side of a mean within which 95% of a normal distribution lie."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the second run is than the first."""

    first: float
    second: float
    low: float
    high: float
    """The 95% interval of the difference."""
    support: int
    worse_by_chance: float
    """How often two equal runs would differ so much to the second one's harm, 0 to 1."""

    @property
    def difference(self) -> float:
        """The second run's F1 less the first one's."""
        return self.second - self.first


def f1_score(hits: NDArray[Any], found: NDArray[Any], support: NDArray[Any] | int) -> Doubles:
    """Return F1 from the numbers of texts rightly predicted, predicted, and true; 0 if all are."""
    f1: Doubles = 2 * hits / np.maximum(found + support, 1)
    return f1


def weighted_mean(figures: Doubles, support: NDArray[Any]) -> float:
    """Return the mean weighted by support; divided last, so that the mean of ones is exactly 1."""
    return float(figures @ support / max(1, support.sum()))


def differences(truth: Truth, first: Truth, second: Truth) -> tuple[Difference, list[Difference]]:
    """Measure the difference in F1: first the overall one, then that of each tag."""
    support = truth.sum(axis=0)
    chances = worse_by_chance(truth, first, second)
    first_f1, first_shares = _f1_and_shares(truth, first)
    second_f1, second_shares = _f1_and_shares(truth, second)
    shares = second_shares - first_shares
    gap, margin = second_f1 - first_f1, _margin(shares)
    fields = (first_f1, second_f1, gap - margin, gap + margin, support, chances[:-1])
    by_tag = list(map(Difference, *(field.tolist() for field in fields)))

    overall_gap = weighted_mean(gap, support)
    # A text changes the mean over tags by its tags' weights, too.
    overall_shares = shares @ support + truth @ gap - truth.sum(axis=1) * overall_gap
    overall_shares /= max(1, support.sum())
    overall_margin = float(_margin(overall_shares))
    overall = Difference(
        first=weighted_mean(first_f1, support),
        second=weighted_mean(second_f1, support),
        low=overall_gap - overall_margin,
        high=overall_gap + overall_margin,
        support=int(support.sum()),
        worse_by_chance=float(chances[-1]),
    )
    return overall, by_tag


def _f1_and_shares(truth: Truth, predicted: Truth) -> tuple[Doubles, Doubles]:
    """Return each tag's F1, (tags,), and each text's share in it, (texts, tags)."""
    hits, found, support = truth & predicted, predicted.sum(axis=0), truth.sum(axis=0)
    f1 = f1_score(hits.sum(axis=0), found, support)
    # The derivative of 2 hits / (found + support) by one text's part in each.
    change = 2 * hits - f1 * (predicted + truth.astype(np.float64))
    return f1, change / np.maximum(found + support, 1)


def _margin(shares: Doubles) -> Doubles:
    """Return half the width of the 95% interval of a sum of one share for each text."""
    margin: Doubles = WITHIN_95 * np.sqrt(np.square(shares - shares.mean(axis=0)).sum(axis=0))
    return margin


SWAPS = 4_000
"""Swaps drawn for the overall F1."""
AT_ONCE = 250
"""Swaps whose sums are in memory together."""
ALIKE = 1e-12
"""Differences in F1 that are no further apart than this are the same."""
NEVER = 1e-20
"""Sums of coins that are less likely than this are left out."""


def worse_by_chance(truth: Truth, first: Truth, second: Truth) -> Doubles:
    """Return for each tag, and last for the overall F1, how often swapped answers look as bad.

    A swap exchanges the two runs' answers on a random half of the texts. For one tag all possible
    swaps are counted. For the overall F1, where a text's tags are exchanged together, some are
    drawn.
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
        hits, likely_hits = _thrown(bearing)
        others, likely_others = _thrown(len(self.texts) - bearing)
        worse = self.worse(hits[:, np.newaxis], np.add.outer(hits, others))
        return min(1.0, float(likely_hits @ (worse >= self.observed() - ALIKE) @ likely_others))


def _thrown(coins: int) -> tuple[Doubles, Doubles]:
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


def beyond_noise(overall: Difference, by_tag: Mapping[str, Difference]) -> tuple[str, ...]:
    """Name what is worse than chance explains: by Holm's procedure, the least likely tag first."""
    half = CALLED_WORSE_BY_CHANCE / 2
    worse = [OVERALL] if overall.worse_by_chance <= half else []
    judged = [tag for tag, found in by_tag.items() if found.support >= FEWEST_POSITIVES]
    judged.sort(key=lambda tag: by_tag[tag].worse_by_chance)
    for place, tag in enumerate(judged):
        if by_tag[tag].worse_by_chance > half / (len(judged) - place):
            break
        worse.append(tag)
    return tuple(worse)
