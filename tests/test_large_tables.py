"""A table too large for liblinear gets the model that liblinear would have found."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from tagger.records import Params
from tests.fitting import fitted, table
from training import learners, newton
from training.fit import fit
from training.newton import fit_together
from training.vectorizer import Vectorizer


def test_newton_finds_what_liblinear_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the time, both minimise the same sum: every tag's decisions are alike."""
    monkeypatch.setattr(newton, "TOLERANCE", 1e-7)
    texts, tags_of_each = table()
    tags = sorted({tag for tags in tags_of_each for tag in tags})
    truth = np.array([[tag in some for tag in tags] for some in tags_of_each])
    matrix = Vectorizer(Params(), tags=len(tags)).fit(texts).transform(texts)
    found = fit_together(matrix, truth, regularization=0.5, step=lambda _: None)
    whole = matrix.matrix()
    for tag, learner in enumerate(found):
        exact = LinearSVC(C=0.5, tol=1e-9, max_iter=100_000, random_state=0)
        expected = exact.fit(whole, truth[:, tag]).decision_function(whole)
        assert learner.decision_function(whole) == pytest.approx(expected, abs=1e-4)


def test_a_large_table_is_fitted_and_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scores are those of a small table, but for the tolerance; rare tags included."""
    small = fitted()
    monkeypatch.setattr(learners, "MOST_FOR_LIBLINEAR", 0)
    texts, tags_of_each = table()
    told: list[str] = []
    large = fit(texts, tags_of_each, Params(folds=3), step=told.append)
    assert large.out_of_fold == pytest.approx(small.out_of_fold, abs=0.05)
    assert told[:2] == ["svc, fold 1 of 3", "svc, tags 1 to 14 of 14"]


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
