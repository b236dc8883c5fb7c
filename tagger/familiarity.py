"""How much a text is like those that the run was trained on: what abstaining is decided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagger.sparse import Doubles


@dataclass(frozen=True, slots=True)
class UsualLengths:
    """Between which lengths nine of ten texts of training lie, in words as `Counts` weighs them."""

    shortest: float
    longest: float


def familiarity(
    information: Doubles, words: Doubles, moves: Doubles, usual: UsualLengths | None
) -> Doubles:
    """Return how familiar some texts are: 0 where no word is known, with no upper bound.

    It is what the mean word says about tags, times how far the text moves the scores, to the power
    of 3/2, times the root of its length: the more words, the less of their mean is chance. So that
    two telling words are enough, short texts count as the shortest usual ones; and a text that is
    longer than usual is the less familiar for it, down to a half, since long texts on any subject
    hold some words that are known.

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
