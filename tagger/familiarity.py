"""How much a text is like those that the run was trained on: what abstaining is decided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagger.sparse import Doubles


@dataclass(frozen=True, slots=True)
class UsualLengths:
    """Lengths of texts of training, in words as `Counts` weighs them."""

    shortest: float
    """The same as `longest`; less in earlier runs, to which a longer text was more familiar."""
    longest: float
    """One of twenty texts is longer."""


def familiarity(
    information: Doubles, words: Doubles, moves: Doubles, usual: UsualLengths | None
) -> Doubles:
    """Return how familiar some texts are: 0 where no word is known, with no upper bound.

    It is what the mean word says, times how far the text moves the scores, to the power of 3/2. A
    text that is longer than usual is the less familiar for it, down to a half, since long texts on
    any subject hold some words that are known. (Runs whose shortest usual length is below the
    longest were fitted with the root of the length as a further factor.)

    Parameters
    ----------
    information
        (texts,): the `Weights.word_information` of each text, summed over its words.
    words
        (texts,): the words of each text, the repeated ones weighed as in that sum.
    moves
        (texts,): squared distance of the log-odds from those of a text without words.
    usual
        None in runs of format 1, which know of a word only whether it is known: there it is the
        share of known words.
    """
    words = np.maximum(words, 1)
    mean = information / words
    if usual is None:
        return mean
    length = np.minimum(np.maximum(words, usual.shortest), usual.longest)
    beyond = np.minimum(np.maximum(usual.longest / words, 0.5), 1)
    return mean * beyond * np.sqrt(length) * moves**0.75
