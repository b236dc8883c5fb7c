"""Text -> rows and weights: the only place where a text becomes numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat

import numpy as np
import numpy.typing as npt

from tagger.weights import Doubles, Weights
from tagger.words import spans_of, words_of

MOST_UNKNOWN = 512
"""Different unknown words of one text that count; the rest are passed over.

One costs 10 us, so a text made to be dear holds the loop for 5 ms at most.
"""
_SLOTS = 8192
"""Unknown words remembered at a time."""

Rows = npt.NDArray[np.intp]


def join_title(title: str, description: str) -> str:
    """Join a title and a description to the one text that is trained on and tagged."""
    return f"{title}. {description}"


def sum_rows(counts: Doubles, rows: Rows, starts: Rows, table: npt.NDArray[np.floating]) -> Doubles:
    """Multiply a sparse matrix, given by its rows' starts, with a dense table: (texts, width)."""
    taken = table.take(rows, axis=0).astype(np.float64, copy=False)
    sums = np.zeros((len(starts) - 1, table.shape[1]))
    for text, (first, last) in enumerate(pairwise(starts.tolist())):
        np.dot(counts[first:last], taken[first:last], out=sums[text])
    return sums


@dataclass(frozen=True, slots=True, eq=False)
class Bag:
    """How often each text holds each row of a table: a sparse matrix, text by text."""

    starts: Rows
    """(texts + 1,): where each text's entries begin."""
    texts: Rows
    """(entries,)"""
    rows: Rows
    """(entries,), ascending within a text, each once."""
    counts: Doubles
    """(entries,): 1 + log of the occurrences."""


def _bag(texts: Rows, rows: Rows, *, n_texts: int, n_rows: int) -> Bag:
    """Count equal (text, row): as one number each, sorted, so that equals are neighbours."""
    keys = texts * n_rows + rows
    keys.sort()
    edge = np.empty(len(keys) + 1, bool)
    edge[:1] = edge[-1:] = True
    np.not_equal(keys[1:], keys[:-1], out=edge[1:-1])
    places = np.flatnonzero(edge)
    keys = keys.take(places[:-1])
    found_texts, found_rows = np.divmod(keys, n_rows)
    return Bag(
        starts=found_texts.searchsorted(np.arange(n_texts + 1)),
        texts=found_texts,
        rows=found_rows,
        counts=1 + np.log(places[1:] - places[:-1]),
    )


def characters_of(word: str, shortest: int, longest: int, known: dict[str, int]) -> list[int]:
    """Return the places of a word's character n-grams, cut as scikit-learn's ``char_wb`` cuts them.

    A longer n-gram is known only where its beginning is, since that occurs in at least as many
    texts; so each place of the word is left at its first unknown one: 3 times fewer look-ups.
    """
    padded = f" {word} "
    found: list[int] = []
    for start in range(max(1, len(padded) - shortest + 1)):
        for end in range(start + shortest, min(start + longest, len(padded)) + 1):
            place = known.get(padded[start:end])
            if place is None:
                break
            found.append(place)
    return found


class Features:
    """The words of a run, each with its row in one table, and slots for unknown words.

    A row is what the word adds by itself to each tag, what its characters add, the projection of
    its characters, and 1 where the word is known.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        known, tags = weights.word_weights.shape
        self._tags = tags
        self._shortest, self._longest = weights.gram_lengths.tolist()
        self._gram_place = {gram: place for place, gram in enumerate(weights.grams)}
        self._grams = np.hstack([weights.gram_weights, weights.gram_projection])
        self.nothing = known
        """A row of zeros."""
        self._first_slot = known + 1
        self._missing = known + 1 + _SLOTS
        self.table = np.zeros((self._missing, 2 * tags + weights.gram_projection.shape[1] + 1))
        self.table[:known, :tags] = weights.word_weights
        self.table[:known, -1] = 1
        self.squares = np.zeros(self._missing)
        self.squares[:known] = weights.word_idf**2
        self._row_of = {word: row for row, word in enumerate(weights.words)}
        for first in range(0, known, 1000):
            self._put_together(weights.words[first : first + 1000], first)
        self._unknown: list[str] = []
        self._pair_codes = weights.pairs[:, 0].astype(np.int64) * self._missing + weights.pairs[:, 1]

    def _put_together(self, words: Sequence[str], first: int) -> None:
        """Fill the rows from ``first`` on with the characters of these words."""
        places = [
            characters_of(word, self._shortest, self._longest, self._gram_place) for word in words
        ]
        starts = np.cumsum([0, *map(len, places)])
        flat = np.fromiter(chain.from_iterable(places), np.intp, starts[-1])
        self.table[first : first + len(words), self._tags : -1] = sum_rows(
            np.ones(len(flat)), flat, starts, self._grams
        )

    def _rows(self, words: Sequence[Sequence[str]]) -> Rows:
        flat = list(chain.from_iterable(words))
        rows = np.fromiter(map(self._row_of.get, flat, repeat(self._missing)), np.intp, len(flat))
        if rows.size and rows.max() == self._missing:
            return self._with_unknown(words)
        return rows

    def _with_unknown(self, words: Sequence[Sequence[str]]) -> Rows:
        """Look up again where some words are unknown, after putting the new ones together."""
        passed_over: list[set[str]] = []
        wanted: dict[str, None] = {}
        for text in words:
            unknown = [
                word
                for word in dict.fromkeys(text)
                if self._row_of.get(word, self._missing) > self.nothing
            ]
            passed_over.append(set(unknown[MOST_UNKNOWN:]))
            wanted.update(dict.fromkeys(unknown[:MOST_UNKNOWN]))
        self._remember(wanted)
        return np.array(
            [
                self.nothing if word in passed else self._row_of[word]
                for text, passed in zip(words, passed_over, strict=True)
                for word in text
            ],
            np.intp,
        )

    def _remember(self, words: dict[str, None]) -> None:
        """Give each of these unknown words a slot; where they are too many, forget all others."""
        new = [word for word in words if word not in self._row_of]
        if len(self._unknown) + len(new) > _SLOTS:
            for word in self._unknown:
                del self._row_of[word]
            self._unknown.clear()
            new = list(words)
        first = self._first_slot + len(self._unknown)
        self._put_together(new, first)
        self._row_of.update(zip(new, range(first, first + len(new)), strict=True))
        self._unknown += new

    def bags(self, texts: Sequence[str]) -> tuple[Bag, Bag | None]:
        """Return the words of the texts, and their pairs where the run knows pairs."""
        words = [words_of(text) for text in texts]
        rows = self._rows(words)
        text_of = np.repeat(np.arange(len(texts)), [len(text) for text in words])
        bag = _bag(text_of, rows, n_texts=len(texts), n_rows=self._missing)
        if not len(self._pair_codes):
            return bag, None
        codes = rows[:-1] * self._missing + rows[1:]
        found = self._pair_codes.searchsorted(codes).clip(max=len(self._pair_codes) - 1)
        places = np.flatnonzero((self._pair_codes[found] == codes) & (text_of[:-1] == text_of[1:]))
        return bag, _bag(
            text_of[places], found[places], n_texts=len(texts), n_rows=len(self._pair_codes)
        )

    def places(self, text: str) -> dict[int, list[tuple[int, int]]]:
        """Return where in the text, in code points, each row's word stands."""
        spans = spans_of(text)
        found: dict[int, list[tuple[int, int]]] = {}
        rows = self._rows([[word for word, _, _ in spans]]).tolist()
        for row, (_, start, end) in zip(rows, spans, strict=True):
            found.setdefault(row, []).append((start, end))
        return found

    def pair_places(self, text: str) -> dict[int, list[tuple[int, int]]]:
        """Return where in the text, in code points, each known pair stands."""
        spans = spans_of(text)
        rows = self._rows([[word for word, _, _ in spans]])
        codes = (rows[:-1] * self._missing + rows[1:]).tolist()
        place_of = {code: place for place, code in enumerate(self._pair_codes.tolist())}
        found: dict[int, list[tuple[int, int]]] = {}
        for code, (_, start, _), (_, _, end) in zip(codes, spans, spans[1:], strict=False):
            if code in place_of:
                found.setdefault(place_of[code], []).append((start, end))
        return found


BATCH = 256
"""Texts turned into numbers at a time; with `MOST_UNKNOWN` and `_SLOTS` it bounds memory."""
