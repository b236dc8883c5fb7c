"""Paired differences in F1 between two runs on the same texts, and what chance makes of them.

Intervals are by the delta method: each text's share in a difference of F1, and the spread of those
shares. Whether a difference is more than noise is asked by a permutation test. Of runs as good as
the first, at most one in twenty is called worse: half of that for the overall F1, half for all tags
together (Holm, "A simple sequentially rejective multiple test procedure", 1979).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tagger.f1 import Truth, f1_score, weighted_mean
from tagger.permutation import worse_by_chance
from tagger.sparse import Doubles

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


def differences(truth: Truth, first: Truth, second: Truth) -> tuple[Difference, list[Difference]]:
    """Measure the difference in F1: first the overall one, then that of each tag.

    Parameters
    ----------
    truth, first, second
        (texts, tags): the tags that each text bears, and those that each run gives it.
    """
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
