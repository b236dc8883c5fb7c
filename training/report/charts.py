"""Figures along two axes, and where they lie on a small chart; charts.html draws it as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Axis:
    """What runs along one side."""

    name: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    """Values that are marked, each with its label."""
    doubling: bool = False
    """Whether equal steps are equal factors."""

    def share(self, value: float) -> float:
        """Say how far along the axis a value is, 0 to 1."""
        if self.doubling:
            return log2(value / self.low) / log2(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured point, with where it may lie if that is known."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that charts.html draws."""

    title: str
    x: Axis
    y: Axis
    measured: tuple[Figure, ...]
    ideal: tuple[Figure, ...] = ()
    """The line on which the points should lie."""
    mark: float | None = None
    """Where on the x axis the run itself stands."""

    # In pixels of a phone's width, so that letters stay readable there; then the field's edges.
    width: ClassVar = 360
    height: ClassVar = 250
    left: ClassVar = 44
    right: ClassVar = 346
    top: ClassVar = 28
    bottom: ClassVar = 206

    def across(self, value: float) -> float:
        """Return where a value of the x axis is, in pixels from the left."""
        return round(self.left + self.x.share(value) * (self.right - self.left), 1)

    def down(self, value: float) -> float:
        """Return where a value of the y axis is, in pixels from the top."""
        return round(self.bottom - self.y.share(value) * (self.bottom - self.top), 1)


def shares(name: str, *, high: float = 1.0, step: float = 0.2) -> Axis:
    """Make an axis of shares from 0 on, marked in percent."""
    values = [step * count for count in range(round(high / step) + 1)]
    return Axis(name, 0.0, high, tuple((value, f"{100 * value:.0f}%") for value in values))


def figures(name: str) -> Axis:
    """Make an axis of figures between 0 and 1."""
    values = [count / 5 for count in range(6)]
    return Axis(name, 0.0, 1.0, tuple((value, f"{value:.1f}") for value in values))
