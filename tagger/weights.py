"""The numbers of a run, as they lie on disk: a vocabulary and arrays, nothing that can run code."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from tagger.errors import BrokenRun

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Weights:
    """What every word, pair and character n-gram adds to every tag.

    The log-odds of a tag for a text are, with ``count`` being 1 + log of a word's occurrences::

        sum(count * word_weights and pair_weights) / norm(count * word_idf and pair_idf)
        + sum(count * characters) / norm(sum(count * projection)) + intercept

    where ``characters`` and ``projection`` of a word are sums over its n-grams.
    """

    words: tuple[str, ...]
    word_idf: Doubles
    """(words,)"""
    word_weights: Floats
    """(words, tags), inverse document frequency and calibration multiplied in."""
    pairs: Integers
    """(pairs, 2), places in ``words``, ascending."""
    pair_idf: Doubles
    """(pairs,)"""
    pair_weights: Floats
    """(pairs, tags)"""
    grams: tuple[str, ...]
    """Character n-grams, a blank standing for a word's edge."""
    gram_weights: Floats
    """(n-grams, tags)"""
    gram_projection: Floats
    """(n-grams, numbers of the projection)"""
    gram_lengths: Integers
    """(2,), the shortest and the longest n-gram."""
    intercept: Doubles
    """(tags,)"""

    def write(self, path: Path) -> None:
        """Write the arrays as one ``.npz``; the same weights give the same bytes."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        texts = {name: _encoded(getattr(self, name)) for name in _LISTS}
        np.savez(path, allow_pickle=False, **texts, **arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        BrokenRun
            The file is missing, cut short, or an array is not what it should be.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in (*_ARRAYS, *_LISTS)}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise BrokenRun(f"{path.name} of the run cannot be read: {error}") from error
        lists = {name: _decoded(arrays.pop(name)) for name in _LISTS}
        return cls(**lists, **arrays)


_LISTS = ("words", "grams")
_ARRAYS = tuple(field.name for field in fields(Weights) if field.name not in _LISTS)


def _encoded(words: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(words).encode(), np.uint8)


def _decoded(array: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    joined = array.tobytes().decode()
    return tuple(joined.split("\n")) if joined else ()
