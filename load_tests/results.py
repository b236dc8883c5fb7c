"""What was measured, and on what: machine, versions, commit; written and read as JSON."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import click
from pydantic import TypeAdapter

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "load_tests" / "results"
BENCH = RESULTS / "bench.json"
PEERS = RESULTS / "peers.json"
CURVES = RESULTS / "curves.json"
MEMORY = RESULTS / "memory.json"
COSTS = RESULTS / "costs.json"
ONE_POD = RESULTS / "one_pod.json"
PACKAGES = ("bentoml", "fastapi", "uvicorn", "uvloop", "httptools", "pydantic", "orjson", "numpy")
CORES = 2
QUIET = 0.5
"""Load average up to which a machine is quiet."""
BUSY = (
    "Warning: {:.1f} other processes want a core. A server of many threads then gets a greater "
    "share than one of a single thread, so the ratios mislead: measure on a quiet machine."
)
Found = TypeVar("Found")


@dataclass(frozen=True)
class Circumstances:
    """What a measurement was made on."""

    commit: str
    """``-dirty`` where files differed from it."""
    measured_at: str
    machine: str
    load_average: float
    """Processes that wanted a core in the minute before; near 0 on a quiet machine."""
    versions: dict[str, str]
    run: str
    """The run that was served."""

    def told(self) -> str:
        """Say what was measured, where and when."""
        return (
            f"Commit {self.commit}, {self.measured_at[:10]}, {self.machine}, "
            f"load before it {self.load_average:.1f}."
        )


@dataclass(frozen=True)
class Row:
    """One server: medians over the rounds, of ratios too (each within its round)."""

    name: str
    note: str
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    memory_mib: float
    failures: int
    ratio: float
    ratio_quartiles: tuple[float, float]
    ratio_range: tuple[float, float]

    @property
    def title(self) -> str:
        """The name, and what is to be known of it."""
        return f"{self.name} ({self.note})" if self.note else self.name


@dataclass(frozen=True)
class Comparison:
    """Servers side by side."""

    on: Circumstances
    hot_path: str
    """Digest of the code that was measured; see `hot_path`."""
    rounds: int
    seconds_a_round: int
    rows: tuple[Row, ...]


def write(found: object, path: Path) -> None:
    """Write a value of dataclasses as JSON, and say where."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(TypeAdapter(type(found)).dump_json(found, indent=1) + b"\n")
    click.echo(f"Written: {path.relative_to(PROJECT)}")


def read(kind: type[Found], path: Path) -> Found:
    """Read what `write` wrote."""
    return TypeAdapter(kind).validate_json(path.read_bytes())


def load_before() -> float:
    """Return how many processes want a core before anything is measured; warn if others do.

    Raises
    ------
    click.ClickException
        Nothing can be measured here: there is one core, or no wrk.
    """
    if len(os.sched_getaffinity(0)) < CORES or shutil.which("wrk") is None:
        raise click.ClickException(
            "Measuring needs two cores, one for the server and one for its callers, and wrk: "
            "make system-packages installs it."
        )
    load_average = os.getloadavg()[0]
    if load_average > QUIET:
        click.echo(BUSY.format(load_average), err=True)
    return load_average


def circumstances(
    run: str, *, load_average: float, packages: Sequence[str] = PACKAGES
) -> Circumstances:
    """Describe what a measurement is made on; ``load_average`` is that before its first round."""
    return Circumstances(
        commit=_commit(),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}",
        load_average=load_average,
        versions={package: version(package) for package in packages},
        run=run,
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))


def _commit() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"
