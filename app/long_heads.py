"""Refuse a request whose head, the request line and headers, is longer than 64 KiB.

uvicorn with httptools has no such limit, and copies an unfinished name or address once more for
each piece that arrives: one caller who sent 60 MB kept all others waiting for 5 s. The same limit
holds for the trailer fields after a chunked body. A request whose head arrives in one piece pays
about half a microsecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from app.bodies import FINISH_SECONDS
from app.malformed import Answering, IgnoringParser, Refusals
from app.protocol import extend

MOST = 1 << 16
"""Bytes; uvicorn with h11 has the same limit."""
DETAIL = (
    f"The line and headers of this request are longer than {MOST} bytes: send a shorter address, "
    "and fewer and shorter headers."
)


class BoundingHeads(Answering):
    """Extends uvicorn's protocol by the limit on heads."""

    body_bytes: int
    connections: set[Any]
    headers: list[tuple[bytes, bytes]]
    scope: Any
    _in_chunk = False
    """Whether a chunk is being read, or the trailer fields that follow the last one."""
    _counted_scope: object = None
    """The scope of the request whose bytes are counted."""
    _read_bytes = 0
    """Bytes read so far of that request: of its head, or of its latest chunk."""

    def on_chunk_header(self) -> None:
        """Start counting at 0 for this chunk; trailer fields are kept apart from the headers."""
        self.headers = []
        self._in_chunk = True
        self._counted_scope, self._read_bytes = self.scope, 0

    def on_chunk_complete(self) -> None:
        """Stop counting."""
        self._in_chunk = False

    def data_received(self, data: bytes) -> None:
        """Parse the data, and count it if it ended in the midst of a head or of trailer fields."""
        if len(data) > MOST or self._read_bytes:
            data = self._parse_at_most_a_head(data)
        before = self.cycle
        in_body = before is not None and before.more_body
        super().data_received(data)
        cycle = self.cycle
        if cycle is None or cycle.scope is not self.scope:
            # A head has begun and not ended. If this piece also ended an earlier request, how much
            # of it belongs to the head is not known, so none is counted.
            self._count(b"" if in_body or cycle is not before else data, MOST, self._refuse)
        elif self._in_chunk and not cycle.body:
            # An empty chunk is the last one, after which trailer fields may come. But once there is
            # an answer, uvicorn drops bodies, and every chunk looks empty.
            most = self.body_bytes if cycle.response_complete else MOST
            self._count(data, most, self.transport.close)

    def _parse_at_most_a_head(self, data: bytes) -> bytes:
        """If a head is expected, parse at most as much as a head may have; return the rest.

        So a head is too long whether or not its end is in the same piece.
        """
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            if cycle.more_body:
                return data
            self._read_bytes = 0
        room = MOST + 1 - self._read_bytes
        if not 0 < room < len(data):
            return data
        self.data_received(data[:room])
        return data[room:]

    def _count(self, data: bytes, most: int, too_much: Callable[[], None]) -> None:
        if self._counted_scope is not self.scope:
            self._counted_scope, self._read_bytes = self.scope, 0
        self._read_bytes += len(data)
        if self._read_bytes > most and not self.transport.is_closing():
            too_much()

    def _refuse(self) -> None:
        if isinstance(self.parser, IgnoringParser) or self.stop_reading():
            return
        self.transport.write(self.refusals.answer(431, DETAIL))
        # Closed at once, the connection would be reset and the answer lost, so the caller gets time
        # to finish sending.
        self.connections.discard(self)
        asyncio.get_running_loop().call_later(FINISH_SECONDS, self.transport.close)


def install(refusals: Refusals, body_bytes: int) -> None:
    """Make uvicorn's servers in this process refuse longer heads."""
    extend(
        BoundingHeads,
        without="it reads heads of any length",
        refusals=refusals,
        body_bytes=body_bytes,
    )
