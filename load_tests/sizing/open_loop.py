"""Requests that arrive when they will, whether or not earlier ones were answered.

wrk and locust wait for an answer before they ask again, so that a slow server is asked less. The
public does not wait.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import cast

CONTENT_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
CONNECTIONS = 4_000
"""Opened beforehand; more than a queue of the bound that is measured lets wait."""
LAST_ANSWERS_SECONDS = 15
TIMER_SECONDS = 0.002
"""How coarse the loop's timers are at most; alone they would bunch what arrives."""


@dataclass
class Answers:
    """What came back; filled as it comes."""

    expected: int = 0
    all_back: asyncio.Event = field(default_factory=asyncio.Event)

    latencies: list[float] = field(default_factory=list)
    """Seconds from the moment that a request was due to its answer, of those answered 200."""
    refused: int = 0
    """Answered 503."""
    others: int = 0
    """Answered otherwise, or by a closed connection."""
    unsent: int = 0
    """Every connection was waiting when they were due."""

    def note(self, status: bytes | None, seconds: float) -> None:
        """Note what came back; None where the connection was closed instead."""
        if status == b"200":
            self.latencies.append(seconds)
        elif status == b"503":
            self.refused += 1
        else:
            self.others += 1
        self.count()

    def count(self) -> None:
        """See whether any is still to come."""
        if len(self.latencies) + self.refused + self.others + self.unsent == self.expected:
            self.all_back.set()


class Connection(asyncio.Protocol):
    """One keep-alive connection that waits for one answer at a time."""

    def __init__(self, free: list[Connection], answers: Answers) -> None:
        self._free = free
        self._answers = answers
        self._due: float | None = None
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to ask."""
        self._transport = cast("asyncio.Transport", transport)
        self._free.append(self)

    def ask(self, request: bytes, due: float) -> None:
        """Send a request that was due at that moment of `time.perf_counter`."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note an answer once it is whole."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = CONTENT_LENGTH.search(head) if end else None
        if length is None or self._due is None or len(body) < int(length[1]):
            return
        self._answers.note(head[9:12], time.perf_counter() - self._due)
        self._due, self._received = None, b""
        self._free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note a request that will have no answer."""
        del exc
        if self._due is not None:
            self._answers.note(None, 0.0)
        elif self in self._free:
            self._free.remove(self)

    def close(self) -> None:
        """End the connection."""
        self._transport.close()


async def ask_all(port: int, requests: Sequence[bytes], moments: Sequence[float]) -> Answers:
    """Send the requests in turn, one at each moment, seconds from now; wait for what comes back.

    Raises
    ------
    TimeoutError
        A request has no answer 15 s after the last was sent.
    """
    answers = Answers(expected=len(moments))
    free: list[Connection] = []
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: Connection(free, answers), "127.0.0.1", port))[1]
        for _ in range(CONNECTIONS)
    ]
    began = time.perf_counter()
    for moment, request in zip(moments, cycle(requests), strict=False):
        due = began + moment
        # Where it is late this gives way all the same, so that answers are received.
        await asyncio.sleep(max(0.0, due - TIMER_SECONDS - time.perf_counter()))
        while time.perf_counter() < due:  # noqa: ASYNC110 - nothing tells that it is time
            await asyncio.sleep(0)
        if free:
            free.pop().ask(request, due)
        else:
            answers.unsent += 1
            answers.count()
    async with asyncio.timeout(LAST_ANSWERS_SECONDS):
        await answers.all_back.wait()
    for connection in connections:
        connection.close()
    return answers
