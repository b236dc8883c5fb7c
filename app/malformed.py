"""What is no HTTP at all: it reaches no application, and still its answer is in the envelope.

uvicorn writes that answer in a method that its protocols share, ``send_400_response`` (tried with
0.54). Where it is gone the answer is uvicorn's own.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from uvicorn.protocols.http import auto

from app.envelope import JSON, Envelopes, Exchange, phrase
from app.logs import log

DETAIL = (
    "This is no request of HTTP/1.1 that can be understood: look at its line, whose address is "
    "to be percent-encoded, and at its headers."
)


def install(envelopes: Envelopes) -> None:
    """Let uvicorn's servers in this process answer so."""
    protocol: Any = getattr(auto, "AutoHTTPProtocol", None)
    if getattr(protocol, "answers_in_the_envelope", False):
        return
    if not hasattr(protocol, "send_400_response"):
        log.warning("This uvicorn has no send_400_response: what is no HTTP gets a bare answer.")
        return

    class Answering(protocol):  # type: ignore[misc]  # which protocol is known at run time
        answers_in_the_envelope = True
        transport: asyncio.Transport

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
            self.transport.write(answer(envelopes, 400, DETAIL))
            self.transport.close()

    auto.AutoHTTPProtocol = Answering


def answer(envelopes: Envelopes, status: int, detail: str) -> bytes:
    """Write an answer, head and body; method and url are not known."""
    request_id = os.urandom(12).hex().encode()
    exchange = Exchange(request_id, "", '""', time.monotonic())
    body = envelopes.refusal_with(exchange, status, detail).body
    headers = (
        JSON,
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"x-request-id", request_id),
    )
    head = b"".join(b"%b: %b\r\n" % header for header in headers)
    return f"HTTP/1.1 {status} {phrase(status)}\r\n".encode() + head + b"\r\n" + body
