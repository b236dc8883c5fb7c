"""Two runs on one table: which is better, and on which texts they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagger.compare import Comparison, set_side_by_side
from tagger.model import Model
from tagger.records import Run
from training.evaluate import predict, truth_of
from training.labelled import Labelled


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
    tags = (*first.tags, *(tag for tag in second.tags if tag not in first.tags))
    answers = [predict(model, labelled.texts, tags) for model in (first_model, second_model)]
    truth = truth_of(labelled.tags, first.tags)
    of_first = (answer[:, : len(first.tags)] for answer in answers)
    comparison = set_side_by_side(first, second, truth, *of_first)
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
