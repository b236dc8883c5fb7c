"""`make bench CURVES=1`: how Tagline behaves as its work grows, one curve for each thing."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from load_tests.growth import curves
from load_tests.points import Curve, Effort
from load_tests.results import CURVES, Circumstances, Row, circumstances, load_before, write
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


def one_connection(ground: Ground, effort: Effort) -> Row:
    """Set the batcher beside answering at once, at one connection, in many short rounds."""
    own, other = tagline(ground), at_once(ground)
    samples = measure(
        [own, other], ground.folder, rounds=4 * effort.rounds, seconds=1, connections=1
    )
    return summarise(own, samples, other.name)


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
            curve.table().show(curve.title)
            found.append(curve)
        alone = one_connection(ground, effort)
    click.echo(f"At one connection {alone.ratio:.2f} of the rate of answering at once.")
    on = circumstances(ground.run_id, load_average=load_average)
    write(Growth(on, effort, tuple(found), alone), CURVES)


if __name__ == "__main__":
    main()
