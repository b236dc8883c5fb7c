"""A run's exam: what its texts' true tags were and how it scored them, without a word of the texts.

Two runs can be set side by side by their exams alone, wherever the table is; and a tag's threshold
can be set anew without training.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.arrays import REMEDY, read_arrays, write_arrays
from tagger.errors import BrokenRun

KEPT_FROM = 0.01
"""Scores below this, and below half of their tag's threshold, are not kept: they decide nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The texts of one side of the split in one order: n texts, T tags."""

    fingerprints: NDArray[np.uint64]
    """(n,) of the normalised texts, salted as the split is."""
    truth: NDArray[np.bool_]
    """(n, T) the tags that each text bears by the table."""
    scores: NDArray[np.float32]
    """(n, T) probabilities; 0 where the score was too low to decide anything."""
    familiarity: NDArray[np.float32]
    """(n,): how much each text is like those of training."""


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """The answers of a run on both sides of its split."""

    test: Answers
    """By the run itself, on texts it never saw."""
    training: Answers
    """By models that had not seen the fold that they scored: what thresholds are set from."""

    def write(self, folder: Path) -> None:
        """Write both sides into a folder that exists."""
        _write(folder / "test.npz", self.test)
        _write(folder / "training.npz", self.training)

    @classmethod
    def read(cls, folder: Path, *, tags: int) -> Exam:
        """Read an exam over so many tags.

        Raises
        ------
        BrokenRun
            A file is missing, damaged, or not of so many tags.
        """
        return cls(
            test=_read(folder / "test.npz", tags=tags),
            training=_read(folder / "training.npz", tags=tags),
        )


def without_idle_scores(
    scores: NDArray[np.float32], truth: NDArray[np.bool_], thresholds: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Set to 0 the scores that can decide nothing, so that an exam stays small.

    Kept are the scores that could reach their threshold if it were halved, or `KEPT_FROM`; those of
    true tags; and the best of each text, which a run of single tags predicts whatever it is.

    Parameters
    ----------
    scores, truth
        (texts, tags)
    thresholds
        (tags,)
    """
    kept = scores >= np.minimum(thresholds / 2, KEPT_FROM)
    kept |= truth
    kept |= scores >= scores.max(axis=1, keepdims=True)
    return np.where(kept, scores, np.float32(0))


def _write(path: Path, answers: Answers) -> None:
    true_texts, true_tags = np.nonzero(answers.truth)
    texts, tags = np.nonzero(answers.scores)
    write_arrays(
        path,
        {
            "fingerprints": answers.fingerprints,
            "familiarity": answers.familiarity,
            "true_texts": true_texts.astype(np.uint32),
            "true_tags": true_tags.astype(np.uint32),
            "score_texts": texts.astype(np.uint32),
            "score_tags": tags.astype(np.uint32),
            "scores": answers.scores[texts, tags],
        },
    )


STORED = {
    "fingerprints": np.uint64,
    "familiarity": np.float32,
    "true_texts": np.uint32,
    "true_tags": np.uint32,
    "score_texts": np.uint32,
    "score_tags": np.uint32,
    "scores": np.float32,
}


def _read(path: Path, *, tags: int) -> Answers:
    arrays = read_arrays(path)
    if {name: array.dtype for name, array in arrays.items()} != STORED:
        raise BrokenRun(f"{path} does not hold the arrays of an exam. {REMEDY}")
    texts = len(arrays["fingerprints"])
    truth = np.zeros((texts, tags), np.bool_)
    scores = np.zeros((texts, tags), np.float32)
    try:
        truth[arrays["true_texts"], arrays["true_tags"]] = True
        scores[arrays["score_texts"], arrays["score_tags"]] = arrays["scores"]
    except (IndexError, ValueError) as fault:
        raise BrokenRun(f"{path} is no exam over {tags} tags ({fault}). {REMEDY}") from fault
    if arrays["familiarity"].shape != (texts,):
        raise BrokenRun(f"{path} does not hold one familiarity a text. {REMEDY}")
    return Answers(arrays["fingerprints"], truth, scores, arrays["familiarity"])
