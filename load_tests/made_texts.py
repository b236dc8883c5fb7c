"""Texts of a given length, and texts of which a given share of the words is unknown."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice

from load_tests.made_words import unknown_words
from tagger.words import words_of

WORDS_A_TEXT = 20


def of_length(texts: Sequence[str], length: int, count: int) -> list[str]:
    """Cut ``count`` pieces of so many characters from all texts in a row."""
    chance = random.Random(length)
    row = " ".join(texts)
    starts = (chance.randrange(len(row) - length) for _ in range(count))
    return [row[start : start + length] for start in starts]


def of_words(texts: Sequence[str], unknown: Iterable[str], share: float, count: int) -> list[str]:
    """Make texts of the words of others, and put the next unknown word in the place of a share."""
    chance = random.Random(0)
    known = [word for text in texts for word in words_of(text)]
    others = iter(unknown)

    def word() -> str:
        return next(others) if chance.random() < share else chance.choice(known)

    return [" ".join(word() for _ in range(WORDS_A_TEXT)) for _ in range(count)]


def recurring(known: Container[str], different: int) -> Iterator[str]:
    """Draw from so many different unknown words, without end."""
    words = list(islice(unknown_words(known), different))
    chance = random.Random(0)
    while True:
        yield chance.choice(words)
