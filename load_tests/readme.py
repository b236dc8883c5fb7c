"""`python -m load_tests.readme`: draw what was measured, and write it into both READMEs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import click

from load_tests import chart, panels, results
from load_tests.costs import Costs
from load_tests.curves import Growth
from load_tests.memory import Memory
from load_tests.results import PROJECT, Comparison, read
from load_tests.rounds import table
from load_tests.sections import write_section

PAGE = PROJECT / "load_tests" / "README.md"
README = PROJECT / "README.md"
EXPLANATIONS = PROJECT / "load_tests" / "explanations.toml"
PEERS = ("litserve", "mlserver", "annif")


def growth_section() -> Iterator[str]:
    """Write every curve: chart, sentence, and the points in a table to open."""
    found = read(Growth, results.CURVES)
    explained = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    rounds, seconds = found.effort.rounds, found.effort.seconds
    yield f"{found.on.told()} Medians of {rounds} rounds of {seconds} s a point."
    yield (
        f"At one connection Tagline reaches {found.one_connection.ratio:.2f} of the rate of "
        "answering each request at once "
        "(quartiles {:.2f} to {:.2f}).".format(*found.one_connection.ratio_quartiles)
    )
    for curve in found.curves:
        yield f"### {curve.title}"
        yield f"![{curve.title}](results/curve-{curve.name}.svg)"
        yield explained[curve.name].strip()
        yield f"<details><summary>Figures</summary>\n\n{curve.table().markdown()}\n\n</details>"


def peers_section() -> Iterator[str]:
    """Write the table of the peers."""
    found = read(Comparison, results.PEERS)
    versions = ", ".join(f"{name} {found.on.versions[name]}" for name in PEERS)
    rounds = f"{found.rounds} rounds of {found.seconds_a_round} s each"
    yield f"{found.on.told()} {versions}; {rounds}. The ratio is to Tagline on one core."
    yield table(found.rows).without("range", "CPU us").markdown()


def memory_section() -> Iterator[str]:
    """Write both tables of the memory."""
    found = read(Memory, results.MEMORY)
    yield found.on.told()
    yield found.sizes_table().markdown()
    yield "What a worker's is made of, each part loaded after the one above it:"
    yield found.parts_table().markdown()


def costs_section() -> Iterator[str]:
    """Write where the time of a request goes."""
    found = read(Costs, results.COSTS)
    yield (
        f"{found.on.told()} {found.cpu_us:.0f} us of processor time a request, "
        f"{found.floor_cpu_us:.0f} of uvicorn with a constant:"
    )
    yield found.table().markdown()


@dataclass(frozen=True)
class Section:
    """A part of a page that is written from results."""

    name: str
    write: Callable[[], Iterator[str]]
    page: Path = PAGE


SECTIONS = (
    Section("costs", costs_section),
    Section("curves", growth_section),
    Section("peers", peers_section, README),
    Section("memory", memory_section),
)


def pictures() -> Iterator[tuple[Path, ET.Element]]:
    """Draw every chart of what was measured, and name its file."""
    yield results.BENCH.with_suffix(".svg"), chart.servers(read(Comparison, results.BENCH))
    for curve in read(Growth, results.CURVES).curves:
        yield results.RESULTS / f"curve-{curve.name}.svg", panels.draw(curve)


@click.command()
def main() -> None:
    """Draw the charts, and write into the pages what was measured.

    Example: python -m load_tests.readme
    """
    for path, picture in pictures():
        ET.ElementTree(picture).write(path, encoding="unicode")
    for section in SECTIONS:
        write_section(section.page, section.name, section.write())
    click.echo(f"Written: {', '.join(str(page.relative_to(PROJECT)) for page in (PAGE, README))}")


if __name__ == "__main__":
    main()
