"""Plain words for shares and their differences."""

from __future__ import annotations


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
