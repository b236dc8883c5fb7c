"""Two runs side by side, on texts that neither has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagger.decide import Decisions, decide
from tagger.errors import PromotionRefused
from tagger.exam import Answers, Exam
from tagger.f1 import Truth
from tagger.model import Scored
from tagger.paired import OVERALL, Difference, beyond_noise, differences
from tagger.policy import Policy
from tagger.records import Run
from tagger.wording import listed

FEWEST_TEXTS = 50
"""Common texts without which a comparison says nothing."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs on the same texts."""

    first: str
    second: str
    texts: int
    overall: Difference
    """Of F1, weighted by support, over the tags of the first run and those of both."""
    by_tag: dict[str, Difference]
    lost: tuple[str, ...]
    """Tags of the first run alone: counted as never predicted by the second."""
    added: tuple[str, ...]
    """Tags of the second run alone: not compared."""
    relabelled: int
    """Texts whose tags were corrected in between; the second run's table counts."""
    worse: tuple[str, ...]
    """What is worse beyond noise: ``overall`` first, then tags."""

    def where_worse(self, *, most: int) -> str:
        """Say where it is worse, naming ``most`` tags at most: "overall and on a, b and 3 more"."""
        where = [OVERALL] if OVERALL in self.worse else []
        if tags := [name for name in self.worse if name != OVERALL]:
            where.append(f"on {listed(tags, most=most)}")
        return " and ".join(where)


def compare(first: Run, first_exam: Exam, second: Run, second_exam: Exam) -> Comparison:
    """Compare two runs by their exams alone.

    Raises
    ------
    PromotionRefused
        They cannot be compared: another task, another salt, or too few common texts.
    """
    if first.task != second.task:
        raise PromotionRefused(
            f"{first.run_id} is a run of task {first.task}, {second.run_id} of task {second.task}: "
            "they answer different questions and cannot be compared. Decide by what each is for."
        )
    if first.params.salt != second.params.salt:
        raise PromotionRefused(
            f"{first.run_id} and {second.run_id} were split with different salts, so that either "
            "may have been trained on the other's test texts. Train again with the same --salt, "
            f"or {_on_a_table(first, second)}"
        )
    common, ours, theirs = np.intersect1d(
        first_exam.test.fingerprints, second_exam.test.fingerprints, return_indices=True
    )
    if len(common) < FEWEST_TEXTS:
        raise PromotionRefused(
            f"{first.run_id} and {second.run_id} have {len(common)} test texts in common, and a "
            f"comparison needs {FEWEST_TEXTS}; {_on_a_table(first, second)}"
        )
    first_truth = first_exam.test.truth[ours]
    first_predicted = predicted_tags(decide_exam(first, first_exam.test))[ours]
    second_truth = in_columns(second_exam.test.truth[theirs], second.tags, first.tags)
    second_predicted = predicted_tags(decide_exam(second, second_exam.test))[theirs]
    second_predicted = in_columns(second_predicted, second.tags, first.tags)
    both = np.array([tag in second.tags for tag in first.tags])
    truth = np.where(both, second_truth, first_truth)
    relabelled = (first_truth[:, both] != second_truth[:, both]).any(axis=1)
    return set_side_by_side(
        first, second, truth, first_predicted, second_predicted, relabelled=int(relabelled.sum())
    )


def _on_a_table(first: Run, second: Run) -> str:
    return (
        "compare them on a table that neither has seen: "
        f"python -m training evaluate {first.run_id} {second.run_id} TABLE."
    )


def set_side_by_side(
    first: Run,
    second: Run,
    truth: Truth,
    first_predicted: Truth,
    second_predicted: Truth,
    *,
    relabelled: int = 0,
) -> Comparison:
    """Compare two runs' decisions, (texts, tags of the first run)."""
    overall, by_column = differences(truth, first_predicted, second_predicted)
    by_tag = dict(zip(first.tags, by_column, strict=True))
    return Comparison(
        first=first.run_id,
        second=second.run_id,
        texts=len(truth),
        overall=overall,
        by_tag=by_tag,
        lost=tuple(tag for tag in first.tags if tag not in second.tags),
        added=tuple(tag for tag in second.tags if tag not in first.tags),
        relabelled=relabelled,
        worse=beyond_noise(overall, by_tag),
    )


def decide_exam(run: Run, answers: Answers) -> Decisions:
    """Decide the texts of an exam as the run does when it serves."""
    return decide(Scored(answers.scores, answers.familiarity), policy_of(run))


def policy_of(run: Run) -> Policy:
    """Give how a run's scores become tags."""
    return Policy(run.task, np.array(run.thresholds, np.float64), run.abstain_below)


def predicted_tags(decisions: Decisions) -> Truth:
    """Lay decisions out as (texts, tags)."""
    predicted = np.zeros((len(decisions.abstained), len(decisions.limits)), np.bool_)
    texts = np.repeat(np.arange(len(predicted)), np.diff(decisions.starts))
    predicted[texts, decisions.columns] = True
    return predicted


def in_columns(marks: Truth, tags: Sequence[str], wanted: Sequence[str]) -> Truth:
    """Lay marks (texts, tags) out under other tags; nobody bears one that is not among theirs."""
    column = {tag: place for place, tag in enumerate(tags)}
    nobody = len(tags)
    return np.pad(marks, ((0, 0), (0, 1)))[:, [column.get(tag, nobody) for tag in wanted]]
