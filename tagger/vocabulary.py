"""Every word's row of numbers, known or not, in one table.

A character n-gram that never crosses a word's edge belongs to a word, so what the characters of a
text add is a sum over its words. A known word's row is made when the run is loaded; an unknown
word's is put together from its n-grams once and remembered among a bounded number of others.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from itertools import chain, repeat

import numpy as np

from tagger.packed import PackedWords, Words
from tagger.sparse import Counts, Places
from tagger.weights import Weights

MOST_UNKNOWN = 512
"""Different unknown words of one text that count; it is as if the later ones were not there.

One costs about 10 us to put together, so no text holds the server for much longer than 5 ms.
"""
SLOTS = 8192
"""Unknown words remembered at a time."""
NO_WORD = "\0"
"""Stands in for a word that does not count; its row is zeros. No text's words hold this."""


def character_ngrams(word: str, lengths: tuple[int, int], place: dict[str, int]) -> list[int]:
    """Return the places of a word's n-grams, cut as scikit-learn's ``char_wb`` cuts them.

    Each start is left at its first unknown n-gram, since a longer one is known only where its
    beginning is (as `Weights.ngrams` promises): 3 times fewer look-ups.
    """
    shortest, longest = lengths
    padded = f" {word} "
    found: list[int] = []
    for start in range(len(padded) - shortest + 1):
        end, last = start + shortest, min(start + longest, len(padded))
        while end <= last and (ngram := padded[start:end]) in place:
            found.append(place[ngram])
            end += 1
    return found


def counting(words: list[str], known: Container[str]) -> list[str]:
    """Return a text's words, with `NO_WORD` for the unknown ones that are too many."""
    if len(words) <= MOST_UNKNOWN:
        return words
    unknown = list(dict.fromkeys(word for word in words if word not in known))
    passed_over = set(unknown[MOST_UNKNOWN:])
    return [NO_WORD if word in passed_over else word for word in words]


class Vocabulary:
    """Words -> rows of a table; the known pairs of neighbouring words have the last rows of it.

    A row holds, one after another: what the word or pair adds by itself to each tag (`own`), what
    its characters add to each tag (`characters`), the projection of its characters (`projection`),
    whether it is a word (`is_word`), and what it says for abstaining (`information`, that is
    `Weights.word_information`; 0 if it is unknown). Of a pair all but the first is 0.
    """

    def __init__(self, weights: Weights) -> None:
        known, tags = len(weights.words), len(weights.intercept)
        numbers: int = weights.ngram_projection.shape[1]
        self.own = slice(0, tags)
        self.characters = slice(tags, 2 * tags)
        self.projection = slice(2 * tags, 2 * tags + numbers)
        self.is_word, self.information = self.projection.stop, self.projection.stop + 1
        self._lengths = weights.ngram_lengths
        self._ngram_place = {ngram: place for place, ngram in enumerate(weights.ngrams)}
        self._ngrams = np.hstack([weights.ngram_weights, weights.ngram_projection])
        self._row_of: dict[str, int] = {word: row for row, word in enumerate(weights.words)}
        self._row_of[NO_WORD] = known
        self._first_slot = known + 1
        self.first_pair = self._first_slot + SLOTS
        self._missing = self.first_pair + len(weights.pairs)
        self._remembered: list[str] = []
        self._times_forgotten = 0
        frequent_first = np.argsort(weights.word_idf, kind="stable")
        self._packed = PackedWords(weights.words, frequent_first, n_rows=self.first_pair)

        self.table = np.zeros((self._missing, self.information + 1), np.float32)
        self.table[:known, self.own] = weights.word_weights
        self.table[self.first_pair :, self.own] = weights.pair_weights
        self.table[: self.first_pair, self.is_word] = 1
        self.table[:known, self.information] = weights.word_information
        self.squares = np.zeros(self._missing)
        self.squares[:known] = weights.word_idf**2
        self.squares[self.first_pair :] = weights.pair_idf**2
        """(rows,): a word's or pair's own share in the squared length of a text."""
        for first in range(0, known, SLOTS):
            self._put_together(weights.words[first : first + SLOTS], first)

    def rows(self, words: Sequence[str]) -> Places:
        """Return the row of every word; of them `SLOTS` different unknown ones at most."""
        rows = self._look_up(words)
        missing = np.flatnonzero(rows == self._missing)
        if not len(missing):
            return rows
        new = list(dict.fromkeys(words[i] for i in missing.tolist()))
        if len(self._remembered) + len(new) > SLOTS:
            # Rare, and simpler than to find out which of them are still in use.
            self._forget_all()
            new = list(dict.fromkeys(word for word in words if word not in self._row_of))
        self._remember(new)
        return self._look_up(words)

    def rows_of_texts(self, words: Words) -> Places:
        """Return what `rows` returns, of many words in less time."""
        rows, others = self._packed.rows(words)
        if not len(others):
            return rows
        times_forgotten = self._times_forgotten
        rows[others] = self.rows(words.spelt(others))
        # What was forgotten may be among the rows found before.
        return rows if times_forgotten == self._times_forgotten else self.rows_of_texts(words)

    def _look_up(self, words: Sequence[str]) -> Places:
        return np.fromiter(map(self._row_of.get, words, repeat(self._missing)), np.intp, len(words))

    def __contains__(self, word: object) -> bool:
        """Tell whether a word is known."""
        return isinstance(word, str) and self._row_of.get(word, self._missing) < self._first_slot

    def _forget_all(self) -> None:
        for word in self._remembered:
            del self._row_of[word]
        self._remembered.clear()
        self._packed.remove(self._first_slot)
        self._times_forgotten += 1

    def _remember(self, words: list[str]) -> None:
        first = self._first_slot + len(self._remembered)
        self._put_together(words, first)
        self._row_of.update(zip(words, range(first, first + len(words)), strict=True))
        self._packed.add(words, np.arange(first, first + len(words)))
        self._remembered += words

    def _put_together(self, words: Iterable[str], first: int) -> None:
        """Fill the rows from ``first`` on with the characters of these words."""
        found = [character_ngrams(word, self._lengths, self._ngram_place) for word in words]
        lengths = np.array([len(places) for places in found], np.intp)
        rows = np.fromiter(chain.from_iterable(found), np.intp, lengths.sum())
        counts = Counts(
            starts=np.concatenate([[0], lengths.cumsum()]),
            texts=np.repeat(np.arange(len(found)), lengths),
            rows=rows,
            values=np.ones(len(rows)),
        )
        columns = slice(self.characters.start, self.projection.stop)
        self.table[first : first + len(found), columns] = counts.times(self._ngrams)
