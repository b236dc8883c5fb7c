"""The edge without a server, around applications that misbehave on cue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.edge import Edge
from app.envelope import Envelopes
from app.metrics import Metrics
from app.predict import Loaded, Predictor, Runner
from app.reading import Limits
from app.stopping import Stopping

LIMITS = Limits(texts=10, text_length=100, body_bytes=20_000, scores=1_000, seconds=5)


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body."""
        return json.loads(self.body)


class Unanswered(Exception):
    """A request ended without an answer."""


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Answer not at all."""


class NoRuns:
    """A Runner whose every answer is the same fault."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    @property
    def served(self) -> Loaded:
        """Raise it."""
        raise self.fault

    async def of(self, run_id: str, deadline: float) -> Loaded:  # noqa: ARG002 - whichever it is
        """Raise it."""
        raise self.fault


def edge(
    app: ASGIApp = nothing,
    *,
    fault: Exception | None = None,
    runner: Runner | None = None,
    stopping: Stopping | None = None,
) -> Edge:
    """Make an edge around an application."""
    return Edge(
        app,
        runner=runner or NoRuns(fault or AssertionError("no run is needed")),
        predictor=Predictor(LIMITS),
        limits=LIMITS,
        envelopes=Envelopes(),
        metrics=Metrics("tagline", "test"),
        stopping=stopping or Stopping(0, rest_seconds=1, supervisor=0),
    )


def ask(application: ASGIApp, *request: str, **more: Any) -> Got:
    """Send one request through an application, as `asked` does, on a loop of its own."""
    return asyncio.run(asked(application, *request, **more))


async def asked(
    application: ASGIApp,
    method: str = "GET",
    path: str = "/runs",
    *,
    body: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Got:
    """Send one request through an application."""
    sent: list[Message] = []
    incoming = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(incoming, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"tagline.test"), *headers],
    }

    await application(scope, receive, send)
    if not sent:
        raise Unanswered
    start, *rest = sent
    return Got(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(part.get("body", b"") for part in rest),
    )
