"""Which other sites' pages may call: none, unless a setting names them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from app.envelope import Envelopes, Exchange

EXPOSED = ("X-Request-ID", "X-Run-ID", "Retry-After", "ETag")
ALLOWED = ("Content-Type", "X-Request-ID", "X-Request-Timeout", "If-None-Match")


class Cors(CORSMiddleware):
    """Starlette's CORS, whose refusals are in the envelope too."""

    envelopes = Envelopes()

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser that asks whether it may ask."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        exchange = Exchange(b"preflight", "OPTIONS", '""', time.monotonic())
        answer = self.envelopes.refusal_with(
            exchange,
            response.status_code,
            "Pages of this origin may not call with this method and these headers.",
        )
        kept = {
            name: value
            for name, value in response.headers.items()
            if name not in ("content-length", "content-type")
        }
        return Response(answer.body, answer.status, kept, "application/json")


def allow_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Put CORS around an application, if any origin may call it."""
    if not origins:
        return app
    return Cors(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST"),
        allow_headers=ALLOWED,
        expose_headers=EXPOSED,
    )
