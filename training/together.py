"""The learners of many tags at once, for tables that liblinear takes too long or too much room for.

On 3,000 texts of 77 words with 882 tags naive Bayes takes XXX s of a core a tag where liblinear
takes YYY, and its F1 is the same.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.svm import LinearSVC

from tagger.paired import Truth
from tagger.records import Params
from training.factored import Factored
from training.naive_bayes import RIDGE_PENALTY, how_telling
from training.newton import Floats, Problem, machine, ridge
from training.progress import Step

MOST_TOGETHER = 2_000_000
"""Features times tags that are worked on together: some ten arrays of 8 MB a thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What the learners of a table's tags learn from."""

    matrix: Factored
    """(examples, features)"""
    truth: Truth
    """(examples, tags)"""
    counted: Floats
    """(examples, tags): how much an example counts to the learner of a tag; 0 if it is none."""


def learn_together(examples: Examples, params: Params, step: Step) -> list[LinearSVC]:
    """Fit a learner for every tag, of which there are examples and counterexamples.

    ``step`` is told which tags are waited for.
    """
    matrix = with_ones(examples.matrix)
    transposed = matrix.transposed()
    squares = _squares(examples.matrix) if params.names else None
    tags = examples.truth.shape[1]
    together = max(1, min(16, MOST_TOGETHER // matrix.features))

    def learn_some(first: int) -> Floats:
        some = slice(first, first + together)
        sign = np.where(examples.truth[:, some], np.float32(1), np.float32(-1))
        problem = Problem(matrix, transposed, sign, examples.counted[:, some])
        if squares is None:
            return machine(problem, regularization=params.regularization)
        return _naive_bayes(problem, squares, regularization=params.regularization)

    learners = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        firsts = range(0, tags, together)
        for first, part in zip(firsts, [pool.submit(learn_some, it) for it in firsts], strict=True):
            step(f"tags {first + 1} to {min(first + together, tags)} of {tags}")
            learners += [_learner(weights, params) for weights in part.result().T]
    return learners


def with_ones(matrix: Factored) -> Factored:
    """Add a feature that is 1 everywhere."""
    return Factored(
        sparse.hstack([matrix.held, np.ones((matrix.held.shape[0], 1))], "csr", np.float32),
        sparse.block_diag([matrix.made_of, [[1]]], "csr", np.float32),
    )


def _squares(matrix: Factored) -> Floats:
    """Return the squared length of each column, (features, 1)."""
    squares = np.zeros(matrix.features)
    for portion in matrix.portions():
        squares += np.bincount(portion.indices, portion.data**2, matrix.features)
    return squares[:, np.newaxis].astype(np.float32)


def _naive_bayes(problem: Problem, squares: Floats, *, regularization: float) -> Floats:
    """Return the weights of what `NaiveBayesSVC` is, (features, tags)."""
    borne, other = (problem.gather(np.maximum(0, sign)) for sign in (problem.sign, -problem.sign))
    scale = np.ones_like(borne)
    scale[:-1] = how_telling(borne[:-1], other[:-1])
    scale[:-1] /= np.sqrt((squares * scale[:-1] ** 2).sum(axis=0) / squares.sum())
    machines = machine(problem, regularization=regularization, scale=scale)
    return np.asarray((machines + ridge(problem, penalty=RIDGE_PENALTY / regularization)) / 2)


def _learner(weights: Floats, params: Params) -> LinearSVC:
    """Return scikit-learn's own object, so that decisions are its own too."""
    learner = LinearSVC(C=params.regularization)
    learner.classes_ = np.array([0, 1])
    learner.coef_, learner.intercept_ = weights[np.newaxis, :-1], weights[-1:]
    learner.n_features_in_ = len(weights) - 1
    return learner
