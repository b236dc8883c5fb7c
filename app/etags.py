"""ETags: whoever has an answer already is told so, in place of the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from fastapi import Request, Response


def etag_of(content: bytes) -> str:
    """Name a content: weak, because it may be compressed on its way."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def answer(
    request: Request,
    body: bytes,
    *,
    etag: str,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with what may be kept and is to be asked for anew each time, or that it is there."""
    kept = {"etag": etag, "cache-control": "no-cache"}
    known = ",".join(request.headers.getlist("if-none-match")).split(",")
    if any(one.strip() in (etag, "*", etag[2:]) for one in known):
        # What `compression` says of the answer itself, and of this one does not.
        return Response(status_code=304, headers={**kept, "vary": "Accept-Encoding"})
    return Response(body, media_type=media_type, headers={**(headers or {}), **kept})
