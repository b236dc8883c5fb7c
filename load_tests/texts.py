"""Texts to send: those of a table, and texts made of their words and of words that no run knows."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from tagger.columns import TextColumns
from tagger.errors import MissingColumns, TooLittleData
from tagger.sources import find_source
from tagger.tables import read_rows
from tagger.words import words_of

TABLE = Path(__file__).resolve().parent.parent / "training" / "catalogue.csv"
WORDS_A_TEXT = 20
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
LEAST_SYLLABLES = 4
"""So the words made are longer than most, and few have to be skipped because a run knows them."""


def read_texts(table: Path = TABLE) -> tuple[str, ...]:
    """Read the texts of a table: its column ``text``, or ``title`` and ``description``.

    Raises
    ------
    TableError
        It cannot be read, or holds no texts.
    """
    rows = [row.values for row in read_rows(find_source(str(table)))]
    names = list(dict.fromkeys(name for row in rows for name in row))
    try:
        columns = TextColumns().found_in(names) if rows else TextColumns()
    except MissingColumns as fault:  # it tells of options that are not here
        raise MissingColumns(
            f"{table} has no column 'text', nor 'title' and 'description'.", names
        ) from fault
    texts = tuple(text for row in rows if (text := columns.text_of(row)))
    if not texts:
        raise TooLittleData(f"{table} holds no text.")
    return texts


def of_length(texts: Sequence[str], length: int, number: int) -> list[str]:
    """Cut ``number`` pieces of so many characters from all texts joined together."""
    chance = random.Random(length)
    row = " ".join(texts)
    starts = (chance.randrange(len(row) - length) for _ in range(number))
    return [row[start : start + length] for start in starts]


def of_words(texts: Sequence[str], unknown: Iterable[str], share: float, number: int) -> list[str]:
    """Make texts of the words of others, and put the next unknown word in the place of a share."""
    chance = random.Random(0)
    known = [word for text in texts for word in words_of(text)]
    others = iter(unknown)

    def word() -> str:
        return next(others) if chance.random() < share else chance.choice(known)

    return [" ".join(word() for _ in range(WORDS_A_TEXT)) for _ in range(number)]


def recurring(known: Container[str], different: int) -> Iterator[str]:
    """Draw from so many different unknown words, without end."""
    words = list(islice(unknown_words(known), different))
    chance = random.Random(0)
    while True:
        yield chance.choice(words)


def spelt(number: int) -> str:
    """Spell a number in syllables: different numbers, different words."""
    syllables: list[str] = []
    while number or len(syllables) < LEAST_SYLLABLES:
        number, digit = divmod(number, len(SYLLABLES))
        # Shifted from place to place, or all small numbers would end in "bababa".
        syllables.append(SYLLABLES[(digit + 11 * len(syllables)) % len(SYLLABLES)])
    return "".join(syllables)


def unknown_words(known: Container[str], first: int = 0) -> Iterator[str]:
    """Spell word after word that is not ``known``, without end."""
    return (word for word in map(spelt, count(first)) if word not in known)
