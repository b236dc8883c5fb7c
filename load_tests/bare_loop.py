"""The most that a server could reach: the model scores and decides batches, and nothing else runs.

``python -m load_tests.bare_loop`` is a process of its own, on the core that the server has.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path

import click

from load_tests.results import PROJECT
from tagger.decide import decide
from tagger.model import Model

BATCH = 256
"""As many texts as a batch of the server holds at most."""


def bare_loop(model: Path, bodies: Path, *, seconds: int) -> float:
    """Return the texts a second of a bare loop over the texts of ``bodies``."""
    done = subprocess.run(
        [
            *("taskset", "-c", "0", sys.executable, "-m", "load_tests.bare_loop"),
            *(str(model), str(bodies), "--seconds", str(seconds)),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


@click.command()
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@click.argument("bodies", type=click.Path(exists=True, path_type=Path))
@click.option("--seconds", type=int, required=True)
def main(model: Path, bodies: Path, *, seconds: int) -> None:
    """Score and decide the texts of BODIES in batches, again and again; print texts a second."""
    read = Model.read(model)
    requests = [json.loads(line)["texts"] for line in bodies.read_bytes().splitlines()]
    texts = [item["text"] for request in requests for item in request]
    batches = cycle(
        [texts[start : start + BATCH] for start in range(0, len(texts) - BATCH + 1, BATCH)]
    )
    done, begun = 0, time.perf_counter()
    while (took := time.perf_counter() - begun) < seconds:
        decide(read.score(next(batches)), read.policy)
        done += BATCH
    click.echo(done / took)


if __name__ == "__main__":
    main()
