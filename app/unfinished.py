"""A request whose head does not come to its end is given up; uvicorn would wait for ever.

No request pays for that: from time to time all connections are looked at, and one that stands as it
stood at the last look, neither at work nor kept alive by uvicorn's own timer, is closed.
"""

from __future__ import annotations

import asyncio
from typing import Any

from app.malformed import Refusals
from app.protocol import extend

DETAIL = "The head of this request did not come to its end in time: send it faster."


class Looks:
    """Looks at the connections of a loop, for as long as there are any."""

    def __init__(self, refusals: Refusals, seconds: float) -> None:
        self._refusals = refusals
        self._seconds = seconds
        self._stood: dict[Any, object] = {}
        self._timer: asyncio.TimerHandle | None = None

    def go_on(self, connections: set[Any]) -> None:
        """Look again in a while."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._seconds, self._look, connections)

    def _look(self, connections: set[Any]) -> None:
        self._timer = None
        standing = {one: one.scope for one in connections if _waits_for_a_head(one)}
        before, self._stood = self._stood, standing
        for connection, scope in standing.items():
            if connection in before and before[connection] is scope:
                self._give_up(connection)
        if connections:
            self.go_on(connections)

    def _give_up(self, connection: Any) -> None:
        cycle = connection.cycle
        # uvicorn takes back its timer for the body of a request that was answered before: no head
        # has begun then, and an answer would be taken for the next request's.
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
    """What uvicorn's protocol is given beside its own."""

    connections: set[Any]
    refusals: Refusals
    head_seconds: float
    looks: dict[asyncio.AbstractEventLoop, Looks]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it be looked at, too."""
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        if loop not in self.looks:
            self.looks[loop] = Looks(self.refusals, self.head_seconds)
        self.looks[loop].go_on(self.connections)


def install(refusals: Refusals, seconds: float) -> None:
    """Let uvicorn's servers in this process give up heads that take so long, or twice as long."""
    extend(
        GivingUp,
        without="it waits for ever for the rest of a request's head",
        refusals=refusals,
        head_seconds=seconds,
        looks={},
    )
