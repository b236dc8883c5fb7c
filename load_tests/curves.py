"""What `make bench CURVES=1` finds: curves, as they are measured, kept and drawn."""

from __future__ import annotations

from dataclasses import dataclass

from load_tests.results import Circumstances, Row
from load_tests.table import Table


@dataclass(frozen=True)
class Effort:
    """How often and how long each point is measured."""

    rounds: int
    seconds: int
    most_tags: int


@dataclass(frozen=True)
class Point:
    """Medians of the rounds at one value of what grows."""

    x: float
    per_second: float
    """Requests, or texts where a request holds a growing number of them."""
    p99_ms: float
    failures: int
    cpu_us: float | None = None
    """Processor time of the server a request."""
    ratio: float | None = None
    """Of ``per_second`` to what `Curve.ratio` names."""


@dataclass(frozen=True)
class Line:
    """Points that belong together."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Curve:
    """One chart."""

    name: str
    """Of its file, and of its sentence."""
    title: str
    grows: str
    """What grows from left to right: the title of that axis."""
    counted: str
    """What a rate counts: requests or texts."""
    lines: tuple[Line, ...]
    ratio: str | None = None
    """What `Point.ratio` is a ratio to."""

    def table(self) -> Table:
        """Lay out its points, line after line."""
        head = [self.grows, f"{self.counted}/s", "p99 ms", "CPU us a request", "failures"]
        several = len(self.lines) > 1
        rows = [
            [
                f"{point.x:g}, {line.name}" if several else f"{point.x:g}",
                f"{point.per_second:,.0f}",
                f"{point.p99_ms:,.2f}",
                "" if point.cpu_us is None else f"{point.cpu_us:,.0f}",
                str(point.failures),
                *([f"{point.ratio:.2f}"] if self.ratio else []),
            ]
            for line in self.lines
            for point in line.points
        ]
        return Table([*head, f"ratio to {self.ratio}"] if self.ratio else head, rows)


@dataclass(frozen=True)
class Growth:
    """All that `make bench CURVES=1` found."""

    on: Circumstances
    effort: Effort
    curves: tuple[Curve, ...]
    one_connection: Row
    """Tagline's rate as a ratio to answering each request at once, at one connection."""
