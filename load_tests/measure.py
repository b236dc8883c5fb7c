"""One server under wrk: started on one core, loaded from the other, its figures read."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
import psutil
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from load_tests.results import PROJECT

SCRIPT = PROJECT / "load_tests" / "request.lua"
START_SECONDS = 120
STOP_SECONDS = 15


@dataclass(frozen=True)
class Subject:
    """A server to measure: how it is started, where, and on which cores."""

    name: str
    command: tuple[str, ...]
    """``PORT`` stands for the port."""
    bodies: Path
    """One request's body a line."""
    folder: Path = PROJECT
    environment: Mapping[str, str] = field(default_factory=dict)
    cores: str = "0"
    """As ``taskset`` reads them; none: any."""
    note: str = ""
    path: str = "/predict"
    content_type: str = "application/json"


@dataclass(frozen=True)
class Sample:
    """What one round of load measured."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Processor time of the server and its children, microseconds a request."""
    memory_mib: float
    """Resident memory of the server and its children after the round."""
    failures: int


@dataclass(frozen=True)
class Running:
    """A subject that answers."""

    subject: Subject
    port: int
    process: psutil.Process

    @property
    def root(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address that is asked."""
        return f"{self.root}{self.subject.path}"

    def tree(self) -> list[psutil.Process]:
        """The process and all its children."""
        return [self.process, *self.process.children(recursive=True)]

    def processor_seconds(self) -> float:
        """Processor time that all of these have used."""
        return sum(map(processor_seconds, self.tree()))

    def resident_mib(self) -> list[float]:
        """Resident memory of each of these."""
        return [process.memory_info().rss / 2**20 for process in self.tree()]


def free_port() -> int:
    """Find a TCP port of 127.0.0.1 that nobody uses, below those that Linux gives out itself.

    One of those could become a connection's own port before the server listens on it.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def running(subject: Subject) -> Iterator[Running]:
    """Start a subject on its cores, wait until it answers its first body, stop it at the end.

    Raises
    ------
    click.ClickException
        If it does not answer; with the end of its log.
    """
    port = free_port()
    pinned = ("taskset", "-c", subject.cores) if subject.cores else ()
    with NamedTemporaryFile() as log:
        process = subprocess.Popen(
            [*pinned, *(part.replace("PORT", str(port)) for part in subject.command)],
            cwd=subject.folder,
            env=os.environ | subject.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            server = Running(subject, port, psutil.Process(process.pid))
            try:
                first_answer(server)
            except requests.RequestException as fault:
                said = Path(log.name).read_text()[-3000:]
                raise click.ClickException(
                    f"{subject.name} did not answer ({fault}):\n{said}"
                ) from fault
            yield server
        finally:
            stop(psutil.Process(process.pid))
            process.wait()


def stop(process: psutil.Process) -> None:
    """Ask a server to end, and end what is left of it and its children after a while."""
    tree = [process, *process.children(recursive=True)]
    process.terminate()
    _, left = psutil.wait_procs(tree, STOP_SECONDS)
    for child in left:
        child.kill()


def first_answer(server: Running) -> bytes:
    """Ask for the first body until the server answers 200, for two minutes, or has ended."""
    with server.subject.bodies.open("rb") as bodies:
        body = next(bodies).rstrip(b"\n")
    until = time.monotonic() + START_SECONDS
    patient = Retry(
        total=5,
        read=0,
        backoff_factor=0.1,
        backoff_max=0.2,
        # What servers say until they are ready; MLServer says 400.
        status_forcelist=[400, 404, 503],
        allowed_methods=None,
    )
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=patient))
        while True:
            try:
                answer = session.post(
                    server.url,
                    data=body,
                    headers={"Content-Type": server.subject.content_type},
                    timeout=START_SECONDS,
                )
                answer.raise_for_status()
            except requests.RequestException:
                has_ended = server.process.status() == psutil.STATUS_ZOMBIE
                if has_ended or time.monotonic() > until:
                    raise
            else:
                return answer.content


def processor_seconds(process: psutil.Process) -> float:
    """Return the processor time, of the user and of the system, that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def load(
    server: Running, *, seconds: int, connections: int = 64, bodies: Path | None = None
) -> Sample:
    """Load a server with wrk over keep-alive connections and read its figures.

    ``bodies``: other ones than the subject's.
    """
    # The same ones before and after: one that ended meanwhile must not pass for cheap.
    tree = server.tree()
    before = sum(map(processor_seconds, tree))
    done = subprocess.run(
        [
            *("taskset", "-c", "1", "wrk", "--threads", "1", "--timeout", "30s"),
            *("--connections", str(connections), "--duration", f"{seconds}s"),
            *("--script", str(SCRIPT), server.url),
        ],
        env=os.environ
        | {
            "BENCH_BODIES": str(bodies or server.subject.bodies),
            "BENCH_CONTENT_TYPE": server.subject.content_type,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    used = sum(map(processor_seconds, tree)) - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    return Sample(
        requests_per_second=result["requests"] / result["microseconds"] * 1e6,
        p50_ms=result["p50"] / 1e3,
        p99_ms=result["p99"] / 1e3,
        cpu_us=used / max(1, result["requests"]) * 1e6,
        memory_mib=sum(server.resident_mib()),
        failures=result["failures"],
    )
