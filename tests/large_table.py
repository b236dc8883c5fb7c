"""Write a large table: `python -m tests.large_table --rows 100000 --tags 40 big.csv`.

Of each row's words some are those of its tags, drawn from the embedded table's texts with those
tags, some are anyone's, and some are invented: spelt like the others, drawn by Zipf's law, so that
new words go on appearing for ever, as they do in what people write.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from tagger.words import words_of
from training.auxiliary import CATALOGUE
from training.data import read_dataset
from training.labelled import Reading

OWN, ANYONES, INVENTED = 0.35, 0.5, 0.15
"""Shares of a row's words."""
ZIPF = 1.1
"""Exponent of the invented words."""
LETTERS_A_WORD = 6.5
"""With the blank after it."""
SYLLABLES = [c + v + e for c in "bdfgklmnprstvz" for v in "aeiou" for e in ("", "n", "r", "s", "l")]


@dataclass(frozen=True, slots=True)
class Vocabularies:
    """The words of each tag, as often as its texts hold them, and those of all texts."""

    by_tag: Sequence[Sequence[str]]
    all: Sequence[str]


def vocabularies(tags: int) -> Vocabularies:
    """Take the embedded table's words; where it has too few tags, pairs of them are tags too."""
    labelled = read_dataset(str(CATALOGUE), Reading()).labelled
    bags: dict[str, list[str]] = {}
    for text, some in zip(labelled.texts, labelled.tags, strict=True):
        for tag in some:
            bags.setdefault(tag, []).extend(words_of(text))
    own = list(bags.values())
    first = 0
    while len(own) < tags:
        pair = (first % len(bags), (first // len(bags) + first + 1) % len(bags))
        own.append([word for place in pair for word in own[place]])
        first += 1
    return Vocabularies(own[:tags], [word for bag in bags.values() for word in bag])


def invented(rank: int) -> str:
    """Spell a word: the more seldom it is, the longer."""
    spelt = ""
    while rank or not spelt:
        rank, syllable = divmod(rank, len(SYLLABLES))
        spelt += SYLLABLES[(syllable * 7 + 3 * len(spelt)) % len(SYLLABLES)]
    return spelt


def write_table(path: Path, *, rows: int, tags: int, characters: int) -> None:
    """Write a CSV with ``text`` and ``tags``; the same arguments give the same bytes."""
    random = np.random.default_rng(0)
    words = vocabularies(tags)
    popularity = 1 / np.arange(1, tags + 1) ** 0.7
    popularity /= popularity.sum()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "tags"))
        for _ in range(rows):
            bearing = random.choice(tags, random.integers(1, 5), replace=False, p=popularity)
            length = max(3, int(random.gamma(4, characters / LETTERS_A_WORD / 4)))
            own, anyones, new = random.multinomial(length, (OWN, ANYONES, INVENTED))
            text = [
                *(_one(words.by_tag[tag], random) for tag in random.choice(bearing, own)),
                *(_one(words.all, random) for _ in range(anyones)),
                *map(invented, np.minimum(random.zipf(ZIPF, new), 10**12).tolist()),
            ]
            random.shuffle(text)
            writer.writerow((" ".join(text), "|".join(f"tag-{tag}" for tag in sorted(bearing))))


def _one(words: Sequence[str], random: np.random.Generator) -> str:
    return words[int(random.random() * len(words))]


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rows", default=100_000, show_default=True)
@click.option("--tags", default=40, show_default=True)
@click.option("--characters", default=300, show_default=True, help="Of a row, on average.")
def main(path: Path, *, rows: int, tags: int, characters: int) -> None:
    """Write a large table to PATH."""
    write_table(path, rows=rows, tags=tags, characters=characters)


if __name__ == "__main__":
    main()
