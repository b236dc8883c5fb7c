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


AT_ONCE = 250
"""Swaps whose sums are in memory together."""


def worse_by_chance(truth: Truth, first: Truth, second: Truth) -> Doubles:
    """Say for each tag, and last for the overall F1, how often swapped answers look as bad.

    Each swap exchanges the two runs' answers on a random half of the texts. Where they agree
    nothing changes, so only the cells in which they differ are summed.
    """
    tags = truth.shape[1]
    swaps = max(4_000, 80 * tags)
    support = truth.sum(axis=0).astype(np.float64)
    weights = support / max(1, support.sum())
    cell_texts, cell_tags = np.nonzero(first != second)
    order = np.argsort(cell_tags, kind="stable")
    cell_texts, cell_tags = cell_texts[order], cell_tags[order]
    different, cell_texts = np.unique(cell_texts, return_inverse=True)
    gained = np.where(second[different][cell_texts, cell_tags], 1, -1).astype(np.int8)
    gained_hits = gained * truth[different][cell_texts, cell_tags]
    touched, starts = np.unique(cell_tags, return_index=True)
    middle_hits = ((truth & first).sum(axis=0) + (truth & second).sum(axis=0)) / 2
    middle_found = (first.sum(axis=0) + second.sum(axis=0)) / 2

    def worse(signs: NDArray[np.int8]) -> Doubles:
        """By how much the second is worse, (swaps, tags + 1), by ``signs`` of (swaps, texts)."""
        hits, found = np.zeros((2, len(signs), tags))
        if len(touched):
            taken = signs[:, cell_texts]
            hits[:, touched] = np.add.reduceat(taken * gained_hits, starts, axis=1, dtype=np.int32)
            found[:, touched] = np.add.reduceat(taken * gained, starts, axis=1, dtype=np.int32)
        before = f1_score(middle_hits - hits / 2, middle_found - found / 2, support)
        after = f1_score(middle_hits + hits / 2, middle_found + found / 2, support)
        gap = np.zeros((len(signs), tags + 1))
        gap[:, :tags] = before - after
        gap[:, tags] = gap[:, :tags] @ weights
        return gap

    observed = worse(np.ones((1, len(different)), np.int8))[0]
    random = np.random.default_rng(0)
    as_bad = np.ones(tags + 1)
    for begun in range(0, swaps, AT_ONCE):
        drawn = random.integers(
            2, size=(min(AT_ONCE, swaps - begun), len(different)), dtype=np.int8
        )
        as_bad += (worse(2 * drawn - 1) >= observed - 1e-12).sum(axis=0)
    chances: Doubles = as_bad / (swaps + 1)
    return chances


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
