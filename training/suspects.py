"""Rows whose tags look missing or wrong, by scores of models that had not seen them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.writing import writing
from training.evaluate import truth_of
from training.labelled import Labelled

SUSPICIOUS_FROM = 0.5
"""Half of the way from the threshold to certainty, on the side that the table denies."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One row to look at."""

    row: int
    suspicion: float
    """Of its most suspicious tag, 0 to 1."""
    missing: tuple[str, ...]
    doubtful: tuple[str, ...]
    text: str
    tags: tuple[str, ...]


def find_suspects(
    labelled: Labelled,
    scores: NDArray[np.float32],
    tags: tuple[str, ...],
    thresholds: NDArray[np.float64],
) -> list[Suspect]:
    """Find suspects, the most suspicious first.

    Parameters
    ----------
    scores
        (texts, tags), by models that had not seen the text.
    thresholds
        (tags,)
    """
    truth = truth_of(labelled.tags, tags)
    above = (scores - thresholds) / np.maximum(1 - thresholds, 1e-9)
    below = (thresholds - scores) / np.maximum(thresholds, 1e-9)
    suspicion = np.where(truth, below, above)
    found = []
    for text in np.flatnonzero((suspicion >= SUSPICIOUS_FROM).any(axis=1)).tolist():
        order = np.argsort(-suspicion[text])
        named = [column for column in order if suspicion[text, column] >= SUSPICIOUS_FROM]
        suspect = Suspect(
            row=labelled.numbers[text],
            suspicion=float(suspicion[text].max()),
            text=labelled.texts[text],
            tags=labelled.tags[text],
            missing=tuple(tags[column] for column in named if not truth[text, column]),
            doubtful=tuple(tags[column] for column in named if truth[text, column]),
        )
        found.append(suspect)
    return sorted(found, key=lambda suspect: -suspect.suspicion)


def write_suspects(path: Path, suspects: list[Suspect]) -> None:
    """Write suspects as CSV, or as JSON lines by the name, to be corrected and read as a table."""
    with writing(path) as write:
        for suspect in suspects:
            write(asdict(suspect) | {"suspicion": round(suspect.suspicion, 3)})
