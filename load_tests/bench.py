"""`make bench`: Tagline beside the servers one could build instead, on the same texts and run.

Each server has one core, wrk the other; rounds are short and alternate between the servers,
because the same program wanders by a tenth within minutes. What counts is each round's ratio to
FastAPI answering a constant in that round.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from load_tests.measure import PROJECT, Running, Sample, Subject, first_answer, load, running
from load_tests.texts import Texts

RESULTS = PROJECT / "load_tests" / "results"
BASELINE = "FastAPI, a constant"
PACKAGES = ("bentoml", "fastapi", "uvicorn", "uvloop", "httptools", "pydantic", "orjson", "numpy")


@dataclass(frozen=True)
class Summary:
    """One row of the table: medians over the rounds, of ratios too (each within its round)."""

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


def write_bodies(folder: Path) -> tuple[Path, Path]:
    """Write a body a text: as `POST /predict` takes it, and as plain strings for stock BentoML."""
    objects, strings = folder / "objects.jsonl", folder / "strings.jsonl"
    texts = Texts.of_table().all
    objects.write_text("".join(json.dumps({"texts": [{"text": t}]}) + "\n" for t in texts))
    strings.write_text("".join(json.dumps({"texts": [t]}) + "\n" for t in texts))
    return objects, strings


def tagline(
    name: str, bodies: Path, home: Path, store: Path, *, folder: Path = PROJECT, workers: int = 1
) -> Subject:
    """Tagline as `bentoml serve` starts it, on the project's store, in a home of its own."""
    return Subject(
        name=name,
        command=(sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1", "--port", "PORT"),
        bodies=bodies,
        folder=folder,
        environment=(
            ("BENTOML_HOME", str(home)),
            ("TAGLINE_STORE", str(store)),
            ("TAGLINE_WORKERS", str(workers)),
        ),
        cores="0" if workers == 1 else "0,1",
        note="" if workers == 1 else "on both cores, wrk beside it",
    )


def uvicorn(name: str, module: str, python: Path, bodies: Path, **environment: Path) -> Subject:
    """Give one of `load_tests/servers` under uvicorn, its access log off."""
    return Subject(
        name=name,
        command=(
            *(str(python), "-m", "uvicorn", f"load_tests.servers.{module}:app"),
            *("--port", "PORT", "--loop", "uvloop", "--http", "httptools"),
            *("--no-access-log", "--log-level", "warning"),
        ),
        bodies=bodies,
        environment=tuple((key, str(value)) for key, value in environment.items()),
    )


def subjects(
    folder: Path, python: Path, store: Path, run: Path, kept: Path | None
) -> list[Subject]:
    """All rows of the table, the floor first."""
    objects, strings = write_bodies(folder)
    answer = folder / "answer.json"
    served = tagline("Tagline", objects, folder / "home", store)
    with running(served, folder / "answer.log") as server:
        answer.write_bytes(first_answer(server.port, objects.read_text().splitlines()[0]))
    stock = ("bentoml", "serve", "load_tests.servers.bentoml_batchable:Stock")
    rows = [
        uvicorn("uvicorn, a constant", "uvicorn_constant", python, objects, BENCH_ANSWER=answer),
        uvicorn(BASELINE, "fastapi_constant", python, objects, BENCH_ANSWER=answer),
        uvicorn("FastAPI, the lesson's shape", "fastapi_lesson", python, objects, BENCH_RUN=run),
        Subject(
            name="stock BentoML, batchable",
            command=(sys.executable, "-m", *stock, "--host", "127.0.0.1", "--port", "PORT"),
            bodies=strings,
            environment=(("BENTOML_HOME", str(folder / "stock")), ("BENCH_RUN", str(run))),
        ),
        served,
        tagline("Tagline, two workers", objects, folder / "home2", store, workers=2),
    ]
    if kept:
        rows.append(tagline("Tagline, kept build", objects, folder / "kept", store, folder=kept))
    return rows


def summarise(name: str, note: str, samples: Sequence[Sample], base: Sequence[Sample]) -> Summary:
    """Put a row's rounds together, each as a ratio to the baseline's of the same round."""
    ratios = [
        sample.requests_per_second / constant.requests_per_second
        for sample, constant in zip(samples, base, strict=True)
    ]
    quarters = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
    return Summary(
        name=name,
        note=note,
        requests_per_second=statistics.median(s.requests_per_second for s in samples),
        p50_ms=statistics.median(s.p50_ms for s in samples),
        p99_ms=statistics.median(s.p99_ms for s in samples),
        cpu_us=statistics.median(s.cpu_us for s in samples),
        memory_mib=samples[-1].memory_mib,
        failures=sum(s.failures for s in samples),
        ratio=statistics.median(ratios),
        ratio_quartiles=(quarters[0], quarters[2]),
        ratio_range=(min(ratios), max(ratios)),
    )


def show(rows: Sequence[Summary]) -> None:
    """Print the table."""
    table = Table(title="One text a request, 64 keep-alive connections, one core a server")
    for column in ("", "ratio", "quartiles", "range", "req/s", "p50 ms", "p99 ms", "CPU us"):
        table.add_column(column, justify="left" if not column else "right")
    for column in ("MiB", "failures"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            f"{row.name} ({row.note})" if row.note else row.name,
            f"{row.ratio:.2f}",
            "{:.2f} to {:.2f}".format(*row.ratio_quartiles),
            "{:.2f} to {:.2f}".format(*row.ratio_range),
            f"{row.requests_per_second:,.0f}",
            f"{row.p50_ms:.1f}",
            f"{row.p99_ms:.1f}",
            f"{row.cpu_us:.0f}",
            f"{row.memory_mib:.0f}",
            str(row.failures),
        )
    Console(width=140).print(table)


def commit() -> str:
    """Name the commit that is measured, and whether files differ from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


def write(rows: Sequence[Summary], path: Path, *, rounds: int, seconds: int, run_id: str) -> None:
    """Write the rows with what they were measured on: machine, versions, commit, run."""
    processor = next(
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    found = {
        "commit": commit(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {processor}, Python {platform.python_version()}",
        "versions": {package: version(package) for package in PACKAGES},
        "run": run_id,
        "rounds": rounds,
        "seconds_a_round": seconds,
        "rows": [asdict(row) for row in rows],
    }
    path.write_text(json.dumps(found, indent=1) + "\n")


@click.command()
@click.option("--rounds", default=24, show_default=True, help="Rounds; every server once in each.")
@click.option("--seconds", default=2, show_default=True, help="Seconds a server in a round.")
@click.option("--peers-python", type=click.Path(path_type=Path), default=Path(sys.executable))
@click.option("--kept", type=click.Path(exists=True, path_type=Path), help="Another checkout.")
@click.option("--only", multiple=True, help="Rows whose name contains this (and the baseline).")
@click.option("--write/--no-write", "keep", default=True, help="Write load_tests/results/.")
def main(
    *,
    rounds: int,
    seconds: int,
    peers_python: Path,
    kept: Path | None,
    only: tuple[str, ...],
    keep: bool,
) -> None:
    """Measure every server and print one table."""
    store = Path(os.environ["BENTOML_HOME"]) / "models"
    run_id = (store / "tagline" / "latest").read_text().strip()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        rows = [
            row
            for row in subjects(
                folder, peers_python, store, store / "tagline" / run_id / "model", kept
            )
            if not only or row.name == BASELINE or any(word in row.name for word in only)
        ]
        servers = [
            stack.enter_context(running(row, folder / f"{number}.log"))
            for number, row in enumerate(rows)
        ]
        samples = measure(servers, rounds=rounds, seconds=seconds)
    base = next(s for s, row in zip(samples, rows, strict=True) if row.name == BASELINE)
    summaries = [
        summarise(row.name, row.note, found, base) for row, found in zip(rows, samples, strict=True)
    ]
    show(summaries)
    if keep:
        path = RESULTS / "bench.json"
        write(summaries, path, rounds=rounds, seconds=seconds, run_id=run_id)
        click.echo(f"Written: {path.relative_to(PROJECT)}")


def measure(servers: Sequence[Running], *, rounds: int, seconds: int) -> list[list[Sample]]:
    """Load every server once a round, after a short round that warms them up."""
    for server in servers:
        load(server, seconds=1)
    samples: list[list[Sample]] = [[] for _ in servers]
    for _ in track(range(rounds), "Rounds", console=Console(stderr=True)):
        for server, found in zip(servers, samples, strict=True):
            found.append(load(server, seconds=seconds))
    return samples


if __name__ == "__main__":
    main()
