"""A request whose head does not come to its end in so many bytes is refused.

uvicorn by httptools bounds no head, and copies each piece of a long name or address anew with all
before it: one caller who sent 60 MB of it kept all others waiting for 5 s. The same goes for the
fields that may follow a body in chunks. A request whose head comes as a whole pays about half a
microsecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from app.bodies import FINISH_SECONDS
from app.malformed import Deaf, Refusals
from app.protocol import extend

MOST = 1 << 16
"""Bytes; uvicorn by h11 has the same bound."""
DETAIL = (
    f"The head of this request did not come to its end in {MOST} bytes: send a shorter address, "
    "and fewer and shorter headers."
)


class BoundingHeads(asyncio.Protocol):
    """What uvicorn's protocol is given beside its own."""

    refusals: Refusals
    body_bytes: int
    connections: set[Any]
    cycle: Any
    ends_with_what_is_owed: Callable[[], bool]
    headers: list[tuple[bytes, bytes]]
    parser: Any
    scope: Any
    transport: asyncio.Transport
    _in_chunk = False
    _counted: object = None
    _read = 0
    """Bytes of the counted request's head, or of its latest chunk."""

    def on_chunk_header(self) -> None:
        """Begin to count anew; fields that follow the body are none of the head's."""
        self.headers = []
        self._in_chunk = True
        self._counted, self._read = self.scope, 0

    def on_chunk_complete(self) -> None:
        """Count no more."""
        self._in_chunk = False

    def data_received(self, data: bytes) -> None:
        """Count what is neither a whole head nor a body."""
        if len(data) > MOST or self._read:
            data = self._read_first(data)
        before = self.cycle
        in_body = before is not None and before.more_body
        super().data_received(data)
        cycle = self.cycle
        if cycle is None or cycle.scope is not self.scope:
            # What came before the head, of other requests, is not the head's.
            self._count(b"" if in_body or cycle is not before else data, MOST, self._refuse)
        elif self._in_chunk and not cycle.body:
            # The last chunk is empty, and fields may follow it. Once there is an answer bodies are
            # dropped, so that it could be any chunk.
            most = self.body_bytes if cycle.response_complete else MOST
            self._count(data, most, self.transport.close)

    def _read_first(self, data: bytes) -> bytes:
        """Read no more than a head may have, if one is to come, and give the rest.

        So a head is too long whether or not its end comes along.
        """
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            if cycle.more_body:
                return data
            self._read = 0
        room = MOST + 1 - self._read
        if not 0 < room < len(data):
            return data
        self.data_received(data[:room])
        return data[room:]

    def _count(self, data: bytes, most: int, too_much: Callable[[], None]) -> None:
        if self._counted is not self.scope:
            self._counted, self._read = self.scope, 0
        self._read += len(data)
        if self._read > most and not self.transport.is_closing():
            too_much()

    def _refuse(self) -> None:
        if isinstance(self.parser, Deaf):
            return
        if self.ends_with_what_is_owed():
            return
        self.transport.write(self.refusals.answer(431, DETAIL))
        # A reset would take the answer along, so the caller may finish.
        self.connections.discard(self)
        asyncio.get_running_loop().call_later(FINISH_SECONDS, self.transport.close)


def install(refusals: Refusals, body_bytes: int) -> None:
    """Let uvicorn's servers in this process read no longer heads."""
    extend(
        BoundingHeads,
        without="it reads heads of any length",
        refusals=refusals,
        body_bytes=body_bytes,
    )
