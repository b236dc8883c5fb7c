"""A table too large for liblinear gets the model that liblinear would have found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.svm import LinearSVC

from tagger.records import Auxiliary, Params
from tagger.sparse import Doubles
from tests.fitting import KINDS, fitted, table
from training import learners, newton
from training.auxiliary import Lent
from training.factored import Factored
from training.fit import fit
from training.labelled import Labelled
from training.naive_bayes import NaiveBayesSVC
from training.newton import Problem, ridge, svm
from training.together import Examples, learn_together, with_ones
from training.vectorizer import Vectorizer


def problem_of() -> tuple[Problem, Doubles]:
    """Return the tests' table, each text counting 0 to 2, and its features but the last."""
    texts, tags_of_each = table()
    tags = sorted({tag for tags in tags_of_each for tag in tags})
    sign = np.array([[1 if tag in some else -1 for tag in tags] for some in tags_of_each])
    weight = np.random.default_rng(0).choice([0, 0.5, 1, 2], sign.shape)
    weight[[np.argmax(sign, axis=0), np.argmin(sign, axis=0)], np.arange(len(tags))] = 1
    features = Vectorizer(Params(), tags=len(tags)).fit(texts).transform(texts)
    matrix = with_ones(features)
    problem = Problem(
        matrix, matrix.transposed(), sign.astype(np.float32), weight.astype(np.float32)
    )
    return problem, features.matrix().toarray()


def test_newton_finds_what_liblinear_finds() -> None:
    """Given the time, both minimise the same sum, whatever an example counts or is scaled by."""
    problem, features = problem_of()
    scale = np.random.default_rng(1).uniform(0.5, 2, (features.shape[1] + 1, 1)).astype(np.float32)
    scale[-1] = 1
    found = problem.decide(svm(problem, regularization=0.5, tolerance=1e-5, scale=scale))
    scaled = features * scale[:-1, 0]
    for tag, (sign, weight) in enumerate(zip(problem.sign.T, problem.sample_weight.T, strict=True)):
        exact = LinearSVC(C=0.5, tol=1e-9, max_iter=100_000, random_state=0)
        exact.fit(scaled, sign, weight.astype(np.float64))
        assert found[:, tag] == pytest.approx(exact.decision_function(scaled), abs=1e-3)


def test_conjugate_gradients_find_what_ridge_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the time, both solve the same equations, whatever an example counts."""
    monkeypatch.setattr(newton, "RIDGE_TOLERANCE", 1e-5)
    problem, features = problem_of()
    found = problem.decide(ridge(problem, penalty=2.0))
    for tag, (sign, weight) in enumerate(zip(problem.sign.T, problem.sample_weight.T, strict=True)):
        exact = Ridge(2.0).fit(features, sign, weight)
        assert found[:, tag] == pytest.approx(exact.predict(features), abs=1e-3)


def examples_of_a_rare_tag() -> Examples:
    """Return 20,000 texts of 8 words each, of which 5 bear a tag that one word tells."""
    random = np.random.default_rng(0)
    held = sparse.lil_matrix((20_000, 200))
    for text in range(20_000):
        held[text, random.choice(199, 8, replace=False)] = 8**-0.5
    truth = np.zeros((20_000, 1), np.bool_)
    truth[:5] = True
    held[:5, 199] = 8**-0.5
    words = Factored(held.tocsr(), sparse.identity(200, format="csr"))
    return Examples(words, truth, np.ones(truth.shape, np.float32))


@pytest.mark.parametrize("exact", [LinearSVC(C=0.5, tol=1e-6), NaiveBayesSVC(C=0.1, tol=1e-6)])
def test_a_rare_tag_of_many_texts_is_learnt(exact: LinearSVC) -> None:
    """It is not taken for learnt once it is known to be rare."""
    examples = examples_of_a_rare_tag()
    (found,) = learn_together(examples, exact, step=lambda _: None)
    matrix = examples.matrix.matrix()
    exact.fit(matrix, examples.truth[:, 0].astype(np.intp))
    decisions = found.decision_function(matrix)
    assert decisions[:5].min() > decisions[5:].max()
    assert decisions == pytest.approx(exact.decision_function(matrix), abs=0.03)


def test_a_ridge_of_many_texts_is_right_in_the_mean() -> None:
    """Its intercept makes up for what rounding left in the equations."""
    examples = examples_of_a_rare_tag()
    matrix = with_ones(examples.matrix)
    sign = np.where(examples.truth, np.float32(1), np.float32(-1))
    problem = Problem(matrix, matrix.transposed(), sign, examples.sample_weight)
    residual = sign - problem.decide(ridge(problem, penalty=2.0))
    assert residual.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "kind", ["default", "svc-signs", "svc-joined", "naive-bayes", "naive-bayes-signs"]
)
def test_a_large_table_is_fitted_and_proved(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scores are those of a small table, but for the tolerance; rare tags included."""
    small = fitted(kind)
    monkeypatch.setattr(learners, "MOST_FOR_LIBLINEAR", 0)
    told: list[str] = []
    large = fit(*table(), replace(KINDS[kind], folds=3), step=told.append)
    assert large.out_of_fold == pytest.approx(small.out_of_fold, abs=0.05)
    model = KINDS[kind].model
    assert told[:2] == [f"{model}, fold 1 of 3", f"{model}, tags 1 to 14 of 14"]


def test_a_large_table_learns_from_another_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another table lends counts as it does to a small table, for the tags that it has."""
    texts, tags_of_each = table()
    shared = sorted({tag for tags in tags_of_each for tag in tags})[:4]
    bearers = [at for at, tags in enumerate(tags_of_each) if tags.intersection(shared)]
    lent = Lent(
        Labelled(
            tuple(range(len(bearers))),
            tuple(f"another {texts[at]}" for at in bearers),
            tuple(tuple(tags_of_each[at].intersection(shared)) for at in bearers),
        ),
        Auxiliary("another.csv", "0" * 64, len(bearers), tuple(shared)),
    )
    params = replace(KINDS["naive-bayes"], folds=3, auxiliary=True)
    small = fit(*table(), params, lent=lent)
    alone = fitted("naive-bayes")
    monkeypatch.setattr(learners, "MOST_FOR_LIBLINEAR", 0)
    large = fit(*table(), params, lent=lent)
    assert large.out_of_fold == pytest.approx(small.out_of_fold, abs=0.05)
    assert np.abs(large.out_of_fold - alone.out_of_fold).max() > 0.1


def test_the_matrix_is_the_same_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted and multiplied a few texts at a time, features and numbers are those of all texts."""
    texts, _ = table()
    whole = Vectorizer(Params(), tags=3).fit(texts)
    monkeypatch.setattr("training.factored.PORTION", 7)
    parts = Vectorizer(Params(), tags=3).fit(texts)
    assert parts.ngrams == whole.ngrams
    assert (parts.ngram_idf == whole.ngram_idf).all()
    matrix, portions = whole.transform(texts), parts.transform(texts).portions()
    stacked = np.vstack([portion.toarray() for portion in portions])
    assert (stacked == matrix.matrix().toarray()).all()
    assert matrix.count() >= matrix.matrix().nnz
