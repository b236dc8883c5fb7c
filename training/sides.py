"""Training and test: a text's side follows from its hash alone, whatever table it stands in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.records import Params
from training.data import Dataset, normalise
from training.duplicates import near_duplicates
from training.labelled import Labelled


def fingerprints(texts: Sequence[str], salt: str) -> NDArray[np.uint64]:
    """Hash each normalised text with the salt: the first 64 bits of its sha256, (texts,)."""
    return np.array(
        [
            int.from_bytes(hashlib.sha256(f"{salt}\n{normalise(text)}".encode()).digest()[:8])
            for text in texts
        ],
        np.uint64,
    )


def on_test_side(marks: NDArray[np.uint64], test_share: float) -> NDArray[np.bool_]:
    """Tell by the fingerprints alone which texts are kept back for the test, (texts,)."""
    return marks.astype(np.float64) < test_share * 2.0**64


@dataclass(frozen=True, slots=True)
class Sides:
    """A dataset in two, whatever tags will be trained."""

    training: Labelled
    test: Labelled
    near_duplicates: tuple[tuple[int, int], ...]
    """Rows left out of training, each with the row of the test side that it is much like."""
    ambiguous: tuple[int, ...]
    """Rows left out because their text bears several tags where each is to have one."""


def sides_of(dataset: Dataset, params: Params) -> Sides:
    """Divide a dataset as its texts' hashes say."""
    labelled, single = dataset.labelled, params.task == "single"
    ambiguous = np.array([single and len(tags) > 1 for tags in labelled.tags], np.bool_)
    kept_back = on_test_side(fingerprints(labelled.texts, params.salt), params.test_share)
    test = labelled.take(np.flatnonzero(kept_back & ~ambiguous).tolist())
    training = labelled.take(np.flatnonzero(~kept_back & ~ambiguous).tolist())
    near = near_duplicates(training.texts, test.texts)
    pairs = tuple((training.numbers[ours], test.numbers[theirs]) for ours, theirs in near.items())
    training = training.take([place for place in range(len(training)) if place not in near])
    several = labelled.take(np.flatnonzero(ambiguous).tolist()).numbers
    return Sides(training, test, pairs, several)
