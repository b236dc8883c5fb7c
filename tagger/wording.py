"""Plain words for numbers of things, and for the names that there are."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from math import floor
from os.path import commonprefix

LONGEST_SHOWN = 100
"""Characters of a name that nobody knows which its refusal repeats and compares."""
MOST_COMPARED = 200
"""Names that it compares, those that begin most like that one: to compare it with 5,000 would hold
a server for a quarter of a second."""
MOST_SHOWN = 20
"""Names that such a refusal tells."""


def counted(number: int, what: str) -> str:
    """Give a number with its noun, which is one of those that take an s: "1 text", "2 texts"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def rounded_down(figure: float, digits: int) -> str:
    """Write a share with so many digits, rounded down: one that misses 0.9 is never "0.90"."""
    return f"{floor(round(figure * 10**digits, 6)) / 10**digits:.{digits}f}"


def listed(names: Sequence[str], *, most: int = 10) -> str:
    """Name some things, ``most`` of them at most: "a, b and c", "a, b and 3 more"."""
    shown = list(names[:most])
    rest = len(names) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last


def known_names(kind: str, asked: str, known: Sequence[str]) -> str:
    """Say which names exist, those nearest to the one asked for first, `MOST_SHOWN` at most.

    ``kind`` is the plural that begins the sentence: "Runs", "Tags". Small letters and capitals are
    the same here: the nearest to "NLP" is "nlp".
    """
    if not known:
        return f"{kind} that exist: none."
    asked = asked[:LONGEST_SHOWN].casefold()
    folded = {name: name.casefold() for name in known}
    begun_alike = sorted(
        known,
        key=lambda name: -len(commonprefix((folded[name], asked))),  # noqa: RUF071 - letter by letter
    )
    compared = begun_alike[:MOST_COMPARED]
    alike = get_close_matches(asked, {folded[name] for name in compared}, n=3, cutoff=0.5)
    near = [name for match in alike for name in compared if folded[name] == match]
    shown = [*near, *(name for name in begun_alike if name not in near)][:MOST_SHOWN]
    rest = len(known) - len(shown)
    more = f", and {rest} more" if rest else ""
    return f"{kind} that exist: {', '.join(shown)}{more}."
