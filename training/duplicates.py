"""Near duplicates among many texts: those that share most of their words.

MinHash finds the candidates: the smallest of all words' random numbers is the same in two texts as
often as their words overlap (Broder, "On the resemblance and containment of documents", 1997).
Texts that agree in one band of such numbers are then compared word by word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.words import words_of

OVERLAP = 0.8
"""Share of all words of two texts that both must hold (Jaccard) to be near duplicates."""
BANDS, NUMBERS = 18, 5
"""Bands, and numbers in each: of texts that overlap so much, one in 1,200 is missed."""
MOST = 50
"""Candidates that a text is compared with, so that a table of one phrase ends too."""


def near_duplicates(texts: Sequence[str], of: Sequence[str] | None = None) -> dict[int, int]:
    """Find the ``texts`` that are near duplicates of one in ``of``: place there, by place here.

    Without ``of`` they are compared with each other, a text with those before it.
    """
    same = of is None
    words = _Words([*texts, *(of or ())])
    others = 0 if same else len(texts)
    found: dict[int, int] = {}
    compared: dict[int, set[int]] = {}
    for keys in words.bands():
        order = np.argsort(keys[others:], kind="stable")
        ordered = keys[others:][order]
        first = ordered.searchsorted(keys[: len(texts)], "left")
        last = ordered.searchsorted(keys[: len(texts)], "right")
        candidates = (last - first > int(same)) & words.filled[: len(texts)]
        for text in np.flatnonzero(candidates).tolist():
            tried = compared.setdefault(text, set())
            if text in found or len(tried) >= MOST:
                continue
            for other in order[first[text] : last[text]][:MOST].tolist():
                if same and other >= text:
                    break
                if other not in tried and words.overlap(text, others + other) >= OVERLAP:
                    found[text] = other
                    break
                tried.add(other)
    return found


class _Words:
    """The different words of each text, as numbers."""

    def __init__(self, texts: Sequence[str]) -> None:
        number: dict[str, int] = {}
        flat: list[int] = []
        starts = [0]
        for text in texts:
            flat.extend({number.setdefault(word, len(number)) for word in words_of(text)})
            starts.append(len(flat))
        self._numbers = np.array(flat, np.int32)
        self._starts = np.array(starts, np.int64)
        self._different = len(number)
        self._lengths = np.diff(self._starts).tolist()
        self.filled = np.diff(self._starts) > 0
        """Which texts hold a word at all."""

    def bands(self) -> Iterator[NDArray[np.uint64]]:
        """Give a key of each text for every band; texts that are much alike share one or more."""
        random = np.random.default_rng(0)
        starts = self._starts[:-1][self.filled]
        for _ in range(BANDS):
            keys = np.zeros(len(self.filled), np.uint64)
            for _ in range(NUMBERS):
                drawn = random.integers(1 << 62, size=self._different, dtype=np.uint64)
                if len(starts):
                    smallest = np.minimum.reduceat(drawn[self._numbers], starts)
                    keys[self.filled] = keys[self.filled] * np.uint64(0x9E3779B97F4A7C15) + smallest
            yield keys

    def overlap(self, one: int, other: int) -> float:
        """Share of the words of two texts that both hold; 0 where their numbers differ too much."""
        few, many = sorted((self._lengths[one], self._lengths[other]))
        if few < OVERLAP * many:
            return 0.0
        ours, theirs = self._set(one), self._set(other)
        return len(ours & theirs) / len(ours | theirs)

    def _set(self, text: int) -> set[int]:
        return set(self._numbers[self._starts[text] : self._starts[text + 1]].tolist())
