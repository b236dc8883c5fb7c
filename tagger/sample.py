"""A text that a run has something to say of, for examples: of its own words, in its own language.

No text of the table is in it, and none of its words is rare.
"""

from __future__ import annotations

import numpy as np

from tagger.model import Model

COMMON = 200
"""How many of the commonest words to choose from."""
WORDS = 8


def sample(model: Model) -> str:
    """Return the common words of most weight for one tag: that for which they weigh most."""
    weights = model.weights
    common = np.argsort(weights.word_idf, kind="stable")[:COMMON]
    speaking = weights.word_weights[common]
    column = int(np.sort(speaking, axis=0)[-WORDS:].sum(axis=0).argmax())
    best = common[np.argsort(-speaking[:, column], kind="stable")[:WORDS]]
    return " ".join(weights.words[row] for row in best.tolist())
