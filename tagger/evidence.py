"""Which words of a text earned it a tag: exact, since a score is a sum over words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagger.features import Features
from tagger.records import Evidence, Word
from tagger.weights import Doubles, Weights


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What each different word and pair of a text adds to the log-odds of each tag."""

    spans: tuple[tuple[tuple[int, int], ...], ...]
    """Places of each in the text, in code points."""
    texts: tuple[str, ...]
    """Each as it first stands in the text."""
    values: Doubles
    """(words and pairs, tags); with ``intercept`` they sum to the log-odds."""
    intercept: Doubles
    """(tags,)"""


def contributions(weights: Weights, features: Features, text: str) -> Contributions:
    """Return what every word and pair of ``text`` adds to every tag."""
    tags = len(weights.intercept)
    bag, pairs = features.bags([text])
    table = features.table.take(bag.rows, axis=0) * bag.counts[:, np.newaxis]
    square = float(bag.counts**2 @ features.squares.take(bag.rows))
    if pairs is not None:
        square += float(np.sum((pairs.counts * weights.pair_idf.take(pairs.rows)) ** 2))
    own_length = np.sqrt(square) or 1.0
    character_length = np.linalg.norm(table[:, 2 * tags : -1].sum(axis=0)) or 1.0
    values = table[:, :tags] / own_length + table[:, tags : 2 * tags] / character_length
    places = features.places(text)
    spans = [places[row] for row in bag.rows.tolist()]
    if pairs is not None:
        pair_places = features.pair_places(text)
        spans += [pair_places[row] for row in pairs.rows.tolist()]
        pair_values = weights.pair_weights.take(pairs.rows, axis=0) * pairs.counts[:, np.newaxis]
        values = np.vstack([values, pair_values / own_length])
    return Contributions(
        spans=tuple(map(tuple, spans)),
        texts=tuple(text[some[0][0] : some[0][1]] if some else "" for some in spans),
        values=values,
        intercept=weights.intercept,
    )


def strongest(
    found: Contributions, names: Sequence[str], tags: Sequence[int], *, most: int
) -> tuple[Evidence, ...]:
    """Return for each of these tags the ``most`` words that raised it most."""
    evidence = []
    for tag in tags:
        values = found.values[:, tag]
        best = [i for i in np.argsort(-values, kind="stable")[:most].tolist() if values[i] > 0]
        words = tuple(Word(found.texts[i], float(values[i]), found.spans[i]) for i in best)
        evidence.append(Evidence(names[tag], words))
    return tuple(evidence)
