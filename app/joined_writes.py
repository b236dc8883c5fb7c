"""Send all that a connection writes during one turn of the event loop in a single write.

uvicorn writes an answer's head and body separately: two system calls and two packets, and the peer
is woken for each. Here data is kept until the end of the turn, then sent as one piece for each
connection: a tenth more requests a second. Only asyncio's public Transport and Protocol are used.
"""

from __future__ import annotations

import asyncio
from typing import Any

from app.protocol import extend

AT_ONCE = 1 << 16
"""Bytes above which data is sent at once: the real transport must see it for its back pressure to
work, and joining would copy it once more."""


class Outbox:
    """The connections of one loop that have written something in this turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._wrote: list[JoinedTransport] = []

    def add(self, transport: JoinedTransport) -> None:
        """Have a connection's data sent at the end of the turn."""
        if not self._wrote:
            self._loop.call_soon(self._send_all)
        self._wrote.append(transport)

    def _send_all(self) -> None:
        wrote, self._wrote = self._wrote, []
        for transport in wrote:
            transport.send()


class JoinedTransport(asyncio.Transport):
    """Keeps what uvicorn writes until the turn ends; the real transport does all the rest."""

    def __init__(self, real: asyncio.Transport, outbox: Outbox) -> None:
        super().__init__()
        self._real = real
        self._outbox = outbox
        self._parts: list[bytes | bytearray | memoryview] = []
        self._lost = False

    def lose(self) -> None:
        """Drop the data kept, and all that is written later: the connection is closed.

        uvicorn may still write, since it finishes the current answer where more requests wait.
        asyncio's own transport would ignore that; uvloop's raises, and in `Outbox` that would
        keep the answers of other connections from being sent.
        """
        self._lost = True
        self._parts.clear()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep the data until the turn ends."""
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
        """Hand the data kept to the real transport."""
        if self._parts:
            parts, self._parts = self._parts, []
            self._real.write(b"".join(parts))

    def close(self) -> None:
        """Send the data kept, then close."""
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
    """Extends uvicorn's protocol by joined writes; the connections of a loop share an outbox."""

    outboxes: dict[asyncio.AbstractEventLoop, Outbox]

    def connection_made(self, transport: Any) -> None:
        """Give uvicorn a joining transport in the place of the real one."""
        loop = asyncio.get_running_loop()
        if loop not in self.outboxes:
            self.outboxes[loop] = Outbox(loop)
        self._joined = JoinedTransport(transport, self.outboxes[loop])
        super().connection_made(self._joined)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop writing."""
        super().connection_lost(exc)
        self._joined.lose()


def install() -> None:
    """Make uvicorn's servers in this process write like this."""
    extend(Joined, without="answers go out in two writes, slower", outboxes={})
