"""A learner a tag: fitted by scikit-learn on the features of texts, and asked what it decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from tagger.f1 import Truth
from tagger.records import Params
from tagger.sparse import Doubles
from training.evaluate import truth_of
from training.factored import Factored
from training.naive_bayes import TOLERANCE, NaiveBayesSVC
from training.newton import Floats
from training.progress import Step
from training.together import Examples, learn_together
from training.training_set import TrainingSet
from training.vectorizer import Vectorizer


def _svc(params: Params) -> LinearSVC:
    return LinearSVC(C=params.regularization, random_state=params.seed)


def _naive_bayes(params: Params) -> NaiveBayesSVC:
    return NaiveBayesSVC(C=params.regularization, tol=TOLERANCE, random_state=params.seed)


def _logistic(params: Params) -> LogisticRegression:
    return LogisticRegression(C=params.regularization, solver="liblinear")


LEARNERS: Mapping[str, Callable[[Params], Any]] = {
    "svc": _svc,
    "svc-signs": _svc,
    "svc-joined": _svc,
    "naive-bayes": _naive_bayes,
    "naive-bayes-signs": _naive_bayes,
    "logistic": _logistic,
}
"""Linear learners by the name that `Params.model` gives; each is fitted once a tag."""

NAME_WEIGHT = 2
"""Texts that a tag's name counts as, where names are learnt from."""
LENT_WEIGHT = 0.5
"""What a text of another table counts to a learner. In full it did as well, within .006 F1.

Document frequencies, and what naive Bayes finds telling, count it in full.
"""

MOST_FOR_LIBLINEAR = 50_000_000
"""Numbers in the matrix times tags up to which liblinear is used: it then takes under a minute.

Of 2 tags that is 0.7 GiB at its peak: 28 bytes a number, the matrix and liblinear's copy of it.
"""


def learn(training_set: TrainingSet, params: Params, step: Step) -> tuple[Vectorizer, list[Any]]:
    """Fit scikit-learn's vectorizers, and one learner a tag, in the order of the tags.

    A tag that no text bears, or every text, gets a learner that says just that.

    Parameters
    ----------
    step
        Is told which tags are waited for, where that takes long.
    """
    texts, tags, lent = training_set.texts, training_set.tags, training_set.lent
    names = [tag.replace("-", " ").replace("_", " ") for tag in tags] if params.names else []
    more = lent.labelled.texts if lent else ()
    vectorizer = Vectorizer(params, tags=len(tags)).fit([*texts, *names, *more])
    matrix = vectorizer.transform([*texts, *names * NAME_WEIGHT, *more])
    examples = Examples(matrix, *_truth_and_weights(training_set, names=bool(names)))
    learner = LEARNERS[params.model](params)
    if isinstance(learner, LinearSVC) and matrix.count() * len(tags) > MOST_FOR_LIBLINEAR:
        return vectorizer, _learn_together(
            examples, learner, lambda which: step(f"{params.model}, {which}")
        )
    return vectorizer, _learn_apart(examples, params)


def _truth_and_weights(training_set: TrainingSet, *, names: bool) -> tuple[Truth, Floats]:
    """Return which tags each example bears, and its sample weight for each: (examples, tags)."""
    truth, weights = [training_set.truth], [np.ones(training_set.truth.shape, np.float32)]
    if names:
        # Of other tags a name says nothing: that of `segmentation` is no example of a text without
        # `computer-vision`.
        named = np.tile(np.eye(len(training_set.tags), dtype=np.float32), (NAME_WEIGHT, 1))
        truth.append(named > 0)
        weights.append(named)
    if training_set.lent:
        of_lent = truth_of(training_set.lent.labelled.tags, training_set.tags)
        truth.append(of_lent)
        weights.append(np.tile(np.float32(LENT_WEIGHT) * of_lent.any(axis=0), (len(of_lent), 1)))
    # Of 1,000 tags they are as large as all else: a stack of one would be a copy.
    return (np.vstack(truth), np.vstack(weights)) if len(truth) > 1 else (truth[0], weights[0])


def _learn_apart(examples: Examples, params: Params) -> list[Any]:
    """Fit a learner a tag by liblinear."""
    matrix = examples.matrix.matrix()
    learners = []
    for tag in range(examples.truth.shape[1]):
        weight = examples.sample_weight[:, tag]
        own = np.flatnonzero(weight)
        borne = examples.truth[own, tag].astype(np.intp)
        sample_weight = None if (weight[own] == 1).all() else weight[own].astype(np.float64)
        learner = _constant(borne) or LEARNERS[params.model](params)
        learners.append(learner.fit(matrix[own], borne, sample_weight=sample_weight))
    return learners


def _learn_together(examples: Examples, learner: LinearSVC, step: Step) -> list[Any]:
    """Fit the same learners by Newton's method, which needs no copy of the matrix."""
    constants = [
        _constant(borne[weight > 0].astype(np.intp))
        for borne, weight in zip(examples.truth.T, examples.sample_weight.T, strict=True)
    ]
    varying = [constant is None for constant in constants]
    if not all(varying):
        truth, sample_weight = examples.truth[:, varying], examples.sample_weight[:, varying]
        examples = Examples(examples.matrix, truth, sample_weight)
    learners = iter(learn_together(examples, learner, step))
    nothing = sparse.csr_matrix((1, examples.matrix.features))
    return [
        next(learners) if constant is None else constant.fit(nothing, [constant.constant])
        for constant in constants
    ]


def _constant(borne: NDArray[np.intp]) -> DummyClassifier | None:
    """Return what a fold learns of a tag without examples, or without counterexamples."""
    if borne.min() < borne.max():
        return None
    return DummyClassifier(strategy="constant", constant=borne[0])


def decide(learners: Sequence[Any], matrix: Factored) -> Doubles:
    """Return scikit-learn's own decisions, (texts, tags); of a constant, the margin: -1 or 1."""
    return np.vstack(
        [
            np.stack([_decide_one(learner, portion) for learner in learners], axis=1)
            for portion in matrix.portions()
        ]
    )


def _decide_one(learner: Any, matrix: sparse.csr_matrix) -> Doubles:
    if isinstance(learner, DummyClassifier):
        return np.asarray(2.0 * learner.predict(matrix) - 1, np.float64)
    return np.asarray(learner.decision_function(matrix), np.float64)
