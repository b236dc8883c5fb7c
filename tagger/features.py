"""Text -> rows and weights: the only place where a text becomes numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from tagger.packed import Words
from tagger.sparse import Counts, Doubles, Places, sublinear_counts, sublinear_counts_of_one
from tagger.vocabulary import MOST_UNKNOWN, Vocabulary, counting
from tagger.weights import Weights
from tagger.words import cut_as_bytes

PORTION = 20 * 1024
"""Bytes of words that are counted at a time, unless one text alone has more: it bounds memory."""
FEW = 2048
"""Bytes of words below which the fixed cost of `Words` is more than it saves."""

LEAST = np.finfo(np.float64).tiny
"""In place of 0, where something is divided by it."""


def join_title(title: str, description: str) -> str:
    """Join a title and a description to the one text that is trained on and tagged."""
    return f"{title}. {description}"


class Features:
    """Counts in texts the words, and pairs of words, that a run knows."""

    def __init__(self, weights: Weights) -> None:
        self.vocabulary = Vocabulary(weights)
        self._signs = weights.signs
        self._n_pairs = len(weights.pairs)
        first, second = weights.pairs.T.astype(np.intp)
        self._codes = _codes(first, second)
        self._may_be = np.zeros(1 << (16 * self._n_pairs).bit_length(), np.bool_)
        self._may_be[self._places(first, second)] = True

    def portions(self, texts: Sequence[str]) -> Iterator[list[bytes]]:
        """Cut texts into words, and hand them on in portions of about `PORTION` bytes."""
        portion: list[bytes] = []
        size = 0
        for text in texts:
            cut = self.words(text)
            if size and size + len(cut) > PORTION:
                yield portion
                portion, size = [], 0
            portion.append(cut)
            size += len(cut)
        if portion:
            yield portion

    def words(self, text: str) -> bytes:
        """Return the words of one text between blanks; `NO_WORD` for each that does not count."""
        words = cut_as_bytes(text, signs=self._signs)
        if len(words) <= 2 * MOST_UNKNOWN:  # too short to hold more
            return words
        return " ".join(counting(words.decode().split(), self.vocabulary)).encode()

    def count(self, texts: Sequence[bytes]) -> Counts:
        """Count the words, and the pairs of known words, of one portion: rows of the vocabulary."""
        rows, words_of_each = self._rows(texts)
        if len(texts) == 1:
            return sublinear_counts_of_one(np.concatenate([rows, self.pairs(rows)[1]]))
        of_text = np.repeat(np.arange(len(texts)), words_of_each)
        if self._n_pairs:
            places, pairs = self.pairs(rows)
            inside = np.flatnonzero(of_text.take(places) == of_text.take(places + 1))
            rows = np.concatenate([rows, pairs.take(inside)])
            of_text = np.concatenate([of_text, of_text.take(places.take(inside))])
        n_rows = len(self.vocabulary.table)
        return sublinear_counts(of_text, rows, n_texts=len(texts), n_rows=n_rows)

    def _rows(self, texts: Sequence[bytes]) -> tuple[Places, Places]:
        """Return the rows of all words, and how many words each text has."""
        if sum(map(len, texts)) < FEW:
            cut = [text.decode().split() for text in texts]
            rows = self.vocabulary.rows(list(chain.from_iterable(cut)))
            return rows, np.array([len(words) for words in cut])
        words = Words.find(texts)
        return self.vocabulary.rows_of_texts(words), words.of_each

    def pairs(self, rows: Places) -> tuple[Places, Places]:
        """Find the known pairs among neighbouring rows: where each begins, and its own row.

        Most neighbours are no known pair, which one look into a small table of flags tells. So only
        the others are searched for: 1.2 us for a text of 38 words, in place of 2.3.
        """
        if not self._n_pairs:
            return rows[:0], rows[:0]
        first, second = rows[:-1], rows[1:]
        may_be = np.flatnonzero(self._may_be.take(self._places(first, second)))
        codes = _codes(first.take(may_be), second.take(may_be))
        nearest = np.minimum(self._codes.searchsorted(codes), self._n_pairs - 1)
        known = np.flatnonzero(self._codes.take(nearest) == codes)
        return may_be.take(known), nearest.take(known) + self.vocabulary.first_pair

    def _places(self, first: Places, second: Places) -> Places:
        """Return the place of each pair in that small table, which few pairs share."""
        return (first * 257 + second) & (len(self._may_be) - 1)

    def own_lengths(self, counts: Counts) -> Doubles:
        """Return the length of each text's vector of words and pairs by themselves, (texts,)."""
        return _root(counts.total(counts.values**2 * self.vocabulary.squares.take(counts.rows)))


def character_lengths(projections: Doubles) -> Doubles:
    """Estimate the length of each text's vector of character n-grams, (texts,).

    ``projections`` are the n-grams' random projections summed over the text, (texts, numbers);
    by Johnson and Lindenstrauss they keep lengths to a few percent. Training divides by the very
    same estimate, so it makes no difference between training and serving.
    """
    return _root(np.einsum("ij,ij->i", projections, projections))


def _root(squares: Doubles) -> Doubles:
    """Return the root, never 0, since lengths divide: a text without words has the length 0."""
    return np.sqrt(np.maximum(squares, LEAST))


def _codes(first: Places, second: Places) -> Places:
    """Make one number of two rows; the numbers are ordered as the pairs are."""
    return (first << 32) | second
