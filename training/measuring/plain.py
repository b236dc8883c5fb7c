"""What scikit-learn alone makes of one split: the base that Tagline's models are set beside."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from tagger.f1 import Truth
from tagger.records import Params
from tagger.sparse import Doubles
from training.evaluate import best_alone, measure, truth_of
from training.folds import folds_of
from training.measuring.measured import Measured
from training.split import Split
from training.thresholds import best_thresholds


def plain(parts: Split, params: Params, *, characters: bool) -> Measured:
    """Learn words, pairs and perhaps characters as scikit-learn alone does."""
    begun = time.process_time()
    truth = truth_of(parts.training.tags, parts.tags)
    scores = _decisions(parts.training.texts, truth, parts.test.texts, characters=characters)
    if params.task == "single":
        predicted = best_alone(scores)
    else:
        decisions = np.zeros(truth.shape)
        for rest, out in folds_of(truth, params):
            training = [parts.training.texts[i] for i in rest]
            left_out = [parts.training.texts[i] for i in out]
            decisions[out] = _decisions(training, truth[rest], left_out, characters=characters)
        predicted = scores >= best_thresholds(decisions, truth)
    overall = measure(truth_of(parts.test.tags, parts.tags), predicted, parts.tags).overall
    seconds = time.process_time() - begun
    return Measured(overall.f1, overall.macro_f1, seconds, accuracy=overall.accuracy)


def _decisions(
    training: Sequence[str], truth: Truth, asked: Sequence[str], *, characters: bool
) -> Doubles:
    vectorizers = [TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)]
    if characters:
        vectorizers.append(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        )
    learner = OneVsRestClassifier(LinearSVC(random_state=0))
    fitted = make_pipeline(make_union(*vectorizers), learner).fit(training, truth.astype(np.intp))
    return np.asarray(fitted.decision_function(asked), np.float64)
