"""A server to measure: started on its cores, waited for until it answers, stopped."""

from __future__ import annotations

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
                return _ask(session, server, body)
            except requests.RequestException:
                has_ended = server.process.status() == psutil.STATUS_ZOMBIE
                if has_ended or time.monotonic() > until:
                    raise


def _ask(session: requests.Session, server: Running, body: bytes) -> bytes:
    answer = session.post(
        server.url,
        data=body,
        headers={"Content-Type": server.subject.content_type},
        timeout=START_SECONDS,
    )
    answer.raise_for_status()
    return answer.content


def processor_seconds(process: psutil.Process) -> float:
    """Return the processor time, of the user and of the system, that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)
