"""Answer bytes that are no HTTP request in the envelope, although no application sees them.

Where complete requests came before them on the connection and still wait for answers, only those
are answered: the caller would take an answer sent now for that of the first request.
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
    "This cannot be read as a request of HTTP/1.1. Check its first line, whose address must be "
    "percent-encoded and no longer than 65,535 bytes, and its headers."
)


@dataclass(frozen=True)
class Refusals:
    """Writes and counts the answers to requests that never reach the application."""

    envelopes: Envelopes
    metrics: Metrics

    def answer(self, status: int, detail: str) -> bytes:
        """Return an answer as bytes, head and body; its method and url are empty: not known."""
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


class IgnoringParser:
    """Takes the parser's place once no more is to be read, and ignores what arrives."""

    def feed_data(self, data: bytes) -> None:
        """Ignore the data."""


class Answering(asyncio.Protocol):
    """Extends uvicorn's protocol by an answer in the envelope to what cannot be parsed."""

    cycle: Any
    parser: Any
    refusals: Refusals
    transport: asyncio.Transport

    def stop_reading(self) -> bool:
        """Stop reading, and return whether complete requests still wait for their answers.

        If so, the last of those answers closes the connection.
        """
        self.parser = IgnoringParser()
        cycle = self.cycle
        owed = cycle is not None and not cycle.response_complete and not cycle.more_body
        if owed:
            cycle.keep_alive = False
        return owed

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer in the envelope, and close."""
        if self.stop_reading():
            return
        self.transport.write(self.refusals.answer(400, DETAIL))
        self.transport.close()


def install(refusals: Refusals) -> None:
    """Make uvicorn's servers in this process answer like this."""
    extend(Answering, without="what is no HTTP gets a bare answer", refusals=refusals)
