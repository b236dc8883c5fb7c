"""Support vector machines and ridge regressions of several tags at once, for tables of any size.

They minimise what `LinearSVC` and `Ridge` minimise, so a tag's weights are the same but for the
tolerance of either. liblinear copies the whole matrix for each tag; here it stays the product of
two factors, a tenth of its size, and is multiplied with the weights of several tags together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.f1 import Truth
from training.factored import Factored

Floats = NDArray[np.float32]
"""Half the memory of float64 to go through: a product takes 0.6 of the time."""

MOST_STEPS = 50
"""Newton's steps at most; about ten are taken."""
CONJUGATE_TOLERANCE, MOST_CONJUGATE_STEPS = 0.1, 30
"""Of the equations that give one of Newton's steps; they need not be solved well."""
RIDGE_TOLERANCE, MOST_RIDGE_STEPS = 1e-2, 100
"""Of the equations of a ridge regression."""
SMALLEST = np.finfo(np.float32).tiny
"""In place of 0 where it would be divided by."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What some tags are learnt from. The last feature is 1: its weight is the intercept."""

    matrix: Factored
    """(examples, features)"""
    transposed: Factored
    sign: Floats
    """(examples, tags): 1 for the bearers of a tag, else -1."""
    sample_weight: Floats
    """(examples, tags): how much an example counts to a tag."""

    def decide(self, weights: Floats) -> Floats:
        """Return decisions (examples, tags) of weights (features, tags)."""
        return self.matrix.times(weights)

    def gather(self, numbers: Floats) -> Floats:
        """Return what numbers of each example (examples, tags) come to for each feature."""
        return self.transposed.times(self.sample_weight * numbers)


def svm(
    problem: Problem, *, regularization: float, tolerance: float, scale: Floats | None = None
) -> Floats:
    """Return the weights (features, tags) of support vector machines.

    They minimise |w|² / 2 + C sum(max(0, 1 - sign decision)²) by Newton's method: Keerthi and
    DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs", 2005.

    Parameters
    ----------
    regularization
        C.
    tolerance
        Of the gradient, as a share of what it is without weights, times the share of bearers or of
        others, whichever is less. So liblinear has it: the gradient of a rare tag is nearly all the
        intercept's, and without that factor no more than the intercept would be learnt.
    scale
        (features, tags): what each feature is multiplied by first. Weights are of the features as
        they came.
    """
    stretch = np.ones((1, 1), np.float32) if scale is None else scale
    twice = np.float32(2 * regularization)

    def decide(weights: Floats) -> Floats:
        return problem.decide(stretch * weights)

    def gather(numbers: Floats) -> Floats:
        return twice * stretch * problem.gather(numbers)

    def newton_step(within: Truth, gradient: Floats) -> Floats:
        """Solve (1 + 2 C X'X) step = -gradient, X having the examples within the margin."""
        return _conjugate_gradient(
            lambda some: some + gather(within * decide(some)),
            -gradient,
            tolerance=CONJUGATE_TOLERANCE,
            most=MOST_CONJUGATE_STEPS,
        )

    sign = problem.sign
    decisions = np.zeros_like(sign)
    weights = np.zeros((problem.matrix.features, sign.shape[1]), np.float32)
    enough = np.zeros(sign.shape[1], np.float32)
    less = (1 - np.abs(_dot(problem.sample_weight, sign)) / problem.sample_weight.sum(axis=0)) / 2
    for number in range(MOST_STEPS):
        gradient = weights - gather(sign * np.maximum(0, 1 - sign * decisions))
        left = np.linalg.norm(gradient, axis=0)
        if number == 0:
            enough = tolerance * less * left
        if (left <= enough).all():
            break
        step = newton_step(sign * decisions < 1, gradient)
        change = decide(step)
        length = _best_length(
            sign * decisions,
            sign * change,
            twice * problem.sample_weight,
            slope=_dot(weights, step),
            curvature=_dot(step, step),
        )
        weights += length * step
        decisions += length * change
    return np.asarray(stretch * weights)


def ridge(problem: Problem, *, penalty: float) -> Floats:
    """Return the weights (features, tags) of ridge regressions on 1 and -1.

    They minimise penalty |w|² + sum((sign - decision)²), the intercept being free. It leaves the
    equations when decisions are centred, and is what is left at the end.
    """
    total = problem.sample_weight.sum(axis=0)

    def centred(numbers: Floats) -> Floats:
        return np.asarray(numbers - _dot(problem.sample_weight, numbers) / total)

    weights = _conjugate_gradient(
        lambda some: np.float32(penalty) * some + problem.gather(centred(problem.decide(some))),
        problem.gather(centred(problem.sign)),
        tolerance=RIDGE_TOLERANCE,
        most=MOST_RIDGE_STEPS,
    )
    weights[-1] += _dot(problem.sample_weight, problem.sign - problem.decide(weights)) / total
    return weights


def _conjugate_gradient(
    product_with: Callable[[Floats], Floats], wanted: Floats, *, tolerance: float, most: int
) -> Floats:
    """Find, for every column, that of which the product is as wanted."""
    found, residual = np.zeros_like(wanted), wanted.copy()
    direction, size = residual.copy(), _dot(residual, residual)
    enough = tolerance**2 * size
    for _ in range(most):
        product = product_with(direction)
        length = size / np.maximum(_dot(direction, product), SMALLEST)
        length = np.where(size > enough, length, np.float32(0))
        found += length * direction
        residual -= length * product
        before, size = size, _dot(residual, residual)
        if (size <= enough).all():
            break
        direction *= size / np.maximum(before, SMALLEST)
        direction += residual
    return found


def _best_length(
    margins: Floats, change: Floats, costs: Floats, *, slope: Floats, curvature: Floats
) -> Floats:
    """Return how far to go in the direction of each tag's step, (tags,).

    Parameters
    ----------
    margins, change, costs
        (examples, tags): sign times decision, what one step adds to that, and twice what it costs
        to be short of 1.
    slope, curvature
        (tags,): of half the squared weights, along the step.
    """
    length = np.ones(margins.shape[1], np.float32)
    for _ in range(10):
        short = np.maximum(0, 1 - margins - length * change)
        first = slope + length * curvature - _dot(costs * short, change)
        second = curvature + _dot(costs * (short > 0), change**2)
        length -= first / np.maximum(second, SMALLEST)
    return length


def _dot(first: Floats, second: Floats) -> Floats:
    """Return the scalar product of each column."""
    return np.asarray(np.einsum("ij,ij->j", first, second))
