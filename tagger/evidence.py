"""Which words earned a text its tags: exact, because log-odds are a sum over words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagger.features import Features, character_lengths
from tagger.policy import DIGITS
from tagger.records import Evidence, Word
from tagger.sparse import Counts, Doubles, Places
from tagger.weights import Weights
from tagger.words import spans_of

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What the words and pairs of one text add to the log-odds of some tags, by their places."""

    text: str
    spans: tuple[tuple[Span, ...], ...]
    """Where each stands in ``text``, in code points; of those in the same places there is one."""
    values: Doubles
    """(places, tags); what a word's characters add is within the word's."""
    intercept: Doubles
    """(tags,); with it, ``values`` sum to the log-odds."""

    def strongest(self, tag: int, name: str, *, most: int) -> Evidence:
        """Return the words that raised a tag, strongest first, ``most`` of them at most."""
        values = self.values[:, tag]
        order = np.argsort(-values, kind="stable")[:most]
        return Evidence(name, tuple(self._word(i, tag) for i in order.tolist() if values[i] > 0))

    def _word(self, entry: int, tag: int) -> Word:
        start, end = self.spans[entry][0]
        contribution = round(float(self.values[entry, tag]), DIGITS)
        return Word(self.text[start:end], contribution, self.spans[entry])


def contributions(
    features: Features, weights: Weights, text: str, tags: Sequence[int]
) -> Contributions:
    """Take the log-odds of a text apart: what `Model` sums, word by word and pair by pair.

    Only those of some tags: of a long text, to do so for 1,000 would take 0.2 s.
    """
    columns = np.array(tags, np.intp)
    words = features.words(text)
    rows = features.vocabulary.rows(words.decode().split())
    spans = spans_of(text, signs=weights.signs)
    firsts, pairs = features.pairs(rows)
    # Signs stand after all words, compounds after all signs: the second may come first in the text.
    neighbours = [(spans[i], spans[i + 1]) for i in firsts.tolist()]
    of_pairs = [(min(one[0], two[0]), max(one[1], two[1])) for one, two in neighbours]
    by_row = _by_row(np.concatenate([rows, pairs]), [*spans, *of_pairs])
    counts = features.count([words])
    found = [by_row[row] for row in counts.rows.tolist()]
    # Rows of unknown words are numbered as they came, in other callers' texts too: of equal words
    # the first in the text stands first. A compound and a pair may be in one place: usr/share.
    places = sorted(set(found))
    entry_at = {where: entry for entry, where in enumerate(places)}
    entries = np.array([entry_at[where] for where in found], np.intp)
    values = np.zeros((len(places), len(columns)))
    np.add.at(values, entries, _values(features, counts, columns))
    return Contributions(
        text=text,
        spans=tuple(places),
        values=values,
        intercept=weights.intercept[columns],
    )


def _values(features: Features, counts: Counts, columns: Places) -> Doubles:
    """Return what each word or pair adds, by itself and by its characters: (rows, columns)."""
    vocabulary = features.vocabulary
    times = counts.values[:, np.newaxis]
    projection = vocabulary.table[counts.rows, vocabulary.projection] * times
    own = vocabulary.table[np.ix_(counts.rows, vocabulary.own.start + columns)] * times
    characters = (
        vocabulary.table[np.ix_(counts.rows, vocabulary.characters.start + columns)] * times
    )
    own /= features.own_lengths(counts)
    characters /= character_lengths(projection.sum(axis=0, keepdims=True))
    return np.asarray(own + characters)


def _by_row(rows: Places, spans: Sequence[Span]) -> dict[int, tuple[Span, ...]]:
    """Gather, for each row, all the places where it stands."""
    found: dict[int, list[Span]] = {}
    for row, span in zip(rows.tolist(), spans, strict=True):
        found.setdefault(row, []).append(span)
    return {row: tuple(places) for row, places in found.items()}
