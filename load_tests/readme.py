"""`python -m load_tests.readme`: draw what was measured, and write it into both READMEs.

Each section stands between two comments that name it; what is between them is written anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as ET

import click

from load_tests import chart, costs, curves, memory, panels, results
from load_tests.points import Curve, Point
from load_tests.results import PROJECT, Circumstances

PAGE = PROJECT / "load_tests" / "README.md"
README = PROJECT / "README.md"
EXPLANATIONS = PROJECT / "load_tests" / "explanations.toml"
PEERS = ("litserve", "mlserver", "annif")


def growth_section() -> Iterator[str]:
    """Write every curve: chart, sentence, and the points in a table to open."""
    found = curves.read()
    explained = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    rounds, seconds = found.effort.rounds, found.effort.seconds
    yield f"{measured_on(found.on)} Medians of {rounds} rounds of {seconds} s a point."
    yield (
        f"At one connection Tagline reaches {found.one_connection.ratio:.2f} of the rate of "
        "answering each request at once "
        "(quartiles {:.2f} to {:.2f}).".format(*found.one_connection.ratio_quartiles)
    )
    for curve in found.curves:
        yield f"### {curve.title}"
        yield f"![{curve.title}](results/curve-{curve.name}.svg)"
        yield explained[curve.name].strip()
        yield f"<details><summary>Figures</summary>\n\n{points_table(curve)}\n\n</details>"


def points_table(curve: Curve) -> str:
    """Write a curve's points, line after line."""
    head = [curve.grows, f"{curve.counted}/s", "p99 ms", "CPU us a request", "failures"]
    rows = [
        [f"{point.x:g}{f', {line.name}' if len(curve.lines) > 1 else ''}", *_figures(point)]
        for line in curve.lines
        for point in line.points
    ]
    if curve.ratio:
        head.append(f"ratio to {curve.ratio}")
        points = chain.from_iterable(line.points for line in curve.lines)
        for row, point in zip(rows, points, strict=True):
            row.append(f"{point.ratio:.2f}")
    return table(head, rows)


def _figures(point: Point) -> list[str]:
    cpu = "" if point.cpu_us is None else f"{point.cpu_us:,.0f}"
    return [f"{point.per_second:,.0f}", f"{point.p99_ms:,.2f}", cpu, str(point.failures)]


def peers_section() -> Iterator[str]:
    """Write the table of the peers."""
    found = results.read(results.PEERS)
    versions = ", ".join(f"{name} {found.on.versions[name]}" for name in PEERS)
    rounds = f"{found.rounds} rounds of {found.seconds_a_round} s each"
    yield f"{measured_on(found.on)} {versions}; {rounds}. The ratio is to Tagline on one core."
    yield table(
        ["", "ratio", "quartiles", "requests/s", "p50 ms", "p99 ms", "MiB", "failures"],
        [
            [
                f"{row.name} ({row.note})" if row.note else row.name,
                f"{row.ratio:.2f}",
                "{:.2f} to {:.2f}".format(*row.ratio_quartiles),
                f"{row.requests_per_second:,.0f}",
                f"{row.p50_ms:.1f}",
                f"{row.p99_ms:.1f}",
                f"{row.memory_mib:,.0f}",
                str(row.failures),
            ]
            for row in found.rows
        ],
    )


def memory_section() -> Iterator[str]:
    """Write both tables of the memory."""
    found = memory.read()
    yield measured_on(found.on)
    yield table(
        ["resident memory, MiB", "worker", "with its supervisor"],
        [[size.situation, f"{size.worker:.0f}", f"{size.together:.0f}"] for size in found.sizes],
    )
    yield "What a worker's is made of, each part loaded after the one above it:"
    yield table(["part", "MiB"], [[part.name, f"{part.mib:.1f}"] for part in found.parts])


def costs_section() -> Iterator[str]:
    """Write where the time of a request goes."""
    found = costs.read()
    yield (
        f"{found.cpu_us:.0f} us of processor time a request, {found.floor_cpu_us:.0f} of uvicorn "
        f"with a constant (commit {found.on.commit}, load {found.on.load_average:.1f}):"
    )
    yield table(
        ["step", "what", "us", "floor"],
        [
            [cost.step, cost.what, f"{cost.microseconds:.1f}", f"{cost.floor:.1f}"]
            for cost in found.steps
        ],
        words=2,
    )


@dataclass(frozen=True)
class Section:
    """A part of one page, or of several, that is written from results."""

    name: str
    results: Path
    write: Callable[[], Iterator[str]]
    pages: tuple[Path, ...] = (PAGE,)


SECTIONS = (
    Section("costs", results.COSTS, costs_section),
    Section("curves", results.CURVES, growth_section),
    Section("peers", results.PEERS, peers_section, pages=(PAGE, README)),
    Section("memory", results.MEMORY, memory_section),
)


def pictures() -> Iterator[tuple[Path, ET.Element]]:
    """Draw every chart of what was measured, and name its file."""
    if results.BENCH.exists():
        yield results.BENCH.with_suffix(".svg"), chart.servers(results.read(results.BENCH))
    if results.CURVES.exists():
        for curve in curves.read().curves:
            yield results.RESULTS / f"curve-{curve.name}.svg", panels.draw(curve)


def measured_on(on: Circumstances) -> str:
    """Say what was measured, where and when."""
    return (
        f"Commit {on.commit}, {on.measured_at[:10]}, {on.machine}, "
        f"load before it {on.load_average:.1f}."
    )


def table(head: list[str], rows: list[list[str]], *, words: int = 1) -> str:
    """Write a table: columns of words first, to the left, then those of figures, to the right."""
    lines = [head, ["---"] * words + ["--:"] * (len(head) - words), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(text: str, section: str, paragraphs: Iterator[str]) -> str:
    """Put paragraphs in the place of a section's."""
    pattern = re.compile(rf"(<!-- {section}: [^\n]*-->\n).*?(<!-- {section} end -->)", re.DOTALL)
    inside = "\n" + "\n\n".join(paragraphs) + "\n\n"
    return pattern.sub(lambda found: found[1] + inside + found[2], text)


@click.command()
def main() -> None:
    """Draw the charts, and write into the pages what was measured.

    Example: python -m load_tests.readme
    """
    for path, picture in pictures():
        ET.ElementTree(picture).write(path, encoding="unicode")
    for section in SECTIONS:
        if not section.results.exists():
            continue
        for page in section.pages:
            text = page.read_text(encoding="utf-8")
            page.write_text(written(text, section.name, section.write()), encoding="utf-8")
    click.echo(f"Written: {', '.join(str(page.relative_to(PROJECT)) for page in (PAGE, README))}")


if __name__ == "__main__":
    main()
