"""Which answers are compressed: long ones, for callers who take gzip."""

from __future__ import annotations

import re

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

FROM = 1_000
"""Bytes of an answer from which on it is compressed."""
LEVEL = 5
REFUSED = re.compile(rb"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)", re.IGNORECASE)


def takes_gzip(accept_encoding: bytes) -> bool:
    """Tell whether a caller takes gzip: it is named, and not with a weight of nothing."""
    return b"gzip" in accept_encoding.lower() and not REFUSED.search(accept_encoding)


class Compressing(GZipMiddleware):
    """Starlette's, which by itself compresses for ``gzip;q=0`` too, and never for ``GZIP``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        headers = [
            (name, value.lower() if name == b"accept-encoding" else value)
            for name, value in scope["headers"]
            if name != b"accept-encoding" or takes_gzip(value)
        ]
        await super().__call__({**scope, "headers": headers}, receive, send)
