"""Words that no run knows, spelt like words, as many different ones as are asked for."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import count

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
LEAST_SYLLABLES = 4
"""Longer than most words, so few have to be passed over for being known."""


def spelt(number: int) -> str:
    """Spell a number in syllables: different numbers, different words."""
    syllables: list[str] = []
    while number or len(syllables) < LEAST_SYLLABLES:
        number, digit = divmod(number, len(SYLLABLES))
        # Moved on from place to place, or small numbers would all end in "bababa".
        syllables.append(SYLLABLES[(digit + 11 * len(syllables)) % len(SYLLABLES)])
    return "".join(syllables)


def unknown_words(known: Container[str], first: int = 0) -> Iterator[str]:
    """Spell word after word that is not ``known``, without end."""
    return (word for word in map(spelt, count(first)) if word not in known)
