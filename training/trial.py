"""A candidate tried: how its models tag texts that they had not seen, and what is set by that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.familiarity import familiarity
from tagger.records import Params
from tagger.sparse import Doubles
from training.abstaining import abstain_below, usual_length, word_information
from training.calibration import Calibration, calibrate
from training.candidates import name_of
from training.evaluate import best_alone, measure
from training.folds import folds_of
from training.learners import decide, learn
from training.progress import Step
from training.thresholds import Objective, thresholds_for
from training.training_set import TrainingSet


@dataclass(frozen=True, slots=True)
class Compared:
    """How good a candidate is on texts of the training side that it had not seen.

    A text that it would abstain from is given nothing, as when it serves.
    """

    model: str
    regularization: float
    auxiliary: str | None
    """The other table that it learnt from too."""
    f1: float
    """Weighted by support, as all of a run's figures are."""
    macro_f1: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A candidate's scores of texts that it had not seen, and what was set by them."""

    params: Params
    calibration: Calibration
    scores: Doubles
    """(texts, tags): probabilities."""
    thresholds: Doubles
    usual_length: float
    abstain_below: float
    compared: Compared
    unreached: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class _LeftOut:
    """What is known of each text by models that had not seen it."""

    decisions: Doubles
    """(texts, tags)"""
    of_blank: tuple[tuple[NDArray[np.intp], Doubles], ...]
    """For each fold its texts, and what its model decides of a text without words, (tags,)."""
    information: Doubles
    """(texts,): what its words say, summed."""
    words: Doubles
    """(texts,)"""


def try_out(training_set: TrainingSet, params: Params, step: Step) -> Tried:
    """Have each text judged by a model of the other folds; calibrate and set limits by that.

    Parameters
    ----------
    step
        Is told the name of each step as it begins.
    """
    begun = time.perf_counter()
    truth = training_set.truth
    left_out = _leave_out(training_set, params, step)
    step(f"{_name(training_set, params)}, calibration and thresholds")
    calibration = calibrate(left_out.decisions, truth)
    scores = calibration.probability(left_out.decisions)
    objective = Objective.read(params.objective)
    thresholds = thresholds_for(objective, scores, truth)
    predicted = best_alone(scores) if params.task == "single" else scores >= thresholds
    usual = usual_length(left_out.words)
    familiar = _familiarities(left_out, calibration, usual)
    limit = abstain_below(
        familiar,
        right=(truth & predicted).sum(axis=1),
        missed=int((truth & ~predicted).sum()),
    )
    measured = measure(truth, predicted & (familiar >= limit)[:, np.newaxis], training_set.tags)
    return Tried(
        params=params,
        calibration=calibration,
        scores=scores,
        thresholds=thresholds,
        usual_length=usual,
        abstain_below=limit,
        compared=Compared(
            params.model,
            params.regularization,
            training_set.auxiliary,
            measured.overall.f1,
            measured.overall.macro_f1,
            seconds=time.perf_counter() - begun,
        ),
        unreached=objective.missed_by(measured.by_tag),
    )


def _name(training_set: TrainingSet, params: Params) -> str:
    return name_of(params.model, params.regularization, training_set.auxiliary)


def _leave_out(training_set: TrainingSet, params: Params, step: Step) -> _LeftOut:
    name = _name(training_set, params)
    decisions = np.zeros(training_set.truth.shape)
    of_blank = []
    information, words = np.zeros((2, len(training_set.texts)))
    for fold, (rest, out) in enumerate(folds_of(training_set.truth, params)):
        step(f"{name}, fold {fold + 1} of {params.folds}")
        training, left_out = training_set.take(rest), training_set.take(out).texts
        vectorizer, learners = learn(training, params, step)
        decided = decide(learners, vectorizer.transform([*left_out, ""]))
        decisions[out] = decided[:-1]
        of_blank.append((out, decided[-1].copy()))
        of_words = word_information(vectorizer, *training.all_seen())
        information[out], words[out] = vectorizer.sums(left_out, of_words)
        del vectorizer, learners  # half a GiB of 60,000 texts, before the next fold's are made
    return _LeftOut(decisions, tuple(of_blank), information, words)


def _familiarities(left_out: _LeftOut, calibration: Calibration, usual_length: float) -> Doubles:
    moves = np.zeros(len(left_out.words))
    for texts, of_blank in left_out.of_blank:
        moved = (left_out.decisions[texts] - of_blank) * calibration.slope
        moves[texts] = (moved**2).sum(axis=1)
    return familiarity(
        information=left_out.information,
        words=left_out.words,
        moves=moves,
        usual_length=usual_length,
    )
