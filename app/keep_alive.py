"""An idle connection is kept longer than balancers and clients keep theirs.

Whoever closes first cuts off a request that is on its way, and few clients send a POST again: with
uvicorn's 5 s, 6 of 576 requests that came just then were lost. ``bentoml serve`` hides its option.
"""

from __future__ import annotations

import asyncio

from app.protocol import extend


class KeepingAlive(asyncio.Protocol):
    """What uvicorn's protocol is given beside its own."""

    idle_seconds: float
    timeout_keep_alive: float

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set what each connection reads for itself."""
        super().connection_made(transport)
        self.timeout_keep_alive = self.idle_seconds


def install(seconds: float) -> None:
    """Let uvicorn's servers in this process keep idle connections for so long."""
    extend(KeepingAlive, without="it closes idle connections after 5 s", idle_seconds=seconds)
