"""What is fitted is scikit-learn's own, told of honestly, and the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, logit
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from tagger.errors import TooLittleData, UnequalScores
from tagger.model import Model
from tagger.records import Params
from tagger.vocabulary import MOST_UNKNOWN
from tagger.weights import Weights
from tagger.words import words_of
from tests.fitting import KINDS, fitted, table
from training import fit as fitting
from training import vectorizer
from training.calibration import calibrate
from training.fit import fit
from training.folds import folds_of
from training.thresholds import Objective, best_thresholds, thresholds_for
from training.weights import weights_of

QUICK = Params(folds=2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_fitted_and_proved(kind: str) -> None:
    """Each kind of features and learner is fitted, proved equal, and tags its own training."""
    found = fitted(kind)
    texts, tags_of_each = table()
    assert found.model.tags == tuple(sorted({tag for tags in tags_of_each for tag in tags}))
    assert found.out_of_fold.shape == (len(texts), len(found.model.tags))
    best = found.model.score(texts).scores.argmax(axis=1).tolist()
    right = [found.model.tags[tag] in tags for tag, tags in zip(best, tags_of_each, strict=True)]
    assert np.mean(right) > 0.95


def test_log_odds_are_plain_scikit_learns() -> None:
    """Log-odds are an affine map of what scikit-learn gives without a line of Tagline's.

    Pairs of words and n-grams count that stand in two texts; the n-grams' length is estimated.
    """
    # Where a word stands twice, its n-grams count less than twice.
    rows = [
        (text, tags)
        for text, tags in zip(*table(), strict=True)
        if text.isascii() and len(words_of(text)) == len(set(words_of(text)))
    ]
    texts, tags_of_each = [" ".join(words_of(text)) for text, _ in rows], [tags for _, tags in rows]
    model = fit(texts, tags_of_each, replace(QUICK, pairs=True)).model
    cut: dict[str, Any] = {"token_pattern": r"(?u)\b\w+\b", "ngram_range": (1, 2)}
    counter = CountVectorizer(**cut, binary=True)
    held_by = counter.fit_transform(texts).sum(axis=0).A1
    names = counter.get_feature_names_out()
    kept = [name for name, n in zip(names, held_by, strict=True) if " " not in name or n > 1]
    own = TfidfVectorizer(**cut, vocabulary=kept, sublinear_tf=True).fit_transform(texts)
    ngrams: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (2, 6), "min_df": 2}
    counts = CountVectorizer(**ngrams).fit_transform(texts)
    lengths = np.linalg.norm(counts @ model.weights.ngram_projection, axis=1, keepdims=True)
    characters = TfidfVectorizer(**ngrams, norm=None).fit_transform(texts) / lengths
    matrix = sparse.hstack([own, characters], format="csr")
    served = model.log_odds(texts)[0]
    for column, tag in enumerate(model.tags):
        learner = LinearSVC(C=0.5, random_state=0).fit(
            matrix, [tag in some for some in tags_of_each]
        )
        decisions = learner.decision_function(matrix)
        slope, offset = np.polyfit(decisions, served[:, column], 1)
        assert slope > 0
        assert served[:, column] == pytest.approx(slope * decisions + offset, abs=1e-5)


def test_a_model_that_scores_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A served model that differs from scikit-learn by more than rounding is never returned."""
    honest = weights_of

    def dishonest(*args: Any, **named: Any) -> Weights:
        weights = honest(*args, **named)
        return replace(weights, word_idf=weights.word_idf * 1.001)

    monkeypatch.setattr(fitting, "weights_of", dishonest)
    with pytest.raises(UnequalScores, match="differs from scikit-learn"):
        fit(*table(), QUICK)


def test_texts_of_many_rare_words_are_equal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the vocabulary has no room for all words, training passes over what serving does."""
    monkeypatch.setattr(vectorizer, "MOST_WEIGHTS", 300)
    # Each text has letters of its own, so that there is room for the n-grams of all other words.
    letters = [[chr(0x3FF + 64 * i + n) for n in range(30)] for i in range(4)]
    rare = [[one + other for one in some for other in some] for some in letters]
    texts = [
        f"{word} and {' '.join(more)}" for word, more in zip(["tea", "ore"] * 2, rare, strict=True)
    ]
    found = fit([*texts, "tea and", "ore and"], [{"drink"}, {"rock"}] * 3, QUICK)
    assert len(rare[0]) > MOST_UNKNOWN
    assert rare[0][0] not in found.model.weights.words
    assert "and" in found.model.weights.words
    assert " and " in found.model.weights.ngrams


@pytest.mark.parametrize(("many", "least"), [(10, 3), (11, 2)])
def test_of_many_texts_what_two_hold_is_left_out(
    many: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pairs and n-grams must stand in a text more where there are many texts; words need not."""
    monkeypatch.setattr(vectorizer, "MANY_TEXTS", many)
    texts = ["red tea"] * 3 + ["old ore"] * 2 + ["once", *["so on"] * 5]
    own = vectorizer.Vectorizer(Params(pairs=True), tags=2).fit(texts)
    assert ("old ore" in own.own.vocabulary_, " ore " in own.ngrams) == (least == 2,) * 2
    assert {"red tea", "old", "once"} <= set(own.own.vocabulary_)
    assert " tea " in own.ngrams


def test_left_out_texts_may_all_lack_words() -> None:
    """Of three texts with words, four folds leave none to one; the table is learnt all the same."""
    texts = ["beef stew", "beef roast", "beef pie", *["!!!"] * 9]
    found = fit(texts, [{"food"}] * 3 + [{"noise"}] * 9, replace(QUICK, folds=4))
    assert found.model.score(["beef"]).scores.argmax() == found.model.tags.index("food")


def test_texts_without_an_ngram_in_common_are_learnt_by_their_words(tmp_path: Path) -> None:
    """Where no n-gram stands in two texts, words alone tell, and the run is read as any other."""
    texts = ["ab", "cd", "ef", "gh"]
    found = fit(texts, [{"first"}, {"first"}, {"last"}, {"last"}], QUICK).model
    found.write(tmp_path)
    scores = Model.read(tmp_path).score(texts).scores
    assert found.weights.ngrams == ()
    assert (scores == found.score(texts).scores).all()
    assert scores.argmax(axis=1).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("most", [40_000_000, 20_000])
def test_with_every_ngram_stand_its_beginnings(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """N-grams are known with all their beginnings, however few there is room for."""
    monkeypatch.setattr(vectorizer, "MOST_WEIGHTS", most)
    weights = fit(*table(), QUICK).model.weights
    ngrams = set(weights.ngrams)
    shortest, _ = weights.ngram_lengths
    assert all(ngram[:-1] in ngrams for ngram in ngrams if len(ngram) > shortest)
    assert len(ngrams) * len(weights.intercept) <= most
    assert len(weights.words) * len(weights.intercept) <= most


def test_out_of_fold_scores_know_nothing_of_their_text() -> None:
    """Where tags are drawn by lot, fitted scores rank texts well, left-out ones by chance."""
    random = np.random.default_rng(1)
    texts = [" ".join(f"w{n}" for n in random.integers(0, 300, 12)) for _ in range(200)]
    heads = random.random(200) < 0.5
    found = fit(texts, [{"heads"} if head else {"tails"} for head in heads], QUICK)
    assert roc_auc_score(heads, found.model.score(texts).scores[:, 0]) > 0.95
    assert 0.35 < roc_auc_score(heads, found.out_of_fold[:, 0]) < 0.65


def test_folds_are_dealt_evenly() -> None:
    """Each text is left out once, and each tag's texts are spread over the folds."""
    random = np.random.default_rng(0)
    truth = random.random((200, 9)) < np.array([0.02, 0.03, 0.05, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5])
    dealt = list(folds_of(truth, Params(folds=4)))
    assert sorted(text for _, out in dealt for text in out.tolist()) == list(range(200))
    for rest, out in dealt:
        assert sorted([*rest, *out]) == list(range(200))
        assert 40 <= len(out) <= 60
    rarest = truth.sum(axis=0).argmin()
    counts = [truth[out, rarest].sum() for _, out in dealt]
    assert max(counts) - min(counts) <= 1


def test_scores_are_probabilities() -> None:
    """Decisions that are log-odds under another map for each tag are led back to it."""
    random = np.random.default_rng(0)
    log_odds = random.normal(-1, 2, (20_000, 3))
    truth = random.random(log_odds.shape) < 1 / (1 + np.exp(-log_odds))
    slope, offset = np.array([0.5, 2.0, 4.0]), np.array([-1.0, 0.0, 3.0])
    found = calibrate((log_odds - offset) / slope, truth)
    assert found.slope == pytest.approx(slope, rel=0.1)
    assert found.offset == pytest.approx(offset, abs=0.2)
    assert found.log_odds((log_odds - offset) / slope) == pytest.approx(log_odds, abs=0.5)


@pytest.mark.parametrize("size", [1e-6, 1e-4, 1, 10])
def test_decisions_of_any_size_are_led_back_to_probabilities(size: float) -> None:
    """However small or large decisions are, and wherever their middle lies."""
    random = np.random.default_rng(0)
    log_odds = random.normal(-2, 2, (2_000, 3))
    truth = random.random(log_odds.shape) < expit(log_odds)
    decisions = size * (log_odds - 4)
    found = calibrate(decisions, truth).probability(decisions)
    assert found == pytest.approx(expit(log_odds), abs=0.05)


def test_a_rare_tag_is_held_to_the_common_map() -> None:
    """A tag of three examples, separable by luck, gets no probabilities of 0 and 1."""
    random = np.random.default_rng(0)
    decisions = random.normal(-1, 1, (500, 20))
    truth = random.random(decisions.shape) < 1 / (1 + np.exp(-2 * decisions))
    truth[:, 0] = False
    truth[np.argsort(decisions[:, 0])[-3:], 0] = True
    decisions[:, 1] = 0  # they say nothing of a slope
    found = calibrate(decisions, truth)
    assert 1 < found.slope[0] < 6
    assert found.slope[1] == pytest.approx(2, rel=0.2)
    assert 0.001 < found.probability(decisions)[:, 0].max() < 0.999


def test_separable_tags_stay_finite() -> None:
    """Where every decision is right, the maps are finite all the same."""
    truth = np.repeat([[True, False], [False, True]], 10, axis=0)
    found = calibrate(np.where(truth, 1.0, -1.0), truth)
    assert np.isfinite([*found.slope, *found.offset]).all()
    assert ((found.slope > 0) & (found.slope < 10)).all()


def test_scores_are_never_in_the_contrary_order() -> None:
    """Where decisions mislead, they say next to nothing, and no less where they are higher."""
    decisions = np.random.default_rng(0).normal(0, 1, (500, 2))
    found = calibrate(decisions, decisions < 0)
    assert ((found.slope > 0) & (found.slope < 0.01)).all()


def test_where_decisions_say_nothing_scores_are_the_tags_share() -> None:
    """Whether they are chance, beside those that tell the other tags, or one and the same."""
    random = np.random.default_rng(0)
    decisions = random.normal(0, 1, (2_000, 6))
    truth = decisions > 0
    truth[:, 0] = random.random(2_000) < 0.1
    found = calibrate(decisions, truth).probability(decisions)[:, 0]
    assert found == pytest.approx(truth[:, 0].mean(), abs=0.05)
    alike = np.zeros_like(decisions)
    assert calibrate(alike, truth).probability(alike)[0] == pytest.approx(
        truth.mean(axis=0), abs=0.01
    )


def test_thresholds_are_half_way() -> None:
    """A threshold is the mean of its tag's best and of the best that all tags can share."""
    scores = np.array([[0.9, 0.4], [0.8, 0.3], [0.1, 0.2], [0.1, 0.1]])
    truth = np.array([[True, True], [True, True], [False, False], [False, False]])
    own = np.array([0.45, 0.25])
    twice = 2 * best_thresholds(scores, truth) - own
    assert twice[0] == pytest.approx(twice[1])
    assert 0.2 < twice[0] <= 0.3


def test_tags_of_nearly_all_texts_share_a_low_threshold() -> None:
    """The best common threshold may lie anywhere, below most of the scores too."""
    scores = np.array([[0.9, 0.8], [0.8, 0.7], [0.7, 0.6], [0.6, 0.5], [0.1, 0.2]])
    truth = scores > 0.4
    own = np.array([0.35, 0.35])
    assert ((2 * best_thresholds(scores, truth) - own) <= 0.5).all()


def test_the_best_common_threshold_is_by_weighted_f1() -> None:
    """A tag of many texts has more say in it than several of one text."""
    scores, truth = np.full((40, 4), 0.1), np.zeros((40, 4), np.bool_)
    scores[:20, 0], truth[:20, 0] = 0.3, True
    scores[20:, 1:] = 0.4
    scores[-1, 1:], truth[-1, 1:] = 0.8, True
    assert best_thresholds(scores, truth)[0] < 0.3


def test_thresholds_do_not_hang_on_the_order_of_texts() -> None:
    """Texts of the same score, such as those without words, are given a tag together."""
    scores = np.repeat([[0.9], [0.1]], [5, 50], axis=0)
    truth = np.arange(len(scores))[:, np.newaxis] < 10
    found = best_thresholds(scores, truth)
    assert 0.1 < found[0] < 0.9
    assert best_thresholds(scores[::-1], truth[::-1]) == found


def test_half_way_is_between_log_odds() -> None:
    """Thresholds for F1 are half-way between log-odds, so that a rare tag's low best counts."""
    log_odds = np.array([[2.0, -2.0], [1.0, -3.0], [-4.0, -5.0], [-5.0, -6.0]])
    truth = np.array([[True, True], [True, True], [False, False], [False, False]])
    found = thresholds_for(Objective("f1"), expit(log_odds), truth)
    assert logit(found) == pytest.approx(best_thresholds(log_odds, truth), abs=0.05)


def test_every_step_is_told() -> None:
    """Whoever watches hears of each fold and of what follows, in order."""
    told: list[str] = []
    fit(*table(), QUICK, step=told.append)
    assert told[:2] == ["svc, fold 1 of 2", "svc, fold 2 of 2"]
    assert told[2:] == [
        "svc, calibration and thresholds",
        "all texts",
        "proof of equality with scikit-learn",
    ]


@pytest.mark.parametrize(
    "tags",
    [
        [{"a"}, {"a"}, {"a"}, {"a"}],
        [{"a", "b"}, {"a"}, {"a", "c"}, {"c"}],
        [{"a", "b"}, {"a"}, {"a", "b"}, {"a"}],
        [set(), set(), set(), set()],
    ],
    ids=["one tag", "once", "everywhere", "none"],
)
def test_too_little_to_learn_from_is_refused(tags: list[set[str]]) -> None:
    """Fewer than two tags, or a tag that nearly no text bears or lacks, is told of."""
    with pytest.raises(TooLittleData):
        fit(["one", "two", "three", "four"], tags, QUICK)
