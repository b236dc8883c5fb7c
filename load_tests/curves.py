"""`make bench CURVES=1`: how Tagline behaves as its work grows, one curve for each thing."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from load_tests.bench import load_before
from load_tests.growth import curves
from load_tests.points import Curve, Effort
from load_tests.results import CURVES, PROJECT, Circumstances, Row, circumstances, write
from load_tests.rounds import measure, summarise
from load_tests.subjects import Ground, at_once, tagline

FULL = Effort(rounds=2, seconds=2, most_tags=5_000)
QUICK = Effort(rounds=1, seconds=1, most_tags=1_000)


@dataclass(frozen=True)
class Growth:
    """All that `make bench CURVES=1` found."""

    on: Circumstances
    effort: Effort
    curves: tuple[Curve, ...]
    one_connection: Row
    """Tagline's rate as a ratio to answering each request at once, at one connection."""


def read() -> Growth:
    """Read what was found last."""
    return TypeAdapter(Growth).validate_json(CURVES.read_bytes())


def one_connection(ground: Ground, effort: Effort) -> Row:
    """Set the batcher beside answering at once, at one connection, in many short rounds."""
    own, other = tagline(ground), at_once(ground)
    samples = measure(
        [own, other], ground.folder, rounds=4 * effort.rounds, seconds=1, connections=1
    )
    return summarise(own, samples, other.name)


def show(curve: Curve) -> None:
    """Print a curve's points."""
    table = Table(curve.grows, f"{curve.counted}/s", "p99 ms", "CPU us", "ratio", "failures")
    for line in curve.lines:
        for point in line.points:
            table.add_row(
                f"{point.x:g} ({line.name})",
                f"{point.per_second:,.0f}",
                f"{point.p99_ms:.2f}",
                "" if point.cpu_us is None else f"{point.cpu_us:.0f}",
                "" if point.ratio is None else f"{point.ratio:.2f}",
                str(point.failures),
            )
    Console().print(table)


@click.command()
@click.option("--quick", is_flag=True, help="One second a point, and no run of 5,000 tags.")
def main(*, quick: bool) -> None:
    """Measure all curves on the promoted run of BENTOML_HOME.

    Example: make bench CURVES=1
    """
    load_average = load_before()
    effort = QUICK if quick else FULL
    found = []
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground.of_home(Path(folder))
        for curve in curves(ground, effort):
            show(curve)
            found.append(curve)
        alone = one_connection(ground, effort)
    click.echo(f"At one connection {alone.ratio:.2f} of the rate of answering at once.")
    on = circumstances(ground.run_id, load_average=load_average)
    write(Growth(on, effort, tuple(found), alone), CURVES)
    click.echo(f"Written: {CURVES.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
