"""The rule for abstaining, fitted on texts of the training side that a fold has not seen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tagger.f1 import Truth
from tagger.sparse import Doubles
from training.vectorizer import Vectorizer

ABSTAINED = 0.035
"""Share of unseen texts like those of the table that are expected to go without tags.

5% may: the rest is for a table whose texts come in families, where those left out are not as new to
a fold as texts of tomorrow.
"""
RIGHT_LOST = 0.01
"""Share of the right tags that abstaining may cost at most, out of fold.

Texts that look strange may be tagged well all the same. On the same fits of ten tables, five
splits each, it is worth .002 to .010 of accuracy where texts bear one tag (.0046 in the mean of
eight), but of weighted F1 -.003 to +.005, which is nothing sure. Where it binds it lets more
texts on other subjects through: on one split of other people's projects .980 of them go without
tags, not .988.
"""
MISSED_MORE = 0.25
"""By what share abstaining may raise the number of right tags that are missed, out of fold.

Where hardly any is missed, a hundredth is dear: which of 17 languages a text is in was told with a
weighted F1 of .988 where it would have been .993 without abstaining (three splits), now .992. On
five harder tables it never binds.
"""
LEAST_LOST = 0.001
"""Share of the right tags that abstaining may always cost: a table may be told apart by its folds
without a mistake."""
PRIOR = 2.0
"""Texts with tags as they are on average that are added to those that hold a word.

1 and 5 did as well; without them a word that stands in one text alone seems to say everything.
"""
BEYOND_CHANCE = 3
"""Times what chance would have it that a short word must say about tags to count as a long one.

At 2 more abbreviations are enough by themselves, and 6% more of real Python code gets tags.
"""
SMALLEST = float(np.finfo(np.float32).tiny)
"""Limit of familiarity: where scores hardly differ texts that are known have as little as 1e-7."""
PORTION = 4096
"""Words looked at a time: bounds memory."""


def usual_length(words: Doubles) -> float:
    """Return the length that one of twenty texts exceeds, by the words of each, (texts,)."""
    return max(1.0, float(np.quantile(words, 0.95)))


def abstain_below(familiarities: Doubles, right: NDArray[np.integer], *, missed: int) -> float:
    """Return the limit of familiarity, by left-out texts and the right tags that each would get.

    It is one under which `ABSTAINED` of texts like the left-out ones are expected to lie: a further
    text is as likely to come at each place among them, so it is the one at that share of the
    places, rounded down, whatever the size of the table (conformal prediction: Vovk and others,
    "Algorithmic learning in a random world", 2005). It is lower where more than `RIGHT_LOST` of the
    right tags lie under that, or more than `MISSED_MORE` of those that are ``missed`` anyway. It is
    above 0, for where nothing is known, no character either, nothing can be said.

    Parameters
    ----------
    familiarities, right
        (texts,): how familiar each is, and how many right tags it would get.
    missed
        How many right tags all of them would miss without abstaining.
    """
    order = np.argsort(familiarities, kind="stable")
    lost = np.cumsum(right[order])
    most_lost = np.clip(MISSED_MORE * missed, LEAST_LOST * lost[-1], RIGHT_LOST * lost[-1])
    affordable = int(np.searchsorted(lost, most_lost, side="right"))
    place = min(int(ABSTAINED * (len(order) + 1)), affordable + 1)
    return max(float(familiarities[order[place - 1]]) if place else 0.0, SMALLEST)


def word_information(vectorizer: Vectorizer, texts: Sequence[str], truth: Truth) -> Doubles:
    """Return how much each word says that a text is like these: (words and pairs,), pairs 0.

    A word says much that tells about tags, and the more so the longer it is. For in every language
    the short words are those of all subjects (Zipf, "Human behavior and the principle of least
    effort", 1949); among titles "but" may be rare, and have stood with few tags by chance. A short
    word counts in full, such as "gan", if it tells far more than chance would. The root lets
    words such as "model" count, which are the table's own although they stand with every tag.
    """
    held = vectorizer.own.transform(texts).tocsc()
    names = vectorizer.own.get_feature_names_out()
    words = np.flatnonzero([" " not in name for name in names])
    frequency = np.diff(held.indptr)[words]
    told = _information(held[:, words], truth)
    beyond_chance = (
        told - BEYOND_CHANCE * _chance_information(frequency, tags=truth.shape[1])
    ).clip(0, 1)
    length = _length_ranks(names[words].tolist(), frequency)
    information = np.zeros(len(names))
    information[words] = np.sqrt(told) * np.maximum(length**2, beyond_chance)
    return information


def _chance_information(frequency: NDArray[np.integer], *, tags: int) -> Doubles:
    """Return what `_information` is on average of words that have nothing to do with tags.

    Of a tag it is half the variance of the share given the word, in units of the share's own.
    """
    return tags * frequency / (2 * (frequency + PRIOR) ** 2)


def _length_ranks(words: Sequence[str], frequency: NDArray[np.integer]) -> Doubles:
    """Return what share of the words of running text is shorter than each: (words,).

    A rare character is longer than a frequent one: its length is that of its code, minus the log of
    its share. So words differ in scripts too where all have two characters.
    """
    characters = Counter(chain.from_iterable(words))
    total = characters.total()
    code = {character: math.log(total / count) for character, count in characters.items()}
    lengths = [sum(code[character] for character in word) for word in words]
    order = np.argsort(lengths, kind="stable")
    running = frequency[order]
    shorter = np.empty(len(words))
    shorter[order] = (running.cumsum() - running / 2) / max(1, running.sum())
    return shorter


def _information(held: sparse.csc_matrix, truth: Truth) -> Doubles:
    """Return how much each word says about a text's tags: (words,), in nats.

    It is the relative entropy (Kullback and Leibler, 1951) of the tags of the texts that hold the
    word to the tags of all texts, summed over the tags: near 0 for a word that stands in texts of
    every kind, such as "the", in whatever language.
    """
    held.data[:] = 1
    # A fold may have no example of a tag, or no counterexample.
    share = truth.mean(axis=0).clip(1e-6, 1 - 1e-6)
    borne = truth.astype(np.float64)
    portions = [
        _relative_entropy(held[:, first : first + PORTION], borne, share)
        for first in range(0, held.shape[1], PORTION)
    ]
    return np.concatenate(portions).clip(min=0)


def _relative_entropy(held: sparse.csc_matrix, borne: Doubles, share: Doubles) -> Doubles:
    frequency = np.diff(held.indptr)[:, np.newaxis]
    given = (held.T @ borne + PRIOR * share) / (frequency + PRIOR)
    entropy = given * np.log(given / share) + (1 - given) * np.log((1 - given) / (1 - share))
    return np.asarray(entropy.sum(axis=1), np.float64)
