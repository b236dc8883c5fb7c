"""Limit how many requests may wait on one connection for the answers to earlier ones.

uvicorn queues all that it reads: twenty connections that each sent 1 MB of tiny requests, and read
no answers, made a worker grow to 2 GB and kept all others waiting for 17 s. Here the request that
fills the queue is the last; its answer says ``Connection: close``, so the client sends the rest
again (RFC 9112, 9.3.2).

Only uvicorn's ``pipeline`` is replaced: a client that waits for its answers pays nothing.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from typing import Any

from app.protocol import extend

WAITING = 100
"""Requests that may wait behind the one being answered."""


class LastRequest:
    """Takes the parser's place: parses a request to its end, and ignores what follows."""

    def __init__(self, parser: Any, cycle: Any) -> None:
        self._parser = parser
        self._cycle = cycle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> None:
        """Parse the data while the request's body is incomplete."""
        if self._cycle.more_body:
            self._parser.feed_data(data)


class Pipeline(deque[Any]):
    """The requests that wait, each with its application; the latest is the leftmost."""

    def __init__(self, connection: Any) -> None:
        super().__init__()
        # A strong reference would make a cycle, which only the garbage collector frees, seldom.
        self._connection = weakref.ref(connection)
        self._full = False

    def appendleft(self, waiting: Any, /) -> None:
        """Add a request, unless the queue has been full."""
        if self._full:
            return
        super().appendleft(waiting)
        if len(self) == WAITING:
            self._full = True
            cycle, _ = waiting
            cycle.keep_alive = False
            # Later, because the parser is in the midst of its callbacks now.
            asyncio.get_running_loop().call_soon(self._read_no_more, cycle)

    def _read_no_more(self, last: Any) -> None:
        connection = self._connection()
        if connection is not None and connection.parser is not None:
            connection.parser = LastRequest(connection.parser, last)


class Bounding(asyncio.Protocol):
    """Extends uvicorn's protocol by the limit on its queue."""

    cycle: Any
    pipeline: Pipeline

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put a limited queue in the place of uvicorn's."""
        super().connection_made(transport)
        self.pipeline = Pipeline(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the requests that wait: they and the connection refer to each other."""
        super().connection_lost(exc)
        self.pipeline.clear()
        self.cycle = None


def install() -> None:
    """Make uvicorn's servers in this process queue no more than `WAITING` requests."""
    extend(Bounding, without="it queues all that one connection sends")
