"""A learner a tag: fitted by scikit-learn on the features of texts, and asked what it decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from tagger.paired import Truth
from tagger.records import Params
from tagger.sparse import Doubles
from training.auxiliary import Lent
from training.evaluate import truth_of
from training.factored import Factored
from training.naive_bayes import TOLERANCE, NaiveBayesSVC
from training.newton import fit_together
from training.progress import Step
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
With another table it is used whatever their size, for Newton's method weighs all texts alike.
"""


def learn(
    texts: Sequence[str],
    tags: tuple[str, ...],
    truth: Truth,
    params: Params,
    step: Step,
    *,
    lent: Lent | None = None,
) -> tuple[Vectorizer, list[Any]]:
    """Fit scikit-learn's vectorizers, and one learner a tag, in the order of the tags.

    Parameters
    ----------
    truth
        (texts, tags). A tag that no text bears, or every text, gets a learner that says just that.
    step
        Is told which tags are waited for, where that takes long.
    lent
        Of another table, for the tags that it knows.
    """
    more = lent.labelled if lent else None
    names = [tag.replace("-", " ").replace("_", " ") for tag in tags] if params.names else []
    vectorizer = Vectorizer(params, tags=len(tags)).fit(
        [*texts, *names, *(more.texts if more else ())]
    )
    matrix = vectorizer.transform(texts)
    if params.model == "svc" and not more and matrix.count() * len(tags) > MOST_FOR_LIBLINEAR:
        return vectorizer, _learn_together(matrix, truth, params, step)
    of_names = vectorizer.transform(names).matrix() if names else None
    of_more = (
        _More(vectorizer.transform(more.texts).matrix(), truth_of(more.tags, tags))
        if more
        else None
    )
    return vectorizer, _learn_apart(
        matrix.matrix(), truth, params, of_names=of_names, of_more=of_more
    )


class _More(NamedTuple):
    """Texts of another table."""

    matrix: sparse.csr_matrix
    """(texts, features)"""
    truth: Truth
    """(texts, tags)"""


def _learn_apart(
    matrix: sparse.csr_matrix,
    truth: Truth,
    params: Params,
    *,
    of_names: sparse.csr_matrix | None,
    of_more: _More | None,
) -> list[Any]:
    """Fit a learner a tag by liblinear."""
    learners = []
    for tag in range(truth.shape[1]):
        examples, borne, weight = [matrix], truth[:, tag].astype(np.intp), None
        if of_names is not None:
            # Of other tags a name says nothing: that of `segmentation` is no example of a text
            # without `computer-vision`.
            examples += [of_names[[tag]]] * NAME_WEIGHT
            borne = np.append(borne, [1] * NAME_WEIGHT)
        if of_more is not None and of_more.truth[:, tag].any():
            weight = np.repeat([1, LENT_WEIGHT], [len(borne), len(of_more.truth)])
            examples.append(of_more.matrix)
            borne = np.append(borne, of_more.truth[:, tag])
        learner = _constant(borne) or LEARNERS[params.model](params)
        learners.append(
            learner.fit(sparse.vstack(examples, format="csr"), borne, sample_weight=weight)
        )
    return learners


def _learn_together(matrix: Factored, truth: Truth, params: Params, step: Step) -> list[Any]:
    """Fit the same learners by Newton's method, which needs no copy of the matrix."""
    constants = [_constant(borne) for borne in truth.T.astype(np.intp)]
    varying = truth[:, [constant is None for constant in constants]]
    learners = iter(
        fit_together(
            matrix,
            varying,
            regularization=params.regularization,
            step=lambda which: step(f"{params.model}, {which}"),
        )
    )
    nothing = sparse.csr_matrix((1, matrix.features))
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
