"""Figures of several splits beside those of a base on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from training.measuring.measured import Measured


@dataclass(frozen=True, slots=True)
class Gain:
    """The mean of the splits' paired differences in a figure, and its 95% interval."""

    mean: float
    low: float
    high: float


def gain(ours: Sequence[Measured], base: Sequence[Measured], figure: str) -> Gain:
    """Return how much better a figure is than that of a base."""
    pairs = zip(ours, base, strict=True)
    values = np.array([getattr(one, figure) - getattr(other, figure) for one, other in pairs])
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
    middle = float(values.mean())
    return Gain(middle, middle - half, middle + half)


def difference(ours: Sequence[Measured], base: Sequence[Measured], figure: str) -> str:
    """Show how much better a figure is than that of a base, where there is another."""
    if not base or ours is base:
        return ""
    found = gain(ours, base, figure)
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def mean(measured: Sequence[Measured], figure: str, form: str = ".3f") -> str:
    """Show the mean of a figure over the splits, where it was measured."""
    found = float(np.mean([getattr(one, figure) for one in measured]))
    return "" if np.isnan(found) else format(found, form)
