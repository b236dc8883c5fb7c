"""A chart a curve: small panels side by side, drawn by `python -m load_tests.readme`.

Each panel shows one measure over the same axis. An axis whose values span a factor of `WIDE` is
logarithmic, and says so by its marks; any other begins at 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from load_tests.chart import drawing, write
from load_tests.curves import Curve, Line

WIDE = 20
APART = 2
"""The factor between two marks of a logarithmic axis at least, lest their numbers meet."""
PANEL, HEIGHT, LEFT, TOP, GAP = 250, 150, 56, 52, 40
"""Pixels: a panel's plot, its height, before the first, above them, below them."""


@dataclass(frozen=True)
class Axis:
    """Places along one direction, 0 to 1."""

    values: tuple[float, ...]

    @property
    def logarithmic(self) -> bool:
        """Whether the values span too much for a linear axis."""
        return min(self.values) > 0 and max(self.values) / min(self.values) >= WIDE

    def place(self, value: float) -> float:
        """Return where a value stands."""
        largest = max(self.values) or 1
        if not self.logarithmic:
            return value / largest
        smallest = min(self.values)
        return math.log(value / smallest) / math.log(largest / smallest)

    def marks(self) -> list[float]:
        """Return a few round values to write beside it."""
        largest = max(self.values) or 1
        if self.logarithmic:
            smallest = min(self.values)
            powers = (
                10.0**power
                for power in range(math.ceil(math.log10(smallest)), math.ceil(math.log10(largest)))
            )
            between = [value for value in powers if smallest * APART < value < largest / APART]
            return [smallest, *between, largest]
        return [0, largest / 2, largest]


def draw(curve: Curve) -> ET.Element:
    """Draw a curve's panels: rate, 99th percentile, and the ratio where there is one."""
    titles = {"per_second": f"{curve.counted} a second", "p99_ms": "p99, ms"}
    if curve.ratio:
        titles["ratio"] = f"ratio to {curve.ratio}"
    width = len(titles) * (LEFT + PANEL) + 20
    picture = drawing(curve.title, width, TOP + HEIGHT + GAP)
    across = Axis(tuple(point.x for line in curve.lines for point in line.points))
    for number, (measure, title) in enumerate(titles.items()):
        left = LEFT + number * (LEFT + PANEL)
        write(picture, title, x=left, y=TOP - 10)
        _panel(picture, measure, across, curve.lines, left)
        below = TOP + HEIGHT + 36
        write(picture, curve.grows, x=left + PANEL / 2, y=below, anchor="middle")
    if len(curve.lines) > 1:
        for number, line in enumerate(curve.lines):
            _dot(picture, number, width - 260 + 130 * number, 14)
            write(picture, line.name, x=width - 250 + 130 * number, y=18)
    return picture


def _panel(
    picture: ET.Element, measure: str, across: Axis, lines: Sequence[Line], left: int
) -> None:
    """Draw one measure of every point, by its name in `Point`."""
    up = Axis(tuple(getattr(point, measure) for line in lines for point in line.points))
    for mark in up.marks():
        y = TOP + HEIGHT * (1 - up.place(mark))
        ends = {"x1": f"{left}", "x2": f"{left + PANEL}", "y1": f"{y:.1f}", "y2": f"{y:.1f}"}
        ET.SubElement(picture, "line", {"class": "axis", **ends})
        write(picture, _short(mark), x=left - 6, y=y + 4, anchor="end")
    for mark in across.marks():
        x = left + PANEL * across.place(mark)
        write(picture, _short(mark), x=x, y=TOP + HEIGHT + 18, anchor="middle")
    for number, line in enumerate(lines):
        places = [
            (
                left + PANEL * across.place(point.x),
                TOP + HEIGHT * (1 - up.place(getattr(point, measure))),
            )
            for point in line.points
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        ET.SubElement(picture, "polyline", {"class": f"line line-{number}", "points": path})
        for x, y in places:
            _dot(picture, number, x, y)


def _dot(picture: ET.Element, number: int, x: float, y: float) -> None:
    place = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3"}
    ET.SubElement(picture, "circle", {"class": f"dot-{number}", **place})


def _short(value: float) -> str:
    """Write a mark with as many digits as it needs."""
    if value >= 10_000:
        return f"{value / 1_000:.3g}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
