"""Paired differences in F1 between two runs on the same texts, and what chance makes of them.

Intervals are by the delta method: each text's share in a difference of F1, and the spread of those
shares. Whether a difference is more than noise is asked by swapping the two runs' answers text by
text (a paired permutation test): how often would chance alone make the second look this bad? Of
runs as good as the first, at most one in twenty is called worse: half of that for the overall F1,
half for all tags together (Holm, "A simple sequentially rejective multiple test procedure", 1979).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.sparse import Doubles

Truth = NDArray[np.bool_]
"""(texts, tags): who bears, or is given, which tag."""

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


def f1_score(hits: NDArray[Any], found: NDArray[Any], support: NDArray[Any]) -> Doubles:
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
    changes. Of one tag all swaps are counted: each of its texts is a coin of its own, and all that
    matters is how the coins fall of the texts that bear the tag, and of those that do not. Overall,
    where the tags of a text are exchanged together, swaps are drawn.
    """
    support = truth.sum(axis=0)
    weights = support / max(1, support.sum())
    middle_hits = ((truth & first).sum(axis=0) + (truth & second).sum(axis=0)) / 2
    middle_found = (first.sum(axis=0) + second.sum(axis=0)) / 2

    def worse(tag: int, hits: NDArray[Any], found: NDArray[Any]) -> Doubles:
        """By how much the second's F1 is worse if it has so many hits and finds more."""
        before = f1_score(middle_hits[tag] - hits / 2, middle_found[tag] - found / 2, support[tag])
        after = f1_score(middle_hits[tag] + hits / 2, middle_found[tag] + found / 2, support[tag])
        return before - after

    differ = first != second
    different = np.flatnonzero(differ.any(axis=1))
    chances = np.ones(len(support) + 1)
    overall = 0.0
    swapped = []
    for tag in np.flatnonzero(differ.any(axis=0)).tolist():
        texts = np.flatnonzero(differ[:, tag])
        borne = truth[texts, tag]
        found = np.where(second[texts, tag], 1, -1)
        gained = np.stack([found * borne, found])
        observed = worse(tag, *gained.sum(axis=1))
        hits, likely_hits = _thrown(int(borne.sum()))
        others, likely_others = _thrown(int((~borne).sum()))
        as_bad = worse(tag, hits[:, np.newaxis], np.add.outer(hits, others)) >= observed - ALIKE
        chances[tag] = min(1.0, float(likely_hits @ as_bad @ likely_others))
        overall += weights[tag] * observed
        swapped.append((tag, np.searchsorted(different, texts), gained.astype(np.float32)))
    random = np.random.default_rng(0)
    as_bad_overall = 1
    for _ in range(SWAPS // AT_ONCE):
        drawn = random.integers(2, size=(AT_ONCE, len(different)), dtype=np.int8)
        signs = np.ascontiguousarray(2 * drawn.T - 1, np.float32)
        gap = np.zeros(AT_ONCE)
        for tag, rows, gained in swapped:
            gap += weights[tag] * worse(tag, *(gained @ signs[rows]))
        as_bad_overall += int(np.count_nonzero(gap >= overall - ALIKE))
    chances[-1] = as_bad_overall / (SWAPS + 1)
    return chances


def _thrown(coins: int) -> tuple[Doubles, Doubles]:
    """Give what so many coins that show 1 or -1 sum to, and how likely each sum is."""
    ones = np.arange(coins + 1)
    log_factorials = np.append(0, np.log(ones[1:]).cumsum())
    chances = np.exp(log_factorials[-1] - log_factorials - log_factorials[::-1] - coins * np.log(2))
    likely = chances > NEVER
    return (2.0 * ones - coins)[likely], chances[likely]


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
