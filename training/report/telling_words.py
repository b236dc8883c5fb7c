"""Which words speak for each tag."""

from __future__ import annotations

import numpy as np

from tagger.model import Model
from tagger.records import Run

SHOWN = 8
"""Words of each tag."""
FEWEST_TEXTS = 5
"""Texts learnt from that a word must stand in: rarer ones tell of a text, not of a tag."""
PORTION = 4096
"""Words scored at a time: it bounds memory."""


def telling_words(run: Run, model: Model) -> dict[str, list[str]]:
    """Find for each tag the words that, alone in a text, raise its log-odds most, these first."""
    weights = model.weights
    # From the inverse document frequency, log((1 + texts) / (1 + frequency)) + 1, back to texts.
    lent = run.data.auxiliary.rows if run.data.auxiliary else 0
    texts = run.data.training_rows + lent + (len(run.tags) if run.params.names else 0)
    frequency = np.rint((1 + texts) / np.exp(weights.word_idf - 1) - 1)
    words = [weights.words[row] for row in np.flatnonzero(frequency >= FEWEST_TEXTS).tolist()]
    best_words: list[list[tuple[float, str]]] = [[] for _ in run.tags]
    for first in range(0, len(words), PORTION):
        some = words[first : first + PORTION]
        raised = model.log_odds(some)[0] - weights.intercept
        for column, best in enumerate(best_words):
            order = np.argsort(-raised[:, column], kind="stable")[:SHOWN].tolist()
            best += [(float(raised[row, column]), some[row]) for row in order]
    return {
        tag: [word for raised, word in sorted(best, reverse=True)[:SHOWN] if raised > 0]
        for tag, best in zip(run.tags, best_words, strict=True)
    }
