"""How much a text is like those that the run was trained on: what abstaining is decided by."""

from __future__ import annotations

from math import sqrt

import numpy as np

from tagger.sparse import Doubles

UNKNOWN = 1e-12
"""What an unknown word says: less than any known one, but not nothing, for its characters may tell
its tag. So texts without a known word stand below all others, in the order of how far they move
the scores; where all texts are such, as in a table of surnames, most are answered.
"""


def familiarity(
    information: Doubles, words: Doubles, moves: Doubles, usual_length: float
) -> Doubles:
    """Return how familiar some texts are: 0 where nothing is known, with no upper bound.

    It is what the mean word says, times how far the text moves the scores, to the power of 3/2. A
    text that is longer than usual is the less familiar for it, down to a half, since long texts on
    any subject hold some words that are known. The root of the usual length, a factor of every
    text's, is in the run's limit too, and so decides nothing.

    Parameters
    ----------
    information
        (texts,): the `Weights.word_information` of each text, summed over its words.
    words
        (texts,): the words of each text, the repeated ones weighed as in that sum.
    moves
        (texts,): squared distance of the log-odds from those of a text without words.
    usual_length
        `Weights.usual_length`.
    """
    words = np.maximum(words, 1)
    mean = np.maximum(information / words, UNKNOWN)
    beyond = np.minimum(np.maximum(usual_length / words, 0.5), 1)
    familiar: Doubles = mean * beyond * sqrt(usual_length) * moves**0.75
    return familiar
