"""Plain words for lists and numbers."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], *, most: int) -> str:
    """Name some things, ``most`` of them at most: "a, b and c", "a, b and 3 more"."""
    shown = list(names[:most])
    rest = len(names) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last


def of_100(share: float) -> str:
    """Give a share as a count of a hundred; only what is nothing or all is called 0 or 100."""
    count = round(100 * share)
    if count == 0 and share > 0:
        return "fewer than 1"
    if count == 100 and share < 1:
        return "more than 99"
    return str(count)


def signed(difference: float, digits: int = 3) -> str:
    """Give a difference of two shares with its sign; an interval may reach beyond what can be."""
    return f"{max(-1.0, min(1.0, difference)):+.{digits}f}".replace("-", "\N{MINUS SIGN}")
