"""What is no HTTP at all: it reaches no application, and still its answer is in the envelope.

Where whole requests came before it, their answers end the connection: its own would be taken for
the first of them.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import Any

from app.envelope import JSON, Envelopes, Exchange, phrase
from app.metrics import Metrics
from app.protocol import extend
from app.routes import NOWHERE

DETAIL = (
    "This is no request of HTTP/1.1 that can be understood: look at its line, whose address is "
    "to be percent-encoded and within 65,535 bytes, and at its headers."
)


@dataclass(frozen=True)
class Refusals:
    """Writes and counts the answers to what never becomes a request of the application."""

    envelopes: Envelopes
    metrics: Metrics

    def answer(self, status: int, detail: str) -> bytes:
        """Write an answer, head and body; method and url are not known."""
        request_id = os.urandom(12).hex().encode()
        exchange = Exchange(request_id, "", '""', time.monotonic())
        body = self.envelopes.refusal_with(exchange, status, detail).body
        headers = (
            JSON,
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            (b"x-request-id", request_id),
        )
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.metrics.answered(NOWHERE.template, status, 0)
        return f"HTTP/1.1 {status} {phrase(status)}\r\n".encode() + head + b"\r\n" + body


class Deaf:
    """A parser that drops what comes."""

    def feed_data(self, data: bytes) -> None:
        """Drop it."""


class Answering(asyncio.Protocol):
    """What uvicorn's protocol is given beside its own."""

    cycle: Any
    parser: Any
    refusals: Refusals
    transport: asyncio.Transport

    def ends_with_what_is_owed(self) -> bool:
        """Read no more; and if whole requests wait for answers, close with the last of those."""
        self.parser = Deaf()
        cycle = self.cycle
        owed = cycle is not None and not cycle.response_complete and not cycle.more_body
        if owed:
            cycle.keep_alive = False
        return owed

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Answer, and close."""
        if self.ends_with_what_is_owed():
            return
        self.transport.write(self.refusals.answer(400, DETAIL))
        self.transport.close()


def install(refusals: Refusals) -> None:
    """Let uvicorn's servers in this process answer so."""
    extend(Answering, without="what is no HTTP gets a bare answer", refusals=refusals)
