"""Texts by the million, as many and as various as wanted: the same for the same seed.

Each is the title of one catalogue entry and the description of another, a tenth of the words
exchanged for others. Those follow Zipf's law over an endless vocabulary: the catalogue's words by
their frequency, then words made up from their rank, most of which occur once. So, as in any large
collection, new words never cease.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from load_tests.texts import TABLE, spelt
from tagger.writing import writing

EXCHANGED = 0.1
"""Share of the words that are exchanged."""
EXPONENT = 1.2
"""Of Zipf's law: about one exchanged word in six is beyond the catalogue's vocabulary."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The catalogue, as texts are made from it."""

    titles: tuple[str, ...]
    descriptions: tuple[tuple[str, ...], ...]
    """Split into words."""
    words: tuple[str, ...]
    """The most frequent first."""


@cache
def vocabulary() -> Vocabulary:
    """Read the catalogue."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    descriptions = tuple(tuple(row["description"].split()) for row in rows)
    counted = Counter(word for words in descriptions for word in words)
    return Vocabulary(
        titles=tuple(row["title"] for row in rows),
        descriptions=descriptions,
        words=tuple(word for word, _ in counted.most_common()),
    )


def write_partitions(folder: Path, *, texts: int, partitions: int, seed: int) -> None:
    """Write so many texts into so many partitions, on all cores."""
    edges = [texts * number // partitions for number in range(partitions + 1)]
    with ProcessPoolExecutor() as pool:
        writing_all = [
            pool.submit(write_partition, number, folder, first=first, texts=last - first, seed=seed)
            for number, (first, last) in enumerate(pairwise(edges))
        ]
        for written in writing_all:
            written.result()


def write_partition(partition: int, folder: Path, *, first: int, texts: int, seed: int) -> None:
    """Write a partition of so many rows ``{"id", "text"}``; ids count from ``first``."""
    with writing(folder / f"part-{partition:05}.jsonl") as write:
        for number, text in enumerate(made_up(texts, seed=(seed, partition)), start=first):
            write({"id": number, "text": text})


def made_up(texts: int, *, seed: tuple[int, int]) -> Iterator[str]:
    """Make so many texts."""
    source = vocabulary()
    chance = np.random.default_rng(seed)
    titles = chance.integers(len(source.titles), size=texts)
    descriptions = chance.integers(len(source.descriptions), size=texts)
    for title, description in zip(titles.tolist(), descriptions.tolist(), strict=True):
        words = list(source.descriptions[description])
        exchanged = chance.binomial(len(words), EXCHANGED)
        places = chance.integers(len(words), size=exchanged)
        ranks = chance.zipf(EXPONENT, size=exchanged)
        for place, rank in zip(places.tolist(), ranks.tolist(), strict=True):
            words[place] = source.words[rank - 1] if rank <= len(source.words) else spelt(rank)
        yield f"{source.titles[title]}. {' '.join(words)}"
