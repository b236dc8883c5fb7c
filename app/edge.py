"""The outermost layer: one envelope around every answer, and the predictions themselves.

``POST /predict`` and ``POST /runs/{run_id}/predict`` are answered here, bytes to bytes, by way of
`predict`. Everything else goes on to BentoML's application, in which `api` is mounted, and what
comes back passes by here: every answer gets its request id, and an error of whatever origin that is
not in the envelope yet is put into it. `routes` tells which path is whose.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import compression
from app.bodies import Bodies, let_finish
from app.envelope import (
    BY_STATUS,
    EXCHANGE,
    JSON,
    NO_URL,
    Answer,
    Envelopes,
    Exchange,
    Header,
    status_of,
)
from app.incoming import CallerLeft, read_head, while_connected
from app.logs import failed
from app.metrics import Metrics
from app.predict import Predictor, Runner
from app.queries import check_query
from app.reading import Limits
from app.routes import NOWHERE, ROUTES, Route, find, without_slash
from app.stopping import Stopping
from tagger.errors import TooLargeBody, UnknownResource, WrongHost, WrongMethod

WATCHED_FROM = 16_384
"""Bytes of a request from which on its work is given up when the caller leaves. To watch for that
costs 10 us, more than the work on a small request."""
VISIBLE = re.compile(rb"[\x21-\x7e]{1,128}")


class Edge:
    """The outermost ASGI application of a worker."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        runner: Runner,
        predictor: Predictor,
        limits: Limits,
        envelopes: Envelopes,
        metrics: Metrics,
        stopping: Stopping,
    ) -> None:
        self._app = app
        self._runner = runner
        self._predictor = predictor
        self._limits = limits
        self._bodies = Bodies(limits.body_bytes)
        self._envelopes = envelopes
        self._metrics = metrics
        self._stopping = stopping
        self._prefix = os.urandom(8).hex().encode()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; uvicorn wants this to be an ``async def``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route, values = find(scope)
        exchange = self._open(scope)
        out = Outgoing(send, exchange, self._stopping)
        self._metrics.in_progress[route.template] += 1
        try:
            await self._answer(route, values, scope, receive, out)
        except CallerLeft:
            pass
        except Exception as fault:
            if status_of(type(fault)) == HTTPStatus.INTERNAL_SERVER_ERROR:
                failed(fault, exchange.request_id)
            if out.begun:
                raise
            answer = self._envelopes.refusal(exchange, fault)
            if len(answer.body) >= compression.FROM and compression.asks_for_gzip(scope["headers"]):
                answer = await compression.compressed(answer)
            if isinstance(fault, TooLargeBody):
                await out.answer_early(answer, receive)
            else:
                await out.answer(answer)
        finally:
            self._metrics.in_progress[route.template] -= 1
            if out.status:
                took = time.monotonic() - exchange.started
                self._metrics.answered(route.template, out.status, took)
            else:  # the caller left, and is no longer in progress
                self._metrics.flush_soon()

    async def _answer(
        self,
        route: Route,
        values: dict[str, str],
        scope: Scope,
        receive: Receive,
        out: Outgoing,
    ) -> None:
        if out.exchange.url is NO_URL:
            raise WrongHost
        if scope["method"] not in route.methods:
            if route is NOWHERE:
                raise UnknownResource("path", scope["path"], [known.template for known in ROUTES])
            raise WrongMethod(scope["method"], route.template, route.methods)
        if scope["query_string"]:
            check_query(route, scope["query_string"])
        if route.predicts:
            await self._predict(values.get("run_id"), scope, receive, out)
        else:
            if route.template == "/metrics":
                self._metrics.flush()
            await self._pass_on(route, scope, receive, out)

    def _open(self, scope: Scope) -> Exchange:
        """Note what is to be told of a request in its answer: its id, method and address."""
        request_id, host = b"", None
        for name, value in scope["headers"]:
            if name == b"host":
                host = value if host is None else b" "  # several: a blank, which names no host
            elif name == b"x-request-id" and VISIBLE.fullmatch(value):
                request_id = value
        if not host:
            # HTTP/1.1 requires one, HTTP/1.0 does not.
            host = b" " if scope["http_version"] == "1.1" else b""
        return Exchange(
            # A random prefix and a counter: 2 us less than a random number each.
            request_id=request_id or b"%b-%x" % (self._prefix, next(self._numbers)),
            method=scope["method"],
            url=self._envelopes.url(scope, host),
            started=time.monotonic(),
        )

    async def _predict(
        self, run_id: str | None, scope: Scope, receive: Receive, out: Outgoing
    ) -> None:
        """Answer a prediction."""
        exchange = out.exchange
        asked = read_head(scope["headers"], self._limits)
        deadline = exchange.started + asked.seconds
        body = await self._bodies.read(receive, deadline)
        runner = self._runner
        loaded = runner.served if run_id is None else await runner.of(run_id, deadline)
        work = self._predictor.predict(body, loaded, deadline)
        data = await (work if len(body) < WATCHED_FROM else while_connected(work, receive))
        run_id_told = (b"x-run-id", loaded.run.run_id.encode())
        answer = Answer(200, self._envelopes.success(exchange, data), (run_id_told,))
        if asked.gzip and len(answer.body) >= compression.FROM:
            answer = await compression.compressed(answer)
        await out.answer(answer)

    async def _pass_on(self, route: Route, scope: Scope, receive: Receive, out: Outgoing) -> None:
        """Let BentoML's application answer, as it would the path without a slash at its end."""
        inner = dict(scope)
        inner[EXCHANGE] = out.exchange
        inner["path"] = without_slash(scope)
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
        """The start of an inner layer's error that still has to be put into the envelope."""
        self.begun = False
        self.status = 0

    async def answer(self, answer: Answer) -> None:
        """Send a whole answer of our own."""
        length = (b"content-length", b"%d" % len(answer.body))
        await self._send(self._begin(answer.status, [JSON, length, *answer.headers]))
        await self._send({"type": "http.response.body", "body": answer.body})

    async def answer_early(self, answer: Answer, receive: Receive) -> None:
        """Send an answer of our own while its caller may still be sending; then close.

        If the connection were closed at once it would be reset, and the answer would be lost.
        """
        length = (b"content-length", b"%d" % len(answer.body))
        await self._send(self._begin(answer.status, [JSON, length, *answer.headers]))
        await self._send({"type": "http.response.body", "body": answer.body, "more_body": True})
        await let_finish(receive)
        await self._send({"type": "http.response.body", "body": b""})

    async def send(self, message: Message) -> None:
        """Pass on a piece of an inner layer's answer."""
        if message["type"] != "http.response.start":
            if self.held is None:
                await self._send(message)
        elif message["status"] >= 400 and self.holds_errors and not self.exchange.enveloped:
            self.held = message
        else:
            await self._send(self._begin(message["status"], list(message["headers"])))

    def _begin(self, status: int, headers: list[Header]) -> Message:
        self.begun = True
        self.status = status
        headers.append((b"x-request-id", self.exchange.request_id))
        if self._stopping.draining:
            headers.append((b"connection", b"close"))
        return {"type": "http.response.start", "status": status, "headers": headers}
