"""The numbers of a run, as they lie on disk: vocabularies and arrays, nothing that can run code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from tagger.arrays import REMEDY, Array, read_arrays, write_arrays
from tagger.errors import BrokenRun
from tagger.sparse import Doubles
from tagger.words import SIGNS, Signs

Floats = NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Weights:
    """What every word, pair of words and character n-gram adds to every tag.

    With ``count`` of a word or pair being 1 + log of how often the text holds it, the log-odds of a
    tag are::

        sum(count * word_weights) + sum(count * pair_weights), both / |count * idf|
        + sum(count * characters) / |sum(count * projection)|
        + intercept

    where ``characters`` and ``projection`` of a word are sums over the n-grams it holds.
    """

    words: tuple[str, ...]
    word_idf: Doubles
    """(words,): inverse document frequency."""
    word_information: Floats
    """(words,): how much each says that a text is like those of training."""
    word_weights: Floats
    """(words, tags), the inverse document frequency multiplied in."""
    pairs: NDArray[np.int32]
    """(pairs, 2): two rows of ``words``; ascending."""
    pair_idf: Doubles
    """(pairs,)"""
    pair_weights: Floats
    """(pairs, tags), the inverse document frequency multiplied in."""
    ngrams: tuple[str, ...]
    """Character n-grams, a blank being a word's edge; with each stand all its beginnings."""
    ngram_weights: Floats
    """(n-grams, tags), the inverse document frequency multiplied in."""
    ngram_projection: Floats
    """(n-grams, numbers), likewise."""
    ngram_lengths: tuple[int, int]
    """Characters of the shortest and the longest n-gram."""
    intercept: Doubles
    """(tags,)"""
    usual_length: float
    """One of twenty texts of training has more words, as `Counts` weighs them."""
    signs: Signs
    """Whether signs are words too, and whether with what they touch."""

    def write(self, path: Path) -> None:
        """Write all into one file; the same weights give the same bytes."""
        write_arrays(
            path,
            {
                "words": _bytes_of(self.words),
                "word_idf": self.word_idf,
                "word_information": self.word_information,
                "word_weights": self.word_weights,
                "pairs": self.pairs,
                "pair_idf": self.pair_idf,
                "pair_weights": self.pair_weights,
                "ngrams": _bytes_of(self.ngrams),
                "ngram_weights": self.ngram_weights,
                "ngram_projection": self.ngram_projection,
                "ngram_lengths": np.array(self.ngram_lengths, np.int32),
                "intercept": self.intercept,
                "usual_length": np.array([self.usual_length]),
                "signs": np.array([SIGNS.index(self.signs)], np.int32),
            },
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        BrokenRun
            The file is missing, cut short, or an array is not what it should be.
        """
        arrays = _Checked(path, read_arrays(path))
        words, ngrams = arrays.strings("words"), arrays.strings("ngrams")
        intercept = arrays.take("intercept", np.float64, (None,))
        pairs = arrays.take("pairs", np.int32, (None, 2))
        tags = len(intercept)
        shortest, longest = arrays.take("ngram_lengths", np.int32, (2,)).tolist()
        signs = int(arrays.take("signs", np.int32, (1,))[0])
        if not 0 <= signs < len(SIGNS):
            raise arrays.broken("signs", f"as {signs}")
        weights = cls(
            words=words,
            word_idf=arrays.take("word_idf", np.float64, (len(words),)),
            word_information=arrays.take("word_information", np.float32, (len(words),)),
            word_weights=arrays.take("word_weights", np.float32, (len(words), tags)),
            pairs=pairs,
            pair_idf=arrays.take("pair_idf", np.float64, (len(pairs),)),
            pair_weights=arrays.take("pair_weights", np.float32, (len(pairs), tags)),
            ngrams=ngrams,
            ngram_weights=arrays.take("ngram_weights", np.float32, (len(ngrams), tags)),
            ngram_projection=arrays.take("ngram_projection", np.float32, (len(ngrams), None)),
            ngram_lengths=(shortest, longest),
            intercept=intercept,
            usual_length=float(arrays.take("usual_length", np.float64, (1,))[0]),
            signs=SIGNS[signs],
        )
        if pairs.size and not 0 <= pairs.min() <= pairs.max() < len(words):
            raise arrays.broken("pairs", "of words that are not there")
        if not 1 <= shortest <= longest:
            raise arrays.broken("ngram_lengths", f"as {shortest} to {longest}")
        return weights


@dataclass(frozen=True, slots=True)
class _Checked:
    """The arrays of a file; each is handed out only if its type and shape are right."""

    path: Path
    arrays: dict[str, Array]

    def broken(self, name: str, fault: str) -> BrokenRun:
        return BrokenRun(f"{self.path} holds {name!r} {fault}. {REMEDY}")

    def take(
        self, name: str, dtype: type[Number], shape: tuple[int | None, ...]
    ) -> NDArray[Number]:
        """Return an array that has this type and shape, None being any length."""
        array = self.arrays.get(name)
        if array is None:
            raise self.broken(name, "not at all")
        fits = [want in (None, have) for want, have in zip(shape, array.shape, strict=False)]
        if array.dtype != dtype or array.ndim != len(shape) or not all(fits):
            raise self.broken(name, f"as {array.dtype} {array.shape}, not {dtype.__name__} {shape}")
        return np.ascontiguousarray(array)

    def strings(self, name: str) -> tuple[str, ...]:
        """Return strings that all differ."""
        try:
            joined = self.take(name, np.uint8, (None,)).tobytes().decode()
        except UnicodeDecodeError as fault:
            raise self.broken(name, f"as no text ({fault})") from fault
        found = tuple(joined.split("\n")) if joined else ()
        if len(set(found)) < len(found):
            raise self.broken(name, "with one of them twice")
        return found


def _bytes_of(strings: tuple[str, ...]) -> NDArray[np.uint8]:
    """Lay out strings, none of which holds a line feed, as bytes that an array can hold."""
    return np.frombuffer("\n".join(strings).encode(), np.uint8)
