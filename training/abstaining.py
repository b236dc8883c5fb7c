"""The rule for abstaining, fitted on texts of the training side that a fold has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tagger.familiarity import UsualLengths, familiarity
from tagger.sparse import Doubles
from training.calibration import Truth
from training.vectorizer import Vectorizer

MOST_ABSTAINED = 0.05
"""Share of unseen texts like those of the table that may go without tags."""
PRIOR = 2.0
"""Texts with tags as they are on average that are added to those that hold a word.

1 and 5 did as well; without them a word that stands in one text alone seems to say everything.
"""
PORTION = 4096
"""Words looked at a time: bounds memory."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """The texts that a fold has not seen, as far as it takes to tell how familiar they are."""

    places: NDArray[np.intp]
    information: Doubles
    """(texts,): summed over the words of each."""
    words: Doubles
    """(texts,): how many there are."""
    blank: Doubles
    """(tags,): the fold's decisions on a text without words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a run needs in order to abstain, beside what its words say."""

    usual_lengths: UsualLengths
    abstain_below: float

    @classmethod
    def fitted(cls, folds: Sequence[LeftOut], decisions: Doubles, slope: Doubles) -> Self:
        """Set the limit by how familiar the left-out texts are.

        Parameters
        ----------
        decisions
            (texts, tags): of each text by the fold that has not seen it.
        slope
            (tags,): log-odds a unit of decision.
        """
        usual = usual_lengths(np.concatenate([fold.words for fold in folds]))
        found = []
        for fold in folds:
            moves = (((decisions[fold.places] - fold.blank) * slope) ** 2).sum(axis=1)
            found.append(familiarity(fold.information, fold.words, moves, usual))
        return cls(usual, abstain_below(np.concatenate(found)))


def usual_lengths(words: Doubles) -> UsualLengths:
    """Return the lengths that one of twenty texts falls short of, and one of twenty exceeds."""
    shortest, longest = np.quantile(words, [0.05, 0.95]).clip(min=1).tolist()
    return UsualLengths(shortest, longest)


def abstain_below(familiarities: Doubles) -> float:
    """Return the limit under which lie a little fewer of the left-out texts than may do so unseen.

    Fewer by two standard errors, since the few texts of a small table tell the limit badly: 3.5%
    of 900 texts, 1.5% of 150. It is above 0, for where no word is known nothing can be said.
    """
    error = np.sqrt(MOST_ABSTAINED * (1 - MOST_ABSTAINED) / len(familiarities))
    return max(float(np.quantile(familiarities, max(0, MOST_ABSTAINED - 2 * error))), 1e-6)


def word_information(vectorizer: Vectorizer, texts: Sequence[str], truth: Truth) -> Doubles:
    """Return how much each word and pair says about a text's tags: (words and pairs,), in nats.

    It is the relative entropy (Kullback and Leibler, 1951) of the tags of the texts that hold the
    word to the tags of all texts, summed over the tags: near 0 for a word that stands in texts of
    every kind, such as "the", in whatever language.
    """
    held = vectorizer.own.transform(texts).tocsc()
    held.data[:] = 1
    # A fold may have no example of a tag, or no counterexample.
    share = truth.mean(axis=0).clip(1e-6, 1 - 1e-6)
    borne = truth.astype(np.float64)
    portions = [
        _relative_entropy(held[:, first : first + PORTION], borne, share)
        for first in range(0, held.shape[1], PORTION)
    ]
    return np.concatenate([np.zeros(0), *portions])


def _relative_entropy(held: sparse.csc_matrix, borne: Doubles, share: Doubles) -> Doubles:
    frequency = np.diff(held.indptr)[:, np.newaxis]
    given = (held.T @ borne + PRIOR * share) / (frequency + PRIOR)
    entropy = given * np.log(given / share) + (1 - given) * np.log((1 - given) / (1 - share))
    return np.asarray(entropy.sum(axis=1), np.float64)
