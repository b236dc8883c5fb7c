"""The owner's say over how careful a tag is: another threshold, without training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tagger.compare import decide_exam, policy_of, predicted_tags
from tagger.errors import UnreachableTarget
from tagger.exam import KEPT_FROM, Exam
from tagger.history import now
from tagger.model import Model
from tagger.policy import DIGITS
from tagger.records import Run
from tagger.store import new_run_id
from tagger.wording import rounded_down
from training.evaluate import measure, slices_by_answer


def threshold_for_precision(run: Run, exam: Exam, *, tag: str, precision: float) -> float:
    """Find the lowest threshold at which a tag is right so often, on texts not seen in training.

    Lower ones than `lowest_threshold` are not looked at: there the exam keeps few wrong answers.

    Raises
    ------
    UnreachableTarget
        No threshold is.
    """
    column = run.tags.index(tag)
    scores = np.round(exam.training.scores[:, column].astype(np.float64), DIGITS)
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    right = np.cumsum(exam.training.truth[order, column]) / np.arange(1, len(order) + 1)
    # Texts of the same score are predicted together, so only the last of them is a threshold.
    last = np.append(ordered[1:] != ordered[:-1], True) & (ordered >= lowest_threshold(run, tag))
    reached = last & (right >= precision)
    if not reached.any():
        raise UnreachableTarget(
            f"No threshold is right {100 * precision:g}% of the time on the texts of training: "
            f"the best is {rounded_down(100 * right[last].max(initial=0), 1)}%. "
            "Ask for less, or correct its rows."
        )
    return float(ordered[reached][-1])


def lowest_threshold(run: Run, tag: str) -> float:
    """Return the threshold of a tag down to which the exam keeps all scores.

    The exam is that of the first training, whose thresholds may have been others: so half of the
    present one, which that kept, may be too low.
    """
    return min(run.thresholds[run.tags.index(tag)], KEPT_FROM)


def with_threshold(
    run: Run, model: Model, exam: Exam, *, tag: str, threshold: float
) -> tuple[Run, Model]:
    """Make a run that differs from another in one tag's threshold, and measure it by the exam.

    Raises
    ------
    UnreachableTarget
        The run predicts one tag a text, or the exam keeps no scores so low.
    """
    if run.task == "single":
        raise UnreachableTarget(
            f"{run.run_id} predicts the best tag of each text, whatever its score: "
            "thresholds change nothing."
        )
    lowest = lowest_threshold(run, tag)
    if threshold < lowest:
        raise UnreachableTarget(
            f"The exam of {run.run_id} keeps scores of {tag!r} from {lowest:.6f} on: a threshold "
            f"of {threshold} cannot be measured. Ask for more."
        )
    column = run.tags.index(tag)
    thresholds = np.array(run.thresholds)
    thresholds[column] = round(threshold, DIGITS)
    changed = replace(
        run,
        run_id=new_run_id(),
        created_at=now(),
        thresholds=tuple(thresholds.tolist()),
        derived_from=run.run_id,
    )
    decisions = decide_exam(changed, exam.test)
    performance = measure(
        exam.test.truth,
        predicted_tags(decisions),
        run.tags,
        slices_by_answer(exam.test.truth, decisions),
    )
    return (
        replace(changed, performance=performance),
        replace(model, policy=policy_of(changed)),
    )
