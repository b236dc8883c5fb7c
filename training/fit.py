"""scikit-learn's fit -> Model, proved equal to scikit-learn's own scores."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from tagger.decide import DIGITS, Policy
from tagger.errors import UnequalScores
from tagger.model import Model
from tagger.records import Params
from tagger.weights import Weights
from tagger.words import words_of

Doubles = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a training gives."""

    model: Model
    out_of_fold: npt.NDArray[np.float32]
    """(texts, tags): the scores of each text by a model that has not seen it."""
    params: Params
    """As asked for, with what training chose."""


def _quietly(_: str) -> None:
    pass


class Vectorizer:
    """scikit-learn's vectorizers, put together as the served model reads a text."""

    def __init__(self, params: Params) -> None:
        self.params = params

    def fit(self, texts: Sequence[str]) -> Vectorizer:
        params = self.params
        self.own = TfidfVectorizer(
            tokenizer=words_of, token_pattern=None, lowercase=False, sublinear_tf=True,
            ngram_range=(1, 2 if params.pairs else 1),
        ).fit(texts)
        self.counts = CountVectorizer(analyzer=words_of).fit(texts)
        shortest, longest = params.characters or (2, 2)
        self.grams = CountVectorizer(
            analyzer="char_wb", lowercase=False, ngram_range=(shortest, longest)
        ).fit(self.counts.get_feature_names_out())
        names = self.grams.get_feature_names_out()
        cut = self.grams.transform(self.counts.get_feature_names_out())
        seen = ((self.counts.transform(texts) > 0).astype(np.int64) @ cut > 0).sum(axis=0).A1 if False else np.asarray(
            ((self.counts.transform(texts) @ cut) > 0).sum(axis=0)).ravel()
        kept = np.flatnonzero(seen >= 2) if params.characters else np.zeros(0, np.intp)
        self.grams.set_params(vocabulary=list(names[kept])).fit(names) if len(kept) else None
        self.names = tuple(names[kept])
        self.idf = np.log((1 + len(texts)) / (1 + seen[kept])) + 1
        random = np.random.default_rng(params.seed).standard_normal((len(kept), params.projection))
        self.projection = (random * self.idf[:, None] / params.projection**0.5).astype(np.float32)
        return self

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        own = self.own.transform(texts)
        if not self.names:
            return own.tocsr()
        count = CountVectorizer(analyzer=words_of)
        counts = count.fit_transform(texts).astype(np.float64)
        counts.data = 1 + np.log(counts.data)
        rows = self.grams.transform(count.get_feature_names_out())
        grams = counts @ rows
        length = np.linalg.norm(grams @ self.projection.astype(np.float64), axis=1)
        length[length == 0] = 1
        scaled = sparse.diags(1 / length) @ grams @ sparse.diags(self.idf)
        return sparse.hstack([own, scaled]).tocsr()


def fit(
    texts: Sequence[str],
    tags_of_each: Sequence[Collection[str]],
    params: Params,
    *,
    step: Callable[[str], None] = _quietly,
) -> Fitted:
    """Fit a model on all texts; every tag that occurs becomes one of the model's."""
    tags = tuple(sorted({tag for some in tags_of_each for tag in some}))
    truth = np.array([[tag in some for tag in tags] for some in map(set, tags_of_each)])
    array = np.array(texts, dtype=object)
    out_of_fold = np.zeros(truth.shape)
    folds = np.random.default_rng(params.seed).permutation(len(texts)) % params.folds
    familiarity = np.zeros(len(texts))
    for fold in range(params.folds):
        step(f"Fold {fold + 1} of {params.folds}")
        left, out = folds != fold, folds == fold
        vectorizer = Vectorizer(params).fit(array[left])
        learner = _learner(params).fit(vectorizer.transform(array[left]), truth[left].astype(int))
        out_of_fold[out] = _decisions(learner, vectorizer.transform(array[out]))
        known = vectorizer.counts.vocabulary_
        familiarity[out] = [
            np.mean([word in known for word in words_of(text)] or [0]) for text in array[out]
        ]
    slope, offset = np.full(len(tags), 3.0), np.zeros(len(tags))
    probability = 1 / (1 + np.exp(-(out_of_fold * slope + offset)))
    step("Fit on all texts")
    vectorizer = Vectorizer(params).fit(array)
    matrix = vectorizer.transform(array)
    learner = _learner(params).fit(matrix, truth.astype(int))
    policy = Policy(
        task=params.task,
        thresholds=np.round(_thresholds(probability, truth), DIGITS),
        abstain_below=float(np.quantile(familiarity, 0.01) / 2),
    )
    model = Model(tags, policy, _weights(vectorizer, learner, slope, offset))
    step("Prove equal to scikit-learn")
    difference = np.abs(_decisions(learner, matrix) * slope + offset - model.log_odds(texts)[0])
    if not difference.max() < 1e-5:
        raise UnequalScores(f"The served model differs from scikit-learn by {difference.max()}.")
    return Fitted(model, probability.astype(np.float32), params)


def _learner(params: Params) -> OneVsRestClassifier:
    return OneVsRestClassifier(LinearSVC(C=params.regularization, random_state=params.seed))


def _decisions(learner: OneVsRestClassifier, matrix: sparse.csr_matrix) -> Doubles:
    return np.asarray(learner.decision_function(matrix)).reshape(matrix.shape[0], -1)


def _thresholds(scores: Doubles, truth: Truth) -> Doubles:
    """Half-way between each tag's best threshold by F1 and the best common one."""

    def f1(limit: float) -> float:
        found = scores >= limit
        return float(2 * (found & truth).sum() / max(1, found.sum() + truth.sum()))

    common = max(np.quantile(scores, np.linspace(0.5, 0.999, 400)), key=f1)
    own = []
    for score, true in zip(scores.T, truth.T, strict=True):
        order = np.argsort(-score)
        gain = 2 * np.cumsum(true[order]) / (np.arange(1, len(score) + 1) + true.sum())
        best = int(gain.argmax())
        own.append((score[order[best]] + score[order[min(best + 1, len(score) - 1)]]) / 2)
    return (np.array(own) + common) / 2


def _weights(
    vectorizer: Vectorizer, learner: OneVsRestClassifier, slope: Doubles, offset: Doubles
) -> Weights:
    coefficients = np.vstack([one.coef_[0] for one in learner.estimators_]).T * slope
    intercept = np.array([one.intercept_[0] for one in learner.estimators_]) * slope + offset
    names = vectorizer.own.get_feature_names_out()
    idf = vectorizer.own.idf_
    own, grams = coefficients[: len(names)] * idf[:, None], coefficients[len(names) :]
    single = np.array([" " not in name for name in names])
    words = tuple(names[single])
    place = {word: i for i, word in enumerate(words)}
    pairs = np.array(
        [[place[word] for word in name.split(" ")] for name in names[~single]], np.int32
    ).reshape(-1, 2)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Weights(
        words=words,
        word_idf=idf[single],
        word_weights=own[single].astype(np.float32),
        pairs=pairs[order],
        pair_idf=idf[~single][order],
        pair_weights=own[~single][order].astype(np.float32),
        grams=vectorizer.names,
        gram_weights=(grams * vectorizer.idf[:, None]).astype(np.float32),
        gram_projection=vectorizer.projection,
        gram_lengths=vectorizer.params.characters or (2, 2),
        intercept=intercept,
    )
