"""Which other sites' pages may call: none, unless a setting names them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.edge import VISIBLE
from app.envelope import Envelopes, Exchange

EXPOSED = ("X-Request-ID", "X-Run-ID", "Retry-After", "ETag")
METHODS = ("GET", "HEAD", "POST")
ALLOWED = ("Content-Type", "X-Request-ID", "X-Request-Timeout", "If-None-Match")
DETAIL = (
    "Pages of this origin may not call with this method and these headers. "
    f"Methods: {', '.join(METHODS)}; headers: {', '.join(ALLOWED)}; "
    "origins are the operator's to set (TAGLINE_CORS_ORIGINS)."
)


class Cors(CORSMiddleware):
    """Starlette's CORS; a preflight ends here, so here it gets its id and its envelope."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser that asks whether it may ask."""
        response = super().preflight_response(request_headers)
        sent = request_headers.get("x-request-id", "")
        known = VISIBLE.fullmatch(sent.encode("latin-1"))
        response.headers["x-request-id"] = sent if known else os.urandom(12).hex()
        if response.status_code < 400:
            return response
        return Refused(status_code=response.status_code, headers=response.headers)


class Refused(Response):
    """A refused preflight in the envelope; its address is known when it is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        envelopes = Envelopes()
        host = Headers(scope=scope).get("host", "").encode("latin-1")
        exchange = Exchange(
            self.headers["x-request-id"].encode(),
            "OPTIONS",
            envelopes.url(scope, host),
            time.monotonic(),
        )
        self.body = envelopes.refusal_with(exchange, self.status_code, DETAIL).body
        self.headers["content-type"] = "application/json"
        self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def allow_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Put CORS around an application, if any origin may call it."""
    if not origins:
        return app
    return Cors(
        app,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=ALLOWED,
        expose_headers=EXPOSED,
    )
