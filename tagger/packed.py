"""Many words looked up at once, by their bytes.

A dictionary needs a Python string for every word, and waits for memory at each look-up: 11 us a
text of 38 words in a busy server. Here the words of a batch are found in its joined bytes, each
becomes a few integers, and all are looked up together, so that the waits overlap: 3 us.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tagger.sparse import Places

Numbers = NDArray[np.uint64]

BLANK = ord(" ")
NUMBER = 8
"""Bytes of an integer."""
MOST_NUMBERS = 4
"""Integers for a word at most; longer words are left to a dictionary."""
MIXER = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio, and odd: in a product with it, the highest bits depend on all
bits of the other factor (Knuth's multiplicative hashing)."""
NO_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""An integer that is no word's, since these bytes are not UTF-8."""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of some texts, as places in the texts' joined bytes."""

    joined: bytes
    starts: Places
    """(words,): the first byte of each."""
    lengths: Places
    """(words,): in bytes."""
    of_each: Places
    """(texts,): how many words each text has."""

    @classmethod
    def find(cls, texts: Sequence[bytes]) -> Self:
        """Find the words of texts that have nothing but blanks between words."""
        joined = b" %b%b" % (b" ".join(texts), b" " * NUMBER * MOST_NUMBERS)
        is_word = np.frombuffer(joined, np.uint8) != BLANK
        edges = np.flatnonzero(is_word[1:] != is_word[:-1])
        starts, ends = edges[::2] + 1, edges[1::2] + 1
        text_ends = list(accumulate(len(text) + 1 for text in texts))
        of_each = starts.searchsorted(text_ends)
        of_each[1:] -= of_each[:-1].copy()
        return cls(joined=joined, starts=starts, lengths=ends - starts, of_each=of_each)

    def spelt(self, places: Places) -> list[str]:
        """Return some of the words as strings."""
        starts, lengths = self.starts.take(places), self.lengths.take(places)
        spans = zip(starts.tolist(), (starts + lengths).tolist(), strict=True)
        return [self.joined[start:end].decode() for start, end in spans]


class PackedWords:
    """A hash table of words -> rows that leaves out a word whose place is taken.

    Parameters
    ----------
    words
        The word of each row; the table is made so large that few are left out.
    order
        Their rows, in the order in which the words take their places.
    n_rows
        Every row is below this number.
    """

    def __init__(self, words: Sequence[str], order: Places, *, n_rows: int) -> None:
        self.nothing = n_rows
        """Stands in the table where there is no row."""
        self._masks = _masks(_enough_numbers(words))
        self._keys = np.full((len(self._masks), n_rows + 1), NO_KEY)
        bits = (8 * len(words)).bit_length()
        self._shift = np.uint64(64 - bits)
        self._rows = np.full(1 << bits, self.nothing, np.int32)
        self.add([words[row] for row in order.tolist()], order)

    def add(self, words: Sequence[str], rows: Places) -> None:
        """Give words their rows, those that are short enough and whose place is free."""
        numbers = self._numbers(Words.find([word.encode() for word in words]))
        homes = self._homes(numbers)
        short = numbers[0] != 0
        free = np.flatnonzero(short & (self._rows.take(homes) == self.nothing))
        # Backwards, so that of several words with one place the first stays.
        free = free[::-1]
        self._rows[homes.take(free)] = rows.take(free)
        for keys, some in zip(self._keys, numbers, strict=True):
            keys[rows.take(free)] = some.take(free)

    def remove(self, first: int) -> None:
        """Take out all rows from ``first`` on."""
        self._rows[self._rows >= first] = self.nothing

    def rows(self, words: Words) -> tuple[Places, Places]:
        """Return a row for every word, and the places of the words whose row is not theirs."""
        numbers = self._numbers(words)
        rows = self._rows.take(self._homes(numbers)).astype(np.intp)
        differs = self._keys[0].take(rows) != numbers[0]
        for keys, some in zip(self._keys[1:], numbers[1:], strict=True):
            differs |= keys.take(rows) != some
        return rows, np.flatnonzero(differs)

    def _numbers(self, words: Words) -> list[Numbers]:
        """Return the bytes of every word as integers: zeros, if the word is too long."""
        at_each_byte: Numbers = np.ndarray(
            len(words.joined) - NUMBER + 1, np.dtype("<u8"), words.joined, strides=(1,)
        )
        lengths = np.minimum(words.lengths, self._masks.shape[1] - 1)
        return [
            at_each_byte[words.starts + NUMBER * place] & masks.take(lengths)
            for place, masks in enumerate(self._masks)
        ]

    def _homes(self, numbers: Sequence[Numbers]) -> Places:
        """Return the place of every word in the hash table."""
        mixed = numbers[0] * MIXER
        for more in numbers[1:]:
            mixed ^= more
            mixed *= MIXER
        mixed >>= self._shift
        return mixed.view(np.intp)


def _enough_numbers(words: Sequence[str]) -> int:
    """Return how many integers a word needs so that 98 in 100 words fit."""
    lengths = sorted(len(word.encode()) for word in words) or [1]
    return min(MOST_NUMBERS, -(-lengths[len(lengths) * 98 // 100] // NUMBER))


def _masks(n_numbers: int) -> Numbers:
    """Return the masks that keep a word's own bytes: (integers, lengths); the last keeps none."""
    longest = NUMBER * n_numbers
    masks = np.zeros((n_numbers, longest + 2), np.uint64)
    for length in range(longest + 1):
        whole = (1 << 8 * length) - 1
        for place in range(n_numbers):
            masks[place, length] = whole >> 64 * place & (1 << 64) - 1
    return masks
