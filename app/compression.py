"""Which answers are compressed: long ones, for callers who take gzip."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Sequence

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from app.envelope import Answer, Header

FROM = 1_000
"""Bytes of an answer from which on it is compressed."""
LEVEL = 5
REFUSED = re.compile(rb"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)", re.IGNORECASE)


def takes_gzip(accept_encoding: bytes) -> bool:
    """Tell whether a caller takes gzip: it is named, and not with a weight of nothing."""
    return b"gzip" in accept_encoding.lower() and not REFUSED.search(accept_encoding)


def asks_for_gzip(headers: Sequence[Header]) -> bool:
    """Tell whether the headers of a request ask for gzip."""
    return any(name == b"accept-encoding" and takes_gzip(value) for name, value in headers)


async def compressed(answer: Answer) -> Answer:
    """Compress an answer, off the loop."""
    try:
        body = await asyncio.to_thread(gzip.compress, answer.body, LEVEL)
    except RuntimeError:  # the system has no thread to give
        return answer
    told = ((b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding"))
    return Answer(answer.status, body, (*answer.headers, *told))


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
