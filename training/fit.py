"""scikit-learn's fit -> Model, proved equal to scikit-learn's own scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tagger.errors import SettingsError, TooLittleData, UnequalScores
from tagger.model import Model
from tagger.policy import DIGITS, Policy
from tagger.records import Params
from tagger.sparse import Doubles
from training.abstaining import word_information
from training.auxiliary import Lent
from training.candidates import CLEARLY, MOST_CHARACTERS, MOST_COMPARED, less_regularized
from training.learners import decide, learn
from training.progress import Step
from training.thresholds import Objective
from training.training_set import TrainingSet
from training.trial import Compared, Tried, try_out
from training.weights import weights_of

TOLERANCE = 1e-5
"""Of log-odds: what rounding weights to float32 may change."""


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


def fit(
    texts: Sequence[str],
    tags_of_each: Sequence[Collection[str]],
    params: Params,
    *,
    others: Sequence[Params] = (),
    lent: Lent | None = None,
    step: Step = lambda _: None,
) -> Fitted:
    """Fit a model; every tag that a text bears becomes one of the model's.

    Parameters
    ----------
    texts, tags_of_each
        The training side.
    others
        Tried beside ``params`` on folds of the texts, which have the same number and seed; whatever
        has the best weighted F1 is fitted, with ten times its C where that is clearly better still.
        A table too large for that gets ``params``.
    lent
        Of another table: params that say so learn from it; where none do, the best is tried once
        more, with it, unless both tables together are too large for that.
    step
        Is told the name of each step as it begins.

    Raises
    ------
    TooLittleData
        A tag is borne by fewer than two texts, or by all but one.
    SettingsError
        There is no such objective, or it sets thresholds where each text is given its best tag.
    UnequalScores
        The model does not score as scikit-learn does; it must not be used.
    """
    own = TrainingSet.of(texts, tags_of_each)
    _refuse_idle_objective(params)
    _refuse_what_nothing_sets_apart(own.tags, tags_of_each)
    candidates = (params, *(others if _comparable(texts, own.tags) else ()))

    def seen(params: Params) -> TrainingSet:
        return replace(own, lent=lent) if params.auxiliary else own

    def trial(params: Params) -> Tried:
        return try_out(seen(params), params, step)

    tried = [trial(candidate) for candidate in candidates]
    best = max(tried, key=_folds_f1)
    if len(tried) > 1 and (less := less_regularized(best.params)):
        tried.append(trial(less))
        if _folds_f1(tried[-1]) >= _folds_f1(best) + CLEARLY:
            best = tried[-1]
    if lent and not params.auxiliary and _comparable([*texts, *lent.labelled.texts], own.tags):
        tried.append(trial(replace(best.params, auxiliary=True)))
        best = max(best, tried[-1], key=_folds_f1)
    model = _fit_to_all(seen(best.params), best, step)
    return Fitted(
        model,
        best.scores.astype(np.float32),
        best.params,
        tuple(one.compared for one in tried),
        best.unreached,
    )


def _fit_to_all(training_set: TrainingSet, best: Tried, step: Step) -> Model:
    """Fit the candidate that was best on folds to all texts; prove the model equal."""
    step("all texts")
    vectorizer, learners = learn(training_set, best.params, step)
    expected = best.calibration.log_odds(decide(learners, vectorizer.transform(training_set.texts)))
    weights = weights_of(
        vectorizer,
        learners,
        best.calibration,
        best.params,
        information=word_information(vectorizer, *training_set.all_seen()),
        usual_length=best.usual_length,
    )
    del vectorizer, learners  # as large as the weights, which the model holds twice

    step("proof of equality with scikit-learn")
    policy = Policy(
        task=best.params.task,
        thresholds=np.round(best.thresholds, DIGITS),
        abstain_below=best.abstain_below,
    )
    model = Model(training_set.tags, policy, weights)
    _prove_equal(model.log_odds(training_set.texts)[0], expected)
    return model


def _comparable(texts: Sequence[str], tags: Sequence[str]) -> bool:
    """Tell whether so many texts are few enough to fit several candidates on their folds."""
    characters = sum(map(len, texts))
    return characters <= MOST_CHARACTERS and characters * len(tags) <= MOST_COMPARED


def _folds_f1(tried: Tried) -> float:
    return tried.compared.f1


def _prove_equal(served: Doubles, expected: Doubles) -> None:
    difference = np.abs(served - expected).max()
    if not difference <= TOLERANCE:
        raise UnequalScores(
            f"The served model differs from scikit-learn by {difference:.2g} in log-odds, "
            f"{TOLERANCE} being allowed. The run was not written; this is a fault of Tagline, "
            "please report it with the table's language and size."
        )


def _refuse_idle_objective(params: Params) -> None:
    if Objective.read(params.objective).figure != "f1" and params.task == "single":
        raise SettingsError(
            f"The objective {params.objective} is one of thresholds, and with one tag a text the "
            "best is predicted whatever its score. Choose f1, or the task multi."
        )


def _refuse_what_nothing_sets_apart(
    tags: Sequence[str], tags_of_each: Sequence[Collection[str]]
) -> None:
    """Refuse fewer than two tags, and those that one text bears, or all bear, or all but one."""
    if len(tags) < 2:
        raise TooLittleData(f"There are {len(tags)} tags to tell apart; it takes 2.")
    support = Counter(tag for some in tags_of_each for tag in some)
    for tag in tags:
        if not 2 <= support[tag] <= len(tags_of_each) - 2:
            raise TooLittleData(
                f"Tag {tag!r} is borne by {support[tag]} of {len(tags_of_each)} texts; to learn "
                "what sets it apart takes at least 2 that bear it and 2 that do not. Leave the tag "
                "out, or add such texts."
            )
