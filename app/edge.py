"""The outermost layer: who answers which path, and one envelope around every answer.

``POST /predict`` and ``POST /runs/{run_id}/predict`` are answered here, bytes to bytes, by way of
`predict`. Everything else goes on to BentoML's application, in which `api` is mounted, and what
comes back passes by here: every answer gets its request id, and an error of whatever origin that is
not in the envelope yet is put into it.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import math
import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from app.envelope import (
    BY_STATUS,
    EXCHANGE,
    JSON,
    Answer,
    Envelopes,
    Exchange,
    Header,
    status_of,
)
from app.logs import unforeseen
from app.metrics import Metrics
from app.predict import Loaded, Predictor, shown
from app.stopping import Stopping
from tagger.errors import (
    Fault,
    InvalidInput,
    TooLargeBody,
    UnknownResource,
    UnsupportedMedia,
    WrongMethod,
    known_names,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the contract."""

    template: str
    methods: tuple[str, ...] = ("GET", "HEAD")
    predicts: bool = False
    """Whether it is answered here."""
    own_form: bool = False
    """Whether BentoML answers it in a form of its own, errors too."""


ROUTES = (
    Route("/predict", ("POST",), predicts=True),
    Route("/runs/{run_id}/predict", ("POST",), predicts=True),
    Route("/"),
    Route("/performance"),
    Route("/params"),
    Route("/params/{param}"),
    Route("/runs"),
    Route("/runs/{run_id}"),
    Route("/runs/{run_id}/performance"),
    Route("/runs/{run_id}/params"),
    Route("/runs/{run_id}/params/{param}"),
    Route("/tags"),
    Route("/tags/{tag}"),
    Route("/docs"),
    Route("/redoc"),
    Route("/openapi.json"),
    Route("/ui"),
    Route("/assets/{file}"),
    Route("/livez", own_form=True),
    Route("/readyz", own_form=True),
    Route("/metrics", own_form=True),
    Route("/schema.json", own_form=True),
)
"""Every path that is answered; all others are a 404, BentoML's own pages among them."""
NOWHERE = Route("(none)", ())
"""What metrics call the paths that do not exist."""

GZIP_FROM = 1_000
"""Bytes of an answer from which on it is compressed where that is asked for."""
WATCHED_FROM = 16_384
"""Bytes of a request from which on its work is given up when the caller leaves. To watch for that
costs 10 us, more than the work on a small request."""
VISIBLE = re.compile(rb"[\x21-\x7e]{1,128}")
JSON_TYPE = re.compile(
    rb'application/(?:[\w.-]+\+)?json\s*(?:;\s*charset="?([\w-]+)"?\s*)?', re.IGNORECASE
)


class Runner(Protocol):
    """What is asked of the Runner."""

    @property
    def served(self) -> Loaded:
        """The run that answers where none is named."""

    async def of(self, run_id: str) -> Loaded:
        """Any other."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a request may take."""

    body_bytes: int
    seconds: float
    """From its first byte to the start of its work."""


class CallerLeft(Exception):  # noqa: N818 - nothing went wrong
    """The connection was closed before the answer."""


class Edge:
    """The outermost ASGI application of a worker."""

    def __init__(
        self,
        app: App,
        *,
        runner: Runner,
        predictor: Predictor,
        bounds: Bounds,
        envelopes: Envelopes,
        metrics: Metrics,
        stopping: Stopping,
    ) -> None:
        self._app = app
        self._runner = runner
        self._predictor = predictor
        self._bounds = bounds
        self._envelopes = envelopes
        self._metrics = metrics
        self._stopping = stopping
        self._prefix = os.urandom(8).hex()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; uvicorn wants this to be an ``async def``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        route, values = find(path)
        exchange = self._open(scope)
        out = Outgoing(send, exchange, self._stopping)
        self._metrics.in_progress[route.template] += 1
        try:
            await self._answer(route, values, scope, receive, out)
        except CallerLeft:
            pass
        except Exception as fault:
            if status_of(fault) == HTTPStatus.INTERNAL_SERVER_ERROR:
                unforeseen(fault, exchange.request_id)
            if out.begun:
                raise
            await out.answer(self._envelopes.refusal(exchange, fault))
        finally:
            self._metrics.in_progress[route.template] -= 1
            if out.status:
                took = time.monotonic() - exchange.started
                self._metrics.answered(route.template, out.status, took)

    async def _answer(
        self,
        route: Route,
        values: dict[str, str],
        scope: Scope,
        receive: Receive,
        out: Outgoing,
    ) -> None:
        if scope["method"] not in route.methods:
            if route is NOWHERE:
                path = shown(scope["path"])
                paths = [known.template for known in ROUTES]
                raise UnknownResource(
                    f"There is no path {path!r}. {known_names('Paths', path, paths)}"
                )
            raise WrongMethod(scope["method"], route.template, route.methods)
        if route.predicts:
            await self._predict(values.get("run_id"), scope, receive, out)
        else:
            if route.template == "/metrics":
                self._metrics.flush()
            await self._pass_on(route, scope, receive, out)

    def _open(self, scope: Scope) -> Exchange:
        request_id = host = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"x-request-id" and VISIBLE.fullmatch(value):
                request_id = value
        return Exchange(
            # A random prefix and a counter: 2 us less than a random number each.
            request_id=request_id or b"%s-%x" % (self._prefix.encode(), next(self._numbers)),
            method=scope["method"],
            url=self._envelopes.url(
                scope["scheme"],
                host,
                scope.get("raw_path") or scope["path"].encode(),
                scope["query_string"],
            ),
            started=time.monotonic(),
        )

    async def _predict(
        self, run_id: str | None, scope: Scope, receive: Receive, out: Outgoing
    ) -> None:
        """Answer a prediction."""
        exchange = out.exchange
        asked = read_head(scope["headers"], self._bounds)
        body = await read_body(receive, self._bounds.body_bytes)
        loaded = self._runner.served if run_id is None else await self._runner.of(run_id)
        work = self._predictor.predict(body, loaded, exchange.started + asked.seconds)
        data = await (work if len(body) < WATCHED_FROM else while_connected(work, receive))
        answer = self._envelopes.success(exchange, data)
        headers: tuple[Header, ...] = ((b"x-run-id", loaded.run.run_id.encode()),)
        if asked.gzip and len(answer) >= GZIP_FROM:
            answer = await asyncio.to_thread(gzip.compress, answer, 5)
            headers += ((b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding"))
        await out.answer(Answer(200, answer, headers))

    async def _pass_on(self, route: Route, scope: Scope, receive: Receive, out: Outgoing) -> None:
        """Let BentoML's application answer, as it would the path without a slash at its end."""
        inner = dict(scope)
        inner[EXCHANGE] = out.exchange
        inner["path"] = scope["path"].rstrip("/") or "/"
        if scope["method"] == "HEAD":
            # uvicorn leaves the body out; all else is to be as it would be for GET.
            inner["method"] = out.exchange.method = "GET"
        out.holds_errors = not route.own_form
        await self._app(inner, receive, out.send)
        if out.held is not None:
            held = out.held
            kept = [pair for pair in held["headers"] if pair[0] in {b"allow", b"retry-after"}]
            detail = BY_STATUS.get(held["status"], HTTPStatus(held["status"]).description)
            await out.answer(
                self._envelopes.refusal_with(out.exchange, held["status"], detail, kept)
            )


class Outgoing:
    """An answer on its way out: it gets its request id; bare errors are held back."""

    __slots__ = ("_send", "_stopping", "begun", "exchange", "held", "holds_errors", "status")

    def __init__(self, send: Send, exchange: Exchange, stopping: Stopping) -> None:
        self._send = send
        self._stopping = stopping
        self.exchange = exchange
        self.holds_errors = False
        self.held: Message | None = None
        """The beginning of an inner layer's error that is not in the envelope."""
        self.begun = False
        self.status = 0

    async def answer(self, answer: Answer) -> None:
        """Send a whole answer of our own."""
        await self._begin(
            answer.status,
            [JSON, (b"content-length", b"%d" % len(answer.body)), *answer.headers],
        )
        await self._send({"type": "http.response.body", "body": answer.body})

    async def send(self, message: Message) -> None:
        """Pass on a piece of an inner layer's answer."""
        if message["type"] != "http.response.start":
            if self.held is None:
                await self._send(message)
        elif message["status"] >= 400 and self.holds_errors and not self.exchange.enveloped:
            self.held = message
        else:
            await self._begin(message["status"], list(message["headers"]))

    async def _begin(self, status: int, headers: list[Header]) -> None:
        self.begun = True
        self.status = status
        headers.append((b"x-request-id", self.exchange.request_id))
        if self._stopping.draining:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})


@dataclass(frozen=True, slots=True)
class Head:
    """What the headers of a prediction ask for."""

    seconds: float
    gzip: bool


def read_head(headers: Sequence[Header], bounds: Bounds) -> Head:
    """Read the headers of a prediction.

    Raises
    ------
    TooLargeBody, UnsupportedMedia, InvalidInput
    """
    seconds, zipped = bounds.seconds, False
    for name, value in headers:
        if name == b"content-type":
            if value != b"application/json":
                _check_type(value)
        elif name == b"content-length":
            if int(value) > bounds.body_bytes:
                raise _too_large(bounds.body_bytes)
        elif name == b"accept-encoding":
            zipped = b"gzip" in value and b"gzip;q=0" not in value
        elif name == b"x-request-timeout":
            seconds = min(bounds.seconds, _seconds(value))
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise UnsupportedMedia("The body is compressed, which is not read: send it as it is.")
    return Head(seconds, zipped)


def _check_type(value: bytes) -> None:
    found = JSON_TYPE.fullmatch(value.strip())
    if not found:
        raise UnsupportedMedia(
            f"The content type is {shown(value.decode('latin-1'))}, and only JSON is read: "
            "send Content-Type: application/json."
        )
    charset = found[1]
    if charset and charset.lower() not in (b"utf-8", b"utf8"):
        raise UnsupportedMedia(
            f"The charset is {shown(charset.decode('latin-1'))}, and only UTF-8 is read."
        )


def _seconds(value: bytes) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InvalidInput(
            [
                Fault(
                    ("header", "X-Request-Timeout"),
                    "Input should be a number of seconds above 0.",
                    "timeout",
                )
            ]
        )
    return seconds


async def read_body(receive: Receive, most: int) -> bytes:
    """Read a request's body.

    Raises
    ------
    TooLargeBody
        As soon as it is longer than it may be; the rest is not read.
    CallerLeft
        In the middle of it.
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body"):
            return body


def _too_large(most: int) -> TooLargeBody:
    return TooLargeBody(
        f"The body is longer than the {most} bytes that it may have: send several requests."
    )


async def while_connected(work: Awaitable[str], receive: Receive) -> str:
    """Do a piece of work, and give it up when the caller leaves.

    Raises
    ------
    CallerLeft
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise CallerLeft
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


STATIC = {route.template: route for route in ROUTES if "{" not in route.template}


def _compiled(template: str) -> re.Pattern[str]:
    # A tag may hold a slash, as in ci/cd; nothing else can.
    pattern = template.replace("{tag}", "(?P<tag>.+)")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern))


NAMED = tuple((_compiled(route.template), route) for route in ROUTES if "{" in route.template)


def find(path: str) -> tuple[Route, dict[str, str]]:
    """Find who answers a path, and what its template's names stand for."""
    if (route := STATIC.get(path) or STATIC.get(path.rstrip("/") or "/")) is not None:
        return route, {}
    path = path.rstrip("/")
    for pattern, route in NAMED:
        if found := pattern.fullmatch(path):
            return route, found.groupdict()
    return NOWHERE, {}
