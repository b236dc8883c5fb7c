"""The chart of the servers side by side, and what every chart is drawn with."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from load_tests.results import Comparison, Row
from load_tests.subjects import BASELINE, FLOOR, KEPT, TAGLINE

WIDTH, LEFT, RIGHT, LINE, BAR = 760, 300, 60, 30, 18
"""Pixels: the whole, beside the bars on either side, from bar to bar, a bar's height."""
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.bar { fill: #8c959f } .own { fill: #0969da } .mark { stroke: #57606a; stroke-dasharray: 4 3 }
.line { fill: none; stroke-width: 2 } .small { font-size: 11px } .axis { stroke: #d0d7de }
.line-0 { stroke: #0969da } .line-1 { stroke: #bc4c00 }
.dot-0 { fill: #0969da } .dot-1 { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .bar { fill: #6e7681 } .own { fill: #58a6ff } .mark { stroke: #8b949e } .axis { stroke: #30363d }
  .line-0 { stroke: #58a6ff } .line-1 { stroke: #f0883e }
  .dot-0 { fill: #58a6ff } .dot-1 { fill: #f0883e }
}
"""


def bars(rows: tuple[Row, ...], title: str) -> ET.Element:
    """Draw one bar a server, as long as its ratio; a dashed line stands at the baseline."""
    height = LINE * (len(rows) + 1) + 8
    picture = drawing(title, WIDTH, height)
    scale = (WIDTH - LEFT - RIGHT) / max(row.ratio for row in rows)
    for number, row in enumerate(rows, start=1):
        top = LINE * number
        kind = "own" if row.name.startswith(TAGLINE) else "bar"
        length = row.ratio * scale
        place = {"x": str(LEFT), "y": str(top), "width": f"{length:.1f}", "height": str(BAR)}
        ET.SubElement(picture, "rect", {"class": kind, **place})
        write(picture, row.name, x=LEFT - 8, y=top + 14, anchor="end")
        write(picture, f"{row.ratio:.2f}", x=LEFT + length + 6, y=top + 14)
    at = f"{LEFT + scale:.1f}"
    ET.SubElement(
        picture,
        "line",
        {"class": "mark", "x1": at, "x2": at, "y1": str(LINE - 4), "y2": str(height - 8)},
    )
    return picture


def drawing(title: str, width: int, height: int) -> ET.Element:
    """Begin a picture with its title at the top."""
    size = {"viewBox": f"0 0 {width} {height}", "role": "img"}
    picture = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    ET.SubElement(picture, "title").text = title
    ET.SubElement(picture, "style").text = STYLE
    write(picture, title, x=0, y=18)
    return picture


def write(picture: ET.Element, words: str, *, x: float, y: float, anchor: str = "start") -> None:
    """Write words at a place."""
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    ET.SubElement(picture, "text", place).text = words


def servers(found: Comparison) -> ET.Element:
    """Draw what `make bench` found, but the floor, which is no server, and a kept build."""
    on = found.on
    rows = tuple(row for row in found.rows if row.name not in {FLOOR, KEPT})
    measured = f"(commit {on.commit}, load before it {on.load_average:.1f})"
    return bars(rows, f"Requests a second, as a multiple of: {BASELINE} {measured}")
