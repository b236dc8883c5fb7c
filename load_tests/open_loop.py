"""Requests that come when they come, whether or not the last ones were answered.

wrk waits for an answer before it asks again, so a slow server is asked less, and the waits that it
causes are not seen (coordinated omission). Here the moments of arrival are drawn beforehand, as of
many independent callers, and an answer's latency counts from the moment its request was due, even
when no connection was free to send it on.

``python -m load_tests.open_loop`` is a process of its own, on a core of its own, whose loop never
sleeps: a timer of the loop would come up to a millisecond late.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import click
import numpy as np
import uvloop
from pydantic import TypeAdapter

from load_tests.measure import PROJECT, Running

MOST_CONNECTIONS = 1_024
PATIENCE = 30
"""Seconds after the last arrival until missing answers count as failures."""
LENGTH = b"content-length: "


@dataclass(frozen=True)
class Arrivals:
    """What became of requests that arrived at a fixed rate."""

    offered_per_second: float
    answered_per_second: float
    p50_ms: float
    p99_ms: float
    late_p99_ms: float
    """How late the generator itself was in looking at what was due: what it adds at most."""
    failures: int


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._received = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be free for a request."""
        # uvloop's transports are of none of asyncio's own classes.
        self._transport = cast("asyncio.Transport", transport)
        self._generator.free.append(self)

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a moment of the past."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Be free again once the answer is whole."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if found and len(body) >= _content_length(head):
            self._received = b""
            ok = head.startswith(b"HTTP/1.1 200 ")
            self._generator.answered(self, time.perf_counter() - self._due, ok=ok)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the measurement: an answer is lost."""
        del exc
        self._generator.lost()


def _content_length(head: bytes) -> int:
    start = head.lower().index(LENGTH) + len(LENGTH)
    return int(head[start:].split(b"\r\n", 1)[0])


class Generator:
    """Sends requests at the moments they are due and keeps the latency of every answer."""

    def __init__(self, requests: Sequence[bytes], due: Sequence[float]) -> None:
        self.free: list[Connection] = []
        self.latencies: list[float] = []
        self.lateness: list[float] = []
        self.failures = 0
        self._requests = cycle(requests)
        self._to_come = deque(due)
        self._waiting: deque[float] = deque()
        self._missing = len(due)
        self._closing = False

    async def run(self, host: str, port: int) -> float:
        """Send all; return the seconds from the first moment to the last answer."""
        loop = asyncio.get_running_loop()
        for _ in range(MOST_CONNECTIONS):
            await loop.create_connection(lambda: Connection(self), host, port)
        begun = time.perf_counter()
        end = begun + self._to_come[-1] + PATIENCE
        self._to_come = deque(begun + moment for moment in self._to_come)
        while self._missing and time.perf_counter() < end:
            self._send_what_is_due()
            await asyncio.sleep(0)
        self._closing = True
        self.failures += self._missing
        return time.perf_counter() - begun

    def _send_what_is_due(self) -> None:
        now = time.perf_counter()
        while self._to_come and self._to_come[0] <= now:
            self.lateness.append(now - self._to_come[0])
            self._waiting.append(self._to_come.popleft())
        while self._waiting and self.free:
            self.free.pop().send(next(self._requests), self._waiting.popleft())

    def answered(self, connection: Connection, latency: float, *, ok: bool) -> None:
        """Take note of an answer; its connection is free."""
        self._missing -= 1
        if ok:
            self.latencies.append(latency)
        else:
            self.failures += 1
        self.free.append(connection)

    def lost(self) -> None:
        """Take note that the server closed a connection before the end."""
        if not self._closing:
            self.failures += 1


def arrive(server: Running, *, per_second: float, seconds: int, core: str = "1") -> Arrivals:
    """Send a server requests at a rate, from a process of its own on a core of its own."""
    done = subprocess.run(
        [
            *("taskset", "-c", core, sys.executable, "-m", "load_tests.open_loop"),
            *(server.url, str(server.subject.bodies)),
            *("--per-second", str(per_second), "--seconds", str(seconds)),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return TypeAdapter(Arrivals).validate_json(done.stdout)


def moments(per_second: float, seconds: float) -> list[float]:
    """Draw when requests of independent callers arrive: exponential gaps, as Poisson's."""
    chance = random.Random(0)
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
@click.option("--seconds", type=int, required=True, help="How long they arrive.")
def main(url: str, bodies: Path, *, per_second: float, seconds: int) -> None:
    """Send requests at a rate, each with the next of BODIES, and print the latencies as JSON."""
    parts = urlsplit(url)
    requests = [request_of(url, body) for body in bodies.read_bytes().splitlines()]
    due = moments(per_second, seconds)
    generator = Generator(requests, due)
    took = uvloop.run(generator.run(parts.hostname or "127.0.0.1", parts.port or 80))
    p50, p99 = np.percentile(generator.latencies or [0], (50, 99)) * 1e3
    found = Arrivals(
        offered_per_second=len(due) / due[-1],
        answered_per_second=len(generator.latencies) / took,
        p50_ms=p50,
        p99_ms=p99,
        late_p99_ms=float(np.percentile(generator.lateness, 99)) * 1e3,
        failures=generator.failures,
    )
    click.echo(TypeAdapter(Arrivals).dump_json(found))


if __name__ == "__main__":
    main()
