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
    """Give F1 from the numbers of texts rightly predicted, predicted, and true; 0 if all are 0."""
    f1: Doubles = 2 * hits / np.maximum(found + support, 1)
    return f1


def weighted_mean(figures: Doubles, support: NDArray[Any]) -> float:
    """Give the mean by support; multiplied before it is divided, so that ones make one."""
    return float(figures @ support / max(1, support.sum()))


def differences(truth: Truth, first: Truth, second: Truth) -> tuple[Difference, list[Difference]]:
    """Measure the difference in F1, weighted over the tags and of each tag."""
    chances = worse_by_chance(truth, first, second)
    support = truth.sum(axis=0)
    scores, shares = [], []
    for predicted in (first, second):
        hits, found = truth & predicted, predicted.sum(axis=0)
        f1 = f1_score(hits.sum(axis=0), found, support)
        # The derivative of 2 hits / (found + support) by one text's part in each.
        change = 2 * hits - f1 * (predicted + truth.astype(np.float64))
        scores.append(f1)
        shares.append(change / np.maximum(found + support, 1))
    share = shares[1] - shares[0]
    spread = WITHIN_95 * np.sqrt(np.square(share - share.mean(axis=0)).sum(axis=0))
    gap = scores[1] - scores[0]
    overall_gap = weighted_mean(gap, support)
    # A text's weight in the mean over tags changes the mean too.
    weighted = share @ support + truth @ gap - truth.sum(axis=1) * overall_gap
    weighted /= max(1, support.sum())
    overall_spread = WITHIN_95 * float(np.sqrt(np.square(weighted - weighted.mean()).sum()))
    in_order_of_fields = (
        np.append(scores[0], weighted_mean(scores[0], support)),
        np.append(scores[1], weighted_mean(scores[1], support)),
        np.append(gap - spread, overall_gap - overall_spread),
        np.append(gap + spread, overall_gap + overall_spread),
        np.append(support, support.sum()),
        chances,
    )
    *by_tag, overall = map(Difference, *(column.tolist() for column in in_order_of_fields))
    return overall, by_tag


SWAPS = 4_000
"""Swaps drawn for the overall F1."""
AT_ONCE = 250
"""Swaps whose sums are in memory together."""
ALIKE = 1e-12
"""Differences in F1 that are no further apart than this are the same."""
NEVER = 1e-20
"""Throws of coins that are less likely than this are left out."""


def worse_by_chance(truth: Truth, first: Truth, second: Truth) -> Doubles:
    """Say for each tag, and last for the overall F1, how often swapped answers look as bad.

    A swap exchanges the two runs' answers on a random half of the texts; where they agree nothing
    changes. Of one tag all swaps are counted. Overall, where the tags of a text are exchanged
    together, swaps are drawn.
    """
    chances = np.ones(truth.shape[1] + 1)
    differing = np.flatnonzero((first != second).any(axis=0)).tolist()
    swapped = [_Swapped.of(truth[:, tag], first[:, tag], second[:, tag]) for tag in differing]
    chances[differing] = [tag.chance() for tag in swapped]
    chances[-1] = _overall_chance(swapped, texts=len(truth), support=int(truth.sum()))
    return chances


@dataclass(frozen=True, slots=True, eq=False)
class _Swapped:
    """A tag on which two runs differ, and what becomes of its F1 as their answers are swapped."""

    texts: Places
    """(differing,): those to which one run alone gives the tag."""
    gained: Doubles
    """(2, differing): hits and findings that the second run has more, 1 or 0 or -1."""
    support: int
    mean_hits: float
    """Of both runs, as is the next."""
    mean_found: float

    @classmethod
    def of(cls, truth: Bools, first: Bools, second: Bools) -> _Swapped:
        """Look at one tag: who bears it, and is given it by each run, all (texts,)."""
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
        """Say by how much the second's F1 is worse if it has so many hits and findings more."""
        before = f1_score(self.mean_hits - hits / 2, self.mean_found - found / 2, self.support)
        after = f1_score(self.mean_hits + hits / 2, self.mean_found + found / 2, self.support)
        return before - after

    def observed(self) -> float:
        """Say by how much the second is worse as it is."""
        return float(self.worse(*self.gained.sum(axis=1)))

    def chance(self) -> float:
        """Say what share of all swaps looks as bad.

        Each text is a coin of its own, and all that matters is how the coins fall of the texts that
        bear the tag, and of those that do not.
        """
        bearing = int(np.count_nonzero(self.gained[0]))
        hits, likely_hits = _thrown(bearing)
        others, likely_others = _thrown(len(self.texts) - bearing)
        worse = self.worse(hits[:, np.newaxis], np.add.outer(hits, others))
        return min(1.0, float(likely_hits @ (worse >= self.observed() - ALIKE) @ likely_others))


def _thrown(coins: int) -> tuple[Doubles, Doubles]:
    """Give what so many coins that show 1 or -1 sum to, and how likely each sum is."""
    ones = np.arange(coins + 1)
    log_factorials = np.append(0, np.log(ones[1:]).cumsum())
    chances = np.exp(log_factorials[-1] - log_factorials - log_factorials[::-1] - coins * np.log(2))
    likely = chances > NEVER
    return (2.0 * ones - coins)[likely], chances[likely]


def _overall_chance(tags: Sequence[_Swapped], *, texts: int, support: int) -> float:
    """Say what share of `SWAPS` makes the mean over the tags, by their support, look as bad."""
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
    """Name what is worse than chance explains, tags by Holm's steps from the least likely on."""
    half = CALLED_WORSE_BY_CHANCE / 2
    worse = [OVERALL] if overall.worse_by_chance <= half else []
    judged = [tag for tag, found in by_tag.items() if found.support >= FEWEST_POSITIVES]
    judged.sort(key=lambda tag: by_tag[tag].worse_by_chance)
    for place, tag in enumerate(judged):
        if by_tag[tag].worse_by_chance > half / (len(judged) - place):
            break
        worse.append(tag)
    return tuple(worse)
