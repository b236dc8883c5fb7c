"""A text that a run has something to say of, for examples: of its own words, in its own language.

No text of the table is in it, and none of its words is rare.
"""

from __future__ import annotations

import numpy as np

from tagger.model import Model

COMMON = 200
"""The commonest words, from which to choose."""
WORDS = 8


def sample(model: Model) -> str:
    """Give the common words that speak most for one tag: that for which such words speak most."""
    weights = model.weights
    common = np.argsort(weights.word_idf, kind="stable")[:COMMON]
    speaking = weights.word_weights[common]
    column = int(np.sort(speaking, axis=0)[-WORDS:].sum(axis=0).argmax())
    best = common[np.argsort(-speaking[:, column], kind="stable")[:WORDS]]
    return " ".join(weights.words[row] for row in best.tolist())
