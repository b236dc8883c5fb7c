"""So many requests may wait on one connection for the answer before theirs; then it closes.

uvicorn by itself queues all that it reads: twenty connections that sent 1 MB each of bare requests,
and read nothing, made a worker of 2 GB and kept all others waiting for 17 s. As HTTP wants it (RFC
9112, 9.3.2) the last answer says ``Connection: close``, and a client asks again for the rest.

Only uvicorn's ``pipeline`` is replaced: a client that waits for its answers pays nothing.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from typing import Any

from app.protocol import extend

WAITING = 100
"""Requests at most behind the one at work."""


class Last:
    """A parser that reads a request to its end, and drops what follows."""

    def __init__(self, parser: Any, cycle: Any) -> None:
        self._parser = parser
        self._cycle = cycle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> None:
        """Read what belongs to the request."""
        if self._cycle.more_body:
            self._parser.feed_data(data)


class Pipeline(deque[Any]):
    """Requests that wait, each with its application; the latest stands on the left."""

    def __init__(self, connection: Any) -> None:
        super().__init__()
        # In a ring with its connection it would stay until the collector runs, which is seldom.
        self._connection = weakref.ref(connection)
        self._full = False

    def appendleft(self, waiting: Any, /) -> None:
        """Add a request, unless there are too many."""
        if self._full:
            return
        super().appendleft(waiting)
        if len(self) == WAITING:
            self._full = True
            cycle, _ = waiting
            cycle.keep_alive = False
            # The parser at work calls back for what it has in hand; the next bytes go nowhere.
            asyncio.get_running_loop().call_soon(self._read_no_more, cycle)

    def _read_no_more(self, last: Any) -> None:
        connection = self._connection()
        if connection is not None and connection.parser is not None:
            connection.parser = Last(connection.parser, last)


class Bounding(asyncio.Protocol):
    """What uvicorn's protocol is given beside its own."""

    cycle: Any
    pipeline: Pipeline

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with an empty queue of ours."""
        super().connection_made(transport)
        self.pipeline = Pipeline(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what waits: it holds its connection, and is held by it twice."""
        super().connection_lost(exc)
        self.pipeline.clear()
        self.cycle = None


def install() -> None:
    """Let uvicorn's servers in this process queue no more than that."""
    extend(Bounding, without="it queues all that one connection sends")
