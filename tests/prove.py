"""What only long runs show (`make prove`): training on large tables stays under 2 GiB.

Writes training/results/large-tables.md. The peak of memory is that of the process that trains, as
the kernel tells it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

from load_tests.results import circumstances
from tests.large_table import write_table
from tests.serving import PROJECT, environment

RESULTS = PROJECT / "training" / "results" / "large-tables.md"
MOST_GIB = 2.0
SIZES = ((10_000, 100, 300), (100_000, 40, 300))
"""Rows, tags, characters of a row."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training took."""

    rows: int
    tags: int
    characters: int
    gib: float
    minutes: float
    f1: float

    def line(self) -> str:
        """Write it as a row of a table."""
        verdict = "holds" if self.gib < MOST_GIB else "**FAILS**"
        return (
            f"| {self.rows:,} | {self.tags} | {self.characters} | {self.gib:.2f} | "
            f"{self.minutes:.1f} | {self.f1:.3f} | {verdict} |"
        )


def trained(rows: int, tags: int, characters: int, folder: Path) -> Trained:
    """Train on a table of this size, with a store of its own."""
    table = folder / f"{rows}.csv"
    write_table(table, rows=rows, tags=tags, characters=characters)
    command = [sys.executable, "-m", "training", "train", str(table), "--json"]
    begun = time.monotonic()
    with (folder / "answer.json").open("w+") as answer:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment(folder / f"home-{rows}"), stdout=answer
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise click.ClickException(f"Training ended with status {process.returncode}.")
        answer.seek(0)
        f1 = json.load(answer)["performance"]["overall"]["f1"]
    minutes = (time.monotonic() - begun) / 60
    return Trained(rows, tags, characters, usage.ru_maxrss / 2**20, minutes, f1)


@click.command()
def prove() -> None:
    """Train on large tables, and fail if one takes 2 GiB or more."""
    on = circumstances("make prove", load_average=os.getloadavg()[0])
    with tempfile.TemporaryDirectory() as folder:
        found = [trained(*size, Path(folder)) for size in SIZES]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        "# Large tables\n\n"
        "What `make prove` measured: `train` without an option on tables that\n"
        "`python -m tests.large_table` makes; memory at its peak stays under 2 GiB.\n\n"
        f"Commit {on.commit}, {on.measured_at}, {on.machine}; load average before:"
        f" {on.load_average:.1f}.\n\n"
        "| rows | tags | characters a row | GiB | minutes | weighted F1 | |\n"
        "|---|---|---|---|---|---|---|\n" + "".join(f"{one.line()}\n" for one in found),
        encoding="utf-8",
    )
    click.echo(RESULTS.read_text(encoding="utf-8"))
    if any(one.gib >= MOST_GIB for one in found):
        sys.exit(1)


if __name__ == "__main__":
    prove(prog_name="python -m tests.prove")
