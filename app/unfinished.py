"""Close connections whose request head does not arrive in time; uvicorn would wait for ever.

A timer for each request would cost time, so all connections are inspected at intervals instead. One
that has not moved on since the last inspection is closed, unless it is answering a request or is
idle under uvicorn's own keep-alive timer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from app.malformed import Refusals
from app.protocol import extend

DETAIL = "The line and headers of this request did not arrive in time: send them faster."


class Inspector:
    """Inspects a server's connections at intervals, for as long as there are any."""

    def __init__(self, refusals: Refusals, seconds: float) -> None:
        self._refusals = refusals
        self._seconds = seconds
        self._waiting: dict[Any, object] = {}
        """The connections that waited for a head at the last inspection, each with its scope."""
        self._timer: asyncio.TimerHandle | None = None

    def schedule(self, connections: set[Any]) -> None:
        """Plan the next inspection, unless one is planned."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._seconds, self._inspect, connections)

    def _inspect(self, connections: set[Any]) -> None:
        self._timer = None
        waiting = {one: one.scope for one in connections if _waits_for_a_head(one)}
        before, self._waiting = self._waiting, waiting
        for connection, scope in waiting.items():
            if connection in before and before[connection] is scope:
                self._give_up(connection)
        if connections:
            self.schedule(connections)

    def _give_up(self, connection: Any) -> None:
        cycle = connection.cycle
        # Where the last request is the answered one, no head has begun: its body came late, for
        # which uvicorn cancels its timer. An answer would be taken for that of the next request.
        if connection.scope is not (cycle and cycle.scope):
            connection.transport.write(self._refusals.answer(408, DETAIL))
        connection.transport.close()


def _waits_for_a_head(connection: Any) -> bool:
    cycle = connection.cycle
    return (
        connection.timeout_keep_alive_task is None
        and (cycle is None or cycle.response_complete)
        and not connection.transport.is_closing()
    )


class GivingUp(asyncio.Protocol):
    """Extends uvicorn's protocol by the inspection of its connections."""

    connections: set[Any]
    inspector: Inspector

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make sure that inspections are under way."""
        super().connection_made(transport)
        self.inspector.schedule(self.connections)


def install(refusals: Refusals, seconds: float) -> None:
    """Make uvicorn's server in this process wait for a head between once and twice so long."""
    inspector = Inspector(refusals, seconds)
    extend(GivingUp, without="it waits for ever for a request's head", inspector=inspector)
