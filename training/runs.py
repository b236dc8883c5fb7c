"""From a split to a run: fitted, then examined through the code that serves."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from tagger.exam import Answers, Exam, without_idle_scores
from tagger.history import now
from tagger.model import Model, Scored
from tagger.records import Params, Run
from tagger.store import new_run_id
from training.auxiliary import Lent
from training.data import Dataset
from training.evaluate import evaluate, truth_of
from training.fit import Fitted, fit
from training.labelled import Labelled
from training.progress import Step
from training.sides import fingerprints
from training.split import Split
from training.trial import Compared

PACKAGES = ("bentoml", "numpy", "scikit-learn", "scipy")
"""Whose versions a run names beside Python's."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A run that is not in the store yet."""

    run: Run
    model: Model
    exam: Exam
    out_of_fold: NDArray[np.float32]
    """(training texts, tags): by models that had not seen the text."""
    test_scores: NDArray[np.float32]
    """(test texts, tags): by the run, which had not seen them."""
    compared: tuple[Compared, ...]
    """The models among which this one was chosen, on the training side."""
    unreached: Mapping[str, float]
    """Tags that miss the objective on the training side, and what they reach."""


def make_run(
    dataset: Dataset,
    split: Split,
    params: Params,
    *,
    licence: str | None = None,
    others: Sequence[Params] = (),
    lent: Lent | None = None,
    step: Step = lambda _: None,
) -> Made:
    """Fit on the training side of a dataset's ``split``, and examine on the test side.

    ``others`` are compared with ``params`` on the training side, and the best of them with itself
    learning from what another table has ``lent`` too; the run has the best of all, and tells the
    ``licence`` of its table. ``step`` hears each step's name.

    Raises
    ------
    UnequalScores
    """
    fitted = fit(
        split.training.texts,
        split.training.tags,
        params,
        others=others,
        lent=lent,
        step=lambda name: step(f"Fit: {name}"),
    )
    model, params = fitted.model, fitted.params
    data = split.describe(dataset, licence=licence)
    if lent and params.auxiliary:
        data = replace(data, auxiliary=lent.described)
    step("Evaluate")
    test = evaluate(model, split.test)
    run = Run(
        run_id=new_run_id(),
        created_at=now(),
        tags=model.tags,
        thresholds=tuple(model.policy.thresholds.tolist()),
        params=params,
        performance=test.performance,
        data=data,
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
        abstain_below=model.policy.abstain_below,
    )
    return Made(
        run,
        model,
        _exam(split, fitted, test.scored),
        fitted.out_of_fold,
        test.scored.scores,
        fitted.compared,
        fitted.unreached,
    )


def _exam(split: Split, fitted: Fitted, test: Scored) -> Exam:
    """Keep how both sides were answered, ``test`` by the run itself."""
    model, salt = fitted.model, fitted.params.salt

    def answers(side: Labelled, scored: Scored) -> Answers:
        truth = truth_of(side.tags, model.tags)
        scores = without_idle_scores(scored.scores, truth, model.policy.thresholds)
        return Answers(fingerprints(side.texts, salt), truth, scores, scored.familiarity)

    # Nobody asks how familiar texts of training are: thresholds are set by all of them.
    out_of_fold = Scored(fitted.out_of_fold, np.ones(len(split.training), np.float32))
    return Exam(answers(split.test, test), answers(split.training, out_of_fold))
