"""`make soak`: how much memory a worker takes, whether it stays bounded, and what it is made of."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import click
import requests

from load_tests.open_loop import request_of
from load_tests.results import MEMORY, PROJECT, Circumstances, write
from load_tests.running import Running, running
from load_tests.subjects import Ground, measuring, tagline
from load_tests.table import Table
from load_tests.texts import unknown_words
from load_tests.wrk import load
from tagger.store import Store

SECONDS = 5
"""Seconds that wrk runs at a time; between, the requests are counted."""
WORDS_A_TEXT, TEXTS_A_REQUEST = 400, 50
"""Of unknown words: fewer a text than count at most, and a body within the limit."""
CONNECTIONS_OPEN = 500
"""At a time, where connections come and go: within the files that a process may open."""


@dataclass(frozen=True)
class Size:
    """Resident memory in one situation, MiB."""

    situation: str
    worker: float
    """The process that answers."""
    together: float
    """With the process of BentoML's that supervises it. Both count the code that they share."""


@dataclass(frozen=True)
class Part:
    """What one part adds to the resident memory of a process that loads part after part, MiB."""

    name: str
    mib: float


@dataclass(frozen=True)
class Memory:
    """What `make soak` found."""

    on: Circumstances
    sizes: tuple[Size, ...]
    parts: tuple[Part, ...]

    def sizes_table(self) -> Table:
        """Lay out what a server takes."""
        return Table(
            ["resident memory, MiB", "worker", "with its supervisor"],
            [[size.situation, f"{size.worker:.0f}", f"{size.together:.0f}"] for size in self.sizes],
        )

    def parts_table(self) -> Table:
        """Lay out what a worker's is made of."""
        return Table(["part", "MiB"], [[part.name, f"{part.mib:.1f}"] for part in self.parts])


def size(server: Running, situation: str) -> Size:
    """Read a server's resident memory now."""
    each = server.resident_mib()
    return Size(situation, max(each), sum(each))


def after_requests(ground: Ground, total: int) -> Iterator[Size]:
    """Measure idle, and after each quarter of so many requests of one text."""
    with running(tagline(ground)) as server:
        yield size(server, "idle")
        done = 0.0
        for quarter in range(1, 5):
            while done < total * quarter / 4:
                done += load(server, seconds=SECONDS).requests_per_second * SECONDS
            yield size(server, f"after {done:,.0f} requests")


def after_connections(ground: Ground, total: int) -> Iterator[Size]:
    """Measure after each half of so many connections, each for one request and closed after it."""
    with ground.objects.open("rb") as bodies:
        body = next(bodies).rstrip(b"\n")
    with running(tagline(ground)) as server:
        request = request_of(server.url, body)
        done = 0
        for half in (total // 2, total):
            while done < half:
                _ask_on_many(server.port, request)
                done += CONNECTIONS_OPEN
            yield size(server, f"after {done:,} connections, opened and closed")


def _ask_on_many(port: int, request: bytes) -> None:
    """Open connections, ask on all of them, close them."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(CONNECTIONS_OPEN)
        ]
        for connection in opened:
            connection.sendall(request)
        for connection in opened:
            if not connection.recv(1 << 16).startswith(b"HTTP/1.1 200 "):
                raise RuntimeError("A request was not answered: look at what the server says.")


def after_runs(ground: Ground, count: int) -> Iterator[Size]:
    """Measure after so many runs were asked in turn, each for one text, twice around."""
    home = ground.folder / "runs"
    run_ids = [f"copy-{number}" for number in range(count)]
    copy_run(ground.runs, ground.run_id, Store(home), run_ids)
    many = replace(ground, store=home / "models", run_id=run_ids[0])
    with running(tagline(many)) as server, requests.Session() as session:
        for around in ("", ", twice around"):
            for run_id in run_ids:
                ask(session, f"{server.root}/runs/{run_id}/predict", ["a text"])
            yield size(server, f"after {count} runs were asked in turn{around}")


def copy_run(source: Store, run_id: str, target: Store, names: list[str]) -> None:
    """Put one store's run into another under several names.

    It is written once and its folder copied: to compress its numbers anew takes two seconds a run.
    """
    first, *others = names
    run, model, exam = source.run(run_id), source.model(run_id), source.exam(run_id)
    target.write(replace(run, run_id=first), model, exam)
    for name in others:
        shutil.copytree(target.folder / first, target.folder / name)
        record = target.folder / name / "run.json"
        record.write_text(record.read_text().replace(f'"{first}"', f'"{name}"'))


def after_unknown_words(ground: Ground, total: int) -> Iterator[Size]:
    """Measure after each half of so many different unknown words."""
    known = set(ground.runs.model(ground.run_id).weights.words)
    words = unknown_words(known)
    with running(tagline(ground)) as server, requests.Session() as session:
        sent = 0
        for half in (total // 2, total):
            while sent < half:
                ask(session, server.url, list(texts_of(words)))
                sent += WORDS_A_TEXT * TEXTS_A_REQUEST
            yield size(server, f"after {sent:,} different unknown words")


def texts_of(words: Iterator[str]) -> Iterator[str]:
    """Make the texts of one request of the next words."""
    return (" ".join(islice(words, WORDS_A_TEXT)) for _ in range(TEXTS_A_REQUEST))


def ask(session: requests.Session, address: str, texts: list[str]) -> None:
    """Ask for the tags of texts."""
    body = {"texts": [{"text": text} for text in texts]}
    session.post(address, json=body, timeout=30).raise_for_status()


def parts(ground: Ground) -> tuple[Part, ...]:
    """Load in a process of its own what a worker holds, and tell what each part adds."""
    home = ground.folder / "parts"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "load_tests.servers.in_parts"],
        cwd=PROJECT,
        env=os.environ
        | {
            "BENTOML_HOME": str(home),
            "TAGLINE_STORE": str(ground.store),
            "BENCH_RUN": str(ground.model),
            "PROMETHEUS_MULTIPROC_DIR": str(home),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    resident: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    sums = [0.0, *resident.values()]
    return tuple(
        Part(name, after - before)
        for name, (before, after) in zip(resident, pairwise(sums), strict=True)
    )


@click.command()
@click.option("--requests", "n_requests", default=1_000_000, show_default=True)
@click.option("--connections", "n_connections", default=100_000, show_default=True)
@click.option("--runs", "n_runs", default=50, show_default=True, help="Runs asked in turn.")
@click.option("--words", "n_words", default=1_000_000, show_default=True, help="Unknown words.")
def main(*, n_requests: int, n_connections: int, n_runs: int, n_words: int) -> None:
    """Measure the resident memory of a server of the promoted run of BENTOML_HOME.

    Example: make soak
    """
    with measuring() as (ground, on):
        found = Memory(
            on=on,
            sizes=(
                *after_requests(ground, n_requests),
                *after_connections(ground, n_connections),
                *after_runs(ground, n_runs),
                *after_unknown_words(ground, n_words),
            ),
            parts=parts(ground),
        )
    found.sizes_table().show("What a server takes")
    found.parts_table().show("What a worker's is made of")
    write(found, MEMORY)


if __name__ == "__main__":
    main()
