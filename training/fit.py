"""scikit-learn's fit -> Model, proved equal to scikit-learn's own scores."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import SettingsError, TooLittleData, UnequalScores
from tagger.familiarity import familiarity
from tagger.model import Model
from tagger.paired import Truth
from tagger.policy import DIGITS, Policy
from tagger.records import Params
from tagger.sparse import Doubles
from tagger.weights import Weights
from training.abstaining import abstain_below, usual_length, word_information
from training.calibration import Calibration, calibrate
from training.candidates import MOST_CHARACTERS, MOST_COMPARED
from training.evaluate import best_alone, measure, truth_of
from training.learners import LEARNERS, decide, learn
from training.progress import Step
from training.thresholds import Objective, thresholds_for
from training.vectorizer import Vectorizer

TOLERANCE = 1e-5
"""Of log-odds: what rounding weights to float32 may change."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How good a candidate is on texts of the training side that it had not seen."""

    model: str
    f1: float
    """Weighted by support, as all of a run's figures are."""
    macro_f1: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a training gives."""

    model: Model
    out_of_fold: NDArray[np.float32]
    """(texts, tags): the scores of each text by a model that has not seen it."""
    params: Params
    """Those that were fitted."""
    compared: tuple[Compared, ...]
    """The candidates, in the order in which they were tried."""
    unreached: Mapping[str, float]
    """By tag, what precision or recall it has where it misses the objective, out of fold."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """A candidate's answers to texts that it had not seen, and what follows from them."""

    params: Params
    calibration: Calibration
    scores: Doubles
    """(texts, tags): probabilities."""
    thresholds: Doubles
    usual_length: float
    abstain_below: float
    compared: Compared
    unreached: Mapping[str, float]


def fit(
    texts: Sequence[str],
    tags_of_each: Sequence[Collection[str]],
    params: Params,
    *,
    others: Sequence[Params] = (),
    step: Step = lambda _: None,
) -> Fitted:
    """Fit a model; every tag that a text bears becomes one of the model's.

    Parameters
    ----------
    texts, tags_of_each
        The training side.
    others
        Tried beside ``params`` on folds of the texts, which have the same number and seed; whatever
        has the best weighted F1 is fitted. A table too large for that gets ``params``.
    step
        Is told the name of each step as it begins.

    Raises
    ------
    TooLittleData
        A tag is borne by fewer than two texts, or by all but one.
    SettingsError
        Some params ask for what there is not.
    UnequalScores
        The model does not score as scikit-learn does; it must not be used.
    """
    tags = tuple(sorted({tag for some in tags_of_each for tag in some}))
    truth = truth_of(tags_of_each, tags)
    small = truth.size <= MOST_COMPARED and sum(map(len, texts)) <= MOST_CHARACTERS
    candidates = (params, *(others if small else ()))
    for candidate in candidates:
        _refuse_nonsense(candidate)
    _refuse_too_little(tags, truth)

    tried = [_leave_out(texts, tags, truth, candidate, step) for candidate in candidates]
    best = max(tried, key=lambda one: one.compared.f1)
    policy = Policy(
        task=params.task,
        thresholds=np.round(best.thresholds, DIGITS),
        abstain_below=best.abstain_below,
    )

    step("all texts")
    vectorizer, learners = learn(texts, tags, truth, best.params, step)
    model = Model(
        tags,
        policy,
        _weights(
            vectorizer,
            learners,
            best.calibration,
            best.params,
            information=word_information(vectorizer, texts, truth),
            usual_length=best.usual_length,
        ),
    )

    step("proof of equality with scikit-learn")
    expected = best.calibration.log_odds(decide(learners, vectorizer.transform(texts)))
    _prove_equal(model.log_odds(texts)[0], expected)
    return Fitted(
        model,
        best.scores.astype(np.float32),
        best.params,
        tuple(one.compared for one in tried),
        best.unreached,
    )


def _leave_out(
    texts: Sequence[str], tags: tuple[str, ...], truth: Truth, params: Params, step: Step
) -> _Tried:
    """Let each text be judged by a model fitted on the other folds."""
    begun = time.perf_counter()
    decisions, blanks = np.zeros(truth.shape), []
    information, words = np.zeros((2, len(texts)))
    for fold, (rest, out) in enumerate(folds_of(truth, params)):
        step(f"{params.model}, fold {fold + 1} of {params.folds}")
        training = [texts[i] for i in rest]
        vectorizer, learners = learn(training, tags, truth[rest], params, step)
        left_out = [texts[i] for i in out]
        decided = decide(learners, vectorizer.transform([*left_out, ""]))
        decisions[out] = decided[:-1]
        blanks.append((out, decided[-1]))
        of_words = word_information(vectorizer, training, truth[rest])
        information[out], words[out] = vectorizer.sums(left_out, of_words)

    step(f"{params.model}, calibration and thresholds")
    calibration = calibrate(decisions, truth)
    scores = calibration.probability(decisions)
    objective = Objective.read(params.objective)
    thresholds = thresholds_for(objective, scores, truth)
    predicted = best_alone(scores) if params.task == "single" else scores >= thresholds
    measured = measure(truth, predicted, tags)
    compared = Compared(
        params.model,
        measured.overall.f1,
        measured.overall.macro_f1,
        seconds=time.perf_counter() - begun,
    )
    missed = objective.missed_by(measured.by_tag)
    right = (truth & predicted).sum(axis=1)
    # How far a text moves the scores is told by those of a text without words, fold by fold.
    moves = np.zeros(len(texts))
    for out, blank in blanks:
        moves[out] = (((decisions[out] - blank) * calibration.slope) ** 2).sum(axis=1)
    usual = usual_length(words)
    limit = abstain_below(familiarity(information, words, moves, usual), right)
    return _Tried(params, calibration, scores, thresholds, usual, limit, compared, missed)


def folds_of(truth: Truth, params: Params) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Deal the texts out to folds, a tag's evenly; yield for each fold the rest and its own.

    Tags are dealt from the rarest on, each text to the fold that has fewest of the tag, and of
    those to the smallest (Sechidis and others, "On the stratification of multi-label data", 2011).
    """
    order = np.random.default_rng(params.seed).permutation(len(truth))
    fold_of = np.full(len(truth), -1)
    sizes = np.zeros(params.folds, np.intp)
    for tag in np.argsort(truth.sum(axis=0), kind="stable").tolist():
        bearers = order[truth[order, tag]]
        held = np.bincount(fold_of[bearers] + 1, minlength=params.folds + 1)[1:]
        for text in bearers[fold_of[bearers] < 0].tolist():
            fold = np.lexsort((sizes, held))[0]
            fold_of[text] = fold
            held[fold] += 1
            sizes[fold] += 1
    left = order[fold_of[order] < 0]
    fold_of[left] = np.arange(len(left)) % params.folds
    for fold in range(params.folds):
        yield np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)


def _weights(
    vectorizer: Vectorizer,
    learners: Sequence[Any],
    calibration: Calibration,
    params: Params,
    *,
    information: Doubles,
    usual_length: float,
) -> Weights:
    """Fold inverse document frequency and calibration into the learner's coefficients."""
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


def _prove_equal(served: Doubles, expected: Doubles) -> None:
    difference = np.abs(served - expected).max()
    if not difference <= TOLERANCE:
        raise UnequalScores(
            f"The served model differs from scikit-learn by {difference:.2g} in log-odds, "
            f"{TOLERANCE} being allowed. The run was not written; this is a fault of Tagline, "
            "please report it with the table's language and size."
        )


def _refuse_nonsense(params: Params) -> None:
    if params.model not in LEARNERS:
        raise SettingsError(f"There is no model {params.model!r}. Choose {' or '.join(LEARNERS)}.")
    if Objective.read(params.objective).figure != "f1" and params.task == "single":
        raise SettingsError(
            f"The objective {params.objective} is one of thresholds, and with one tag a text the "
            "best is predicted whatever its score. Choose f1, or the task multi."
        )
    if not 1 <= params.characters[0] <= min(3, params.characters[1]):
        raise SettingsError(
            f"Character n-grams of {params.characters} cannot be: the shortest is 1 to 3 "
            "characters, the longest no shorter than that."
        )
    if params.folds < 2:
        raise SettingsError(f"{params.folds} folds leave no text out. Choose 2 or more.")


def _refuse_too_little(tags: Sequence[str], truth: Truth) -> None:
    if len(tags) < 2:
        raise TooLittleData(f"There are {len(tags)} tags to tell apart; it takes 2.")
    support = truth.sum(axis=0)
    for tag, borne in zip(tags, support.tolist(), strict=True):
        if not 2 <= borne <= len(truth) - 2:
            raise TooLittleData(
                f"Tag {tag!r} is borne by {borne} of {len(truth)} texts; to learn what sets it "
                "apart takes at least 2 that bear it and 2 that do not. Leave the tag out, or add "
                "such texts."
            )
