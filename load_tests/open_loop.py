"""Send requests at a given rate, whether or not the earlier ones were answered: an open loop.

wrk waits for an answer before it asks again, so a slow server is asked less, and the waits that it
causes are not seen (coordinated omission). Here the moments of arrival are drawn beforehand, as of
many independent callers, and an answer's latency counts from the moment its request was due, even
when no connection was free to send it on.

``python -m load_tests.open_loop`` is a process of its own, on a core of its own, which never
sleeps: a timer would come up to a millisecond late. It has a limit too, so it tells how much of
that core it needed.
"""

from __future__ import annotations

import gc
import re
import resource
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import click
import numpy as np
from pydantic import TypeAdapter

from load_tests.results import PROJECT
from load_tests.running import Running

CONNECTIONS = 4_000
PATIENCE = 30
"""Seconds after the last arrival until missing answers count as failures."""
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
REFUSED = (b"429", b"503")
MOST_BYTES = 1 << 16
"""Read at once."""


@dataclass(frozen=True)
class Arrivals:
    """What became of requests that arrived at a rate; each is in one of the four counts."""

    arrived: int
    answered: int
    """With 200."""
    refused: int
    """With 429 or 503."""
    failures: int
    """Answered otherwise, or not at all."""
    answered_per_second: float
    p50_ms: float
    """Of those answered with 200, from the moment the request was due."""
    p99_ms: float
    held: int
    """Requests that waited for a connection, every one being busy when they were due."""
    busy: float
    """Share of the time of arrivals in which the generator worked; near 1 it is the limit."""


class Connection:
    """One keep-alive connection, one request at a time."""

    def __init__(self, real: socket.socket) -> None:
        self._socket = real
        self.descriptor = real.fileno()
        self._received = b""
        self.due: float | None = None
        """When the request was due whose answer is awaited."""

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a moment of the past."""
        self.due = due
        self._socket.sendall(request)

    def receive(self) -> bytes | None:
        """Read what is there: the status of an answer that is now whole, else None.

        Raises
        ------
        ConnectionError
            The server closed the connection.
        """
        data = self._socket.recv(MOST_BYTES)
        if not data:
            raise ConnectionResetError
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        length = CONTENT_LENGTH.search(self._received, 0, head + 2) if head >= 0 else None
        if length is None or len(self._received) < head + 4 + int(length[1]):
            return None
        status, self._received = self._received[9:12], b""
        return status


class Generator:
    """Sends requests at the moments they are due and notes what becomes of each."""

    def __init__(self, requests: Sequence[bytes], due: Sequence[float]) -> None:
        self.latencies: list[float] = []
        self.refused = self.failures = self.held = 0
        self.busy_seconds = 0.0
        self._requests = cycle(requests)
        self._to_come = deque(due)
        self._overdue: deque[float] = deque()
        self._missing = len(due)
        self._poll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._free: list[Connection] = []

    def connect(self, real: socket.socket) -> None:
        """Add a connection to send requests on."""
        connection = Connection(real)
        self._connections[connection.descriptor] = connection
        self._poll.register(connection.descriptor, select.EPOLLIN)
        self._free.append(connection)

    def run(self) -> float:
        """Send all, wait for the answers; return the seconds from first moment to last answer."""
        begun = time.perf_counter()
        self._to_come = deque(begun + moment for moment in self._to_come)
        last = self._to_come[-1]
        now = begun
        while self._missing and self._connections and now < last + PATIENCE:
            worked = self._receive() + self._send_what_is_due(now)
            looked, now = now, time.perf_counter()
            if worked and now < last:
                self.busy_seconds += now - looked
        self.failures += self._missing
        return now - begun

    def _receive(self) -> int:
        """Take the answers that are there; return from how many connections."""
        ready = self._poll.poll(0)
        for descriptor, _ in ready:
            connection = self._connections[descriptor]
            try:
                status = connection.receive()
            except ConnectionError:
                self._lose(connection)
                continue
            if status is not None and connection.due is not None:
                self._note(status, time.perf_counter() - connection.due)
                connection.due = None
                self._free.append(connection)
        return len(ready)

    def _send_what_is_due(self, now: float) -> int:
        """Send what is due by now and finds a connection; return how many."""
        fresh = 0
        while self._to_come and self._to_come[0] <= now:
            self._overdue.append(self._to_come.popleft())
            fresh += 1
        sent = 0
        while self._overdue and self._free:
            connection = self._free.pop()
            try:
                connection.send(next(self._requests), self._overdue.popleft())
            except ConnectionError:
                self._lose(connection)
            sent += 1
        self.held += min(fresh, len(self._overdue))
        return sent

    def _note(self, status: bytes, latency: float) -> None:
        self._missing -= 1
        if status == b"200":
            self.latencies.append(latency)
        elif status in REFUSED:
            self.refused += 1
        else:
            self.failures += 1

    def _lose(self, connection: Connection) -> None:
        """Do without a connection that the server closed; what it was asked has no answer."""
        del self._connections[connection.descriptor]
        self._poll.unregister(connection.descriptor)
        if connection.due is None:
            self._free.remove(connection)
        else:
            self._missing -= 1
            self.failures += 1


def arrive(server: Running, *, per_second: float, seconds: float, seed: int = 0) -> Arrivals:
    """Send a server requests at a rate, from a process of its own on a core of its own."""
    done = subprocess.run(
        [
            *("taskset", "-c", "1", sys.executable, "-m", "load_tests.open_loop"),
            *(server.url, str(server.subject.bodies), "--per-second", str(per_second)),
            *("--seconds", str(seconds), "--seed", str(seed)),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return TypeAdapter(Arrivals).validate_json(done.stdout)


def moments(per_second: float, seconds: float, seed: int) -> list[float]:
    """Draw when requests of independent callers arrive: exponential gaps, as Poisson's."""
    chance = Random(seed)
    count = max(1, round(per_second * seconds))
    return list(accumulate(chance.expovariate(per_second) for _ in range(count)))


def request_of(url: str, body: bytes) -> bytes:
    """Write a whole request."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@click.command()
@click.argument("url")
@click.argument("bodies", type=click.Path(exists=True, path_type=Path))
@click.option("--per-second", type=float, required=True, help="Requests that arrive a second.")
@click.option("--seconds", type=float, required=True, help="How long they arrive.")
@click.option("--seed", default=0, show_default=True, help="Of the moments at which they arrive.")
def main(url: str, bodies: Path, *, per_second: float, seconds: float, seed: int) -> None:
    """Send requests at a rate, each with the next of BODIES; print what became of them as JSON."""
    requests = [request_of(url, body) for body in bodies.read_bytes().splitlines()]
    due = moments(per_second, seconds, seed)
    generator = Generator(requests, due)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is an open file
    parts = urlsplit(url)
    for _ in range(CONNECTIONS):
        generator.connect(socket.create_connection((parts.hostname, parts.port or 80)))
    gc.disable()  # nothing here is in cycles, and its pauses would be taken for the server's
    took = generator.run()
    p50, p99 = np.percentile(generator.latencies or [0], (50, 99)) * 1e3
    found = Arrivals(
        arrived=len(due),
        answered=len(generator.latencies),
        refused=generator.refused,
        failures=generator.failures,
        answered_per_second=len(generator.latencies) / took,
        p50_ms=p50,
        p99_ms=p99,
        held=generator.held,
        busy=generator.busy_seconds / due[-1],
    )
    click.echo(TypeAdapter(Arrivals).dump_json(found))


if __name__ == "__main__":
    main()
