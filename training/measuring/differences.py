"""Figures of several splits beside those of a base on the same splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from training.measuring.measured import Measured


def interval(
    ours: Sequence[Measured], base: Sequence[Measured], figure: str
) -> tuple[float, float, float]:
    """Return the mean of the splits' paired differences in a figure, and its 95% interval."""
    pairs = zip(ours, base, strict=True)
    values = np.array([getattr(one, figure) - getattr(other, figure) for one, other in pairs])
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def difference(ours: Sequence[Measured], base: Sequence[Measured], figure: str) -> str:
    """Show how much better a figure is than that of a base, where there is another."""
    if not base or ours is base:
        return ""
    return "{:+.3f} [{:+.3f}, {:+.3f}]".format(*interval(ours, base, figure))


def mean(measured: Sequence[Measured], figure: str, form: str = ".3f") -> str:
    """Show the mean of a figure over the splits, where it was measured."""
    found = float(np.mean([getattr(one, figure) for one in measured]))
    return "" if np.isnan(found) else format(found, form)
