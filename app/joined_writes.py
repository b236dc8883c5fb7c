"""One write an answer, and the answers of one turn of the loop together.

uvicorn writes an answer's head and body apart: two system calls and two packets, and the peer is
woken for each. Here a write waits for the end of the loop's turn, then every connection's goes out
as one. It buys a tenth of the rate. Only asyncio's public Transport and Protocol are used.
"""

from __future__ import annotations

import asyncio
from typing import Any

from app.protocol import extend

AT_ONCE = 1 << 16
"""Bytes that do not wait: the real transport must see them, so that its back pressure acts, and to
join them would be one copy more."""


class Outbox:
    """The connections of one loop that wrote in this turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._wrote: list[JoinedTransport] = []

    def add(self, transport: JoinedTransport) -> None:
        """Send what this connection has at the end of the turn."""
        if not self._wrote:
            self._loop.call_soon(self._send_all)
        self._wrote.append(transport)

    def _send_all(self) -> None:
        wrote, self._wrote = self._wrote, []
        for transport in wrote:
            transport.send()


class JoinedTransport(asyncio.Transport):
    """A transport whose writes wait in the outbox; all else that uvicorn asks is the real one's."""

    def __init__(self, real: asyncio.Transport, outbox: Outbox) -> None:
        super().__init__()
        self._real = real
        self._outbox = outbox
        self._parts: list[bytes | bytearray | memoryview] = []
        self._lost = False

    def lose(self) -> None:
        """Drop what was kept and what is still to come, for nobody is there to take it.

        uvloop raises where asyncio's own transport drops it: in `Outbox`, at the cost of all others
        of that turn. uvicorn goes on with the answer that is at work when more requests wait.
        """
        self._lost = True
        self._parts.clear()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep for the end of the turn."""
        if self._lost:
            return
        if len(data) > AT_ONCE:
            self.send()
            self._real.write(data)
            return
        if not self._parts:
            self._outbox.add(self)
        self._parts.append(data)

    def send(self) -> None:
        """Hand what was kept to the real transport."""
        if self._parts:
            parts, self._parts = self._parts, []
            self._real.write(b"".join(parts))

    def close(self) -> None:
        """Send what was kept, then close."""
        self.send()
        self._real.close()

    def is_closing(self) -> bool:
        """Ask the real transport."""
        return self._real.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Ask the real transport."""
        return self._real.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Tell the real transport."""
        self._real.pause_reading()

    def resume_reading(self) -> None:
        """Tell the real transport."""
        self._real.resume_reading()


class Joined(asyncio.Protocol):
    """What uvicorn's protocol is given beside its own; connections share an outbox a loop."""

    outboxes: dict[asyncio.AbstractEventLoop, Outbox]

    def connection_made(self, transport: Any) -> None:
        """Give uvicorn a transport of ours."""
        loop = asyncio.get_running_loop()
        if loop not in self.outboxes:
            self.outboxes[loop] = Outbox(loop)
        self._joined = JoinedTransport(transport, self.outboxes[loop])
        super().connection_made(self._joined)

    def connection_lost(self, exc: Exception | None) -> None:
        """Write no more."""
        super().connection_lost(exc)
        self._joined.lose()


def install() -> None:
    """Let every connection of uvicorn's servers in this process write this way."""
    extend(Joined, without="answers go out in two writes, slower", outboxes={})
