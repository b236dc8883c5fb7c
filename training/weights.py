"""scikit-learn's coefficients -> the weights that are served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tagger.records import Params
from tagger.sparse import Doubles
from tagger.weights import Weights
from training.calibration import Calibration
from training.vectorizer import Vectorizer


def weights_of(
    vectorizer: Vectorizer,
    learners: Sequence[Any],
    calibration: Calibration,
    params: Params,
    *,
    information: Doubles,
    usual_length: float,
) -> Weights:
    """Fold inverse document frequency and calibration into the learners' coefficients.

    Parameters
    ----------
    learners
        One a tag, in the order of the tags.
    information
        (words and pairs,): what `word_information` returns.
    usual_length
        What the function of that name returns.
    """
    intercept = np.concatenate([one.intercept_ for one in learners])
    names, idf = vectorizer.own.get_feature_names_out(), vectorizer.own.idf_
    own = np.zeros((len(names), len(learners)), np.float32)
    ngrams = np.zeros((len(vectorizer.ngrams), len(learners)), np.float32)
    # Tag by tag: in float64 all of them would be four times what is served.
    for tag, (learner, slope) in enumerate(zip(learners, calibration.slope, strict=True)):
        coefficients = slope * learner.coef_[0].astype(np.float64)
        own[:, tag] = coefficients[: len(names)] * idf
        ngrams[:, tag] = coefficients[len(names) :] * vectorizer.ngram_idf

    is_pair = np.array([" " in name for name in names])
    words, pairs = np.flatnonzero(~is_pair), np.flatnonzero(is_pair)
    # The most frequent first: what every text looks up then lies together in memory. It buys 4 us
    # a text, of 85 that a request takes.
    words = words[np.argsort(idf[words], kind="stable")]
    row = {word: place for place, word in enumerate(names[words])}
    rows = np.array([[row[word] for word in names[pair].split(" ")] for pair in pairs], np.int32)
    rows = rows.reshape(-1, 2)
    ascending = np.lexsort((rows[:, 1], rows[:, 0]))
    pairs = pairs[ascending]
    return Weights(
        words=tuple(row),
        word_idf=idf[words],
        word_information=information[words].astype(np.float32),
        word_weights=own[words],
        pairs=rows[ascending],
        pair_idf=idf[pairs],
        pair_weights=own[pairs],
        ngrams=vectorizer.ngrams,
        ngram_weights=ngrams,
        ngram_projection=vectorizer.projection,
        ngram_lengths=params.characters,
        intercept=intercept * calibration.slope + calibration.offset,
        usual_length=usual_length,
        signs=params.signs,
    )
