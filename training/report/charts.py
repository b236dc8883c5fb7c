"""Figures -> places on a small chart; charts.html draws them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

WIDTH, HEIGHT = 360, 250
"""Of the chart, in pixels of a phone's width, so that its letters stay readable there."""
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 28, 44
"""Around the field on which is drawn."""


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
class Place:
    """A point on the chart, in pixels."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark beside an axis, in pixels along it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that charts.html draws."""

    title: str
    x_name: str
    y_name: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    measured: tuple[Place, ...]
    ideal: tuple[Place, ...] = ()
    """The line on which the points should lie."""
    mark: float | None = None
    """Where on the x axis the run itself stands."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(
    title: str,
    x: Axis,
    y: Axis,
    measured: Sequence[Figure],
    *,
    ideal: Sequence[Figure] = (),
    mark: float | None = None,
) -> Chart:
    """Lay measured points out along two axes."""

    def across(value: float) -> float:
        return round(LEFT + x.share(value) * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        return round(HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM), 1)

    def place(figure: Figure) -> Place:
        low = figure.y if figure.low is None else figure.low
        high = figure.y if figure.high is None else figure.high
        return Place(across(figure.x), up(figure.y), up(low), up(high))

    return Chart(
        title=title,
        x_name=x.name,
        y_name=y.name,
        x_ticks=tuple(Tick(across(value), label) for value, label in x.ticks),
        y_ticks=tuple(Tick(up(value), label) for value, label in y.ticks),
        measured=tuple(map(place, measured)),
        ideal=tuple(map(place, ideal)),
        mark=None if mark is None else across(mark),
    )


def shares(name: str, *, high: float = 1.0, step: float = 0.2) -> Axis:
    """Make an axis of shares from 0 on, marked in percent."""
    values = [step * count for count in range(round(high / step) + 1)]
    return Axis(name, 0.0, high, tuple((value, f"{100 * value:.0f}%") for value in values))


def figures(name: str) -> Axis:
    """Make an axis of figures between 0 and 1."""
    values = [count / 5 for count in range(6)]
    return Axis(name, 0.0, 1.0, tuple((value, f"{value:.1f}") for value in values))
