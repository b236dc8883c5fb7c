"""Two runs on one table: which is better, and on which texts they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagger.compare import Comparison, set_side_by_side
from tagger.model import Model
from tagger.paired import Truth
from tagger.records import Run
from training.data import Labelled
from training.evaluate import evaluate, truth_of


@dataclass(frozen=True, slots=True)
class Differing:
    """A text to which two runs give different tags."""

    row: int
    text: str
    tags: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Versus:
    """Two runs on one table."""

    comparison: Comparison
    differing: tuple[Differing, ...]


def versus(
    first: Run, first_model: Model, second: Run, second_model: Model, labelled: Labelled
) -> Versus:
    """Let two runs answer the same labelled texts."""
    tags = (*first.tags, *(tag for tag in second.tags if tag not in set(first.tags)))
    truth = truth_of(labelled.tags, tags)
    answers = [
        _laid_out(evaluate(model, labelled).predicted, run.tags, tags)
        for run, model in ((first, first_model), (second, second_model))
    ]
    comparison = set_side_by_side(first, second, truth, *answers)
    differing = tuple(
        Differing(
            labelled.numbers[text],
            labelled.texts[text],
            labelled.tags[text],
            *(tuple(tags[i] for i in np.flatnonzero(answer[text])) for answer in answers),
        )
        for text in np.flatnonzero((answers[0] != answers[1]).any(axis=1)).tolist()
    )
    return Versus(comparison, differing)


def _laid_out(predicted: Truth, columns: tuple[str, ...], tags: tuple[str, ...]) -> Truth:
    """Lay a run's decisions out in other columns."""
    laid_out = np.zeros((len(predicted), len(tags)), np.bool_)
    laid_out[:, [tags.index(tag) for tag in columns]] = predicted
    return laid_out
