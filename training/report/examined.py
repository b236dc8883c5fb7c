"""What every section of a report is made from: a run, its model, its exam and its decisions."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.compare import decide_exam, predicted_tags
from tagger.exam import Exam
from tagger.f1 import Truth
from tagger.model import Model
from tagger.records import Run


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """A run with its answers to the texts of its test."""

    run: Run
    model: Model
    exam: Exam
    predicted: Truth
    """(test texts, tags): its decisions, of which ``run.performance`` was measured."""

    @classmethod
    def of(cls, run: Run, model: Model, exam: Exam) -> Examined:
        """Decide the exam's test side as the run does when it serves."""
        return cls(run, model, exam, predicted_tags(decide_exam(run, exam.test)))
