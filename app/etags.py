"""ETags: whoever has an answer already is told so, in place of the answer."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response


def etag_of(content: bytes) -> str:
    """Name a content: weak, because it may be compressed on its way."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def has_it(request: Request, tag: str) -> bool:
    """Tell whether the caller has what a tag names."""
    asked = request.headers.get("if-none-match", "")
    return any(known.strip() in (tag, "*", tag[2:]) for known in asked.split(","))


def revalidated(tag: str) -> dict[str, str]:
    """Give the headers of an answer that may be kept, and is to be asked for anew each time."""
    return {"etag": tag, "cache-control": "no-cache"}


def unchanged(tag: str) -> Response:
    """Answer that the caller has it already."""
    return Response(status_code=304, headers=revalidated(tag))
