"""What comes in with a prediction: what its headers ask for, and whether its caller is there."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Sequence
from typing import NamedTuple

from starlette.types import Receive

from app.compression import takes_gzip
from app.envelope import Header
from app.reading import Limits, shown
from tagger.errors import Fault, InvalidInput, TooLargeBody, UnsupportedMedia

JSON_TYPE = re.compile(rb"application/(?:[\w.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
CHARSET = re.compile(rb';\s*charset\s*=\s*"?([^\s;"]*)', re.IGNORECASE)


class CallerLeft(Exception):
    """The connection was closed before the answer."""


class Head(NamedTuple):
    """What the headers of a prediction ask for."""

    seconds: float
    gzip: bool


def read_head(headers: Sequence[Header], limits: Limits) -> Head:
    """Read the headers of a prediction.

    Raises
    ------
    TooLargeBody, UnsupportedMedia, InvalidInput
    """
    seconds, zipped = limits.seconds, False
    for name, value in headers:
        if name == b"content-type":
            if value != b"application/json":
                _check_type(value)
        elif name == b"content-length":
            if int(value) > limits.body_bytes:
                raise too_large(limits.body_bytes)
        elif name == b"accept-encoding":
            zipped = b"gzip" in value.lower() and (b";" not in value or takes_gzip(value))
        elif name == b"x-request-timeout":
            seconds = min(limits.seconds, _seconds(value))
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise UnsupportedMedia("The body is compressed, which is not read: send it as it is.")
    return Head(seconds, zipped)


def _check_type(value: bytes) -> None:
    if not JSON_TYPE.fullmatch(value.strip()):
        raise UnsupportedMedia(
            f"The content type is {shown(value.decode('latin-1'))!r}, and only JSON is read: "
            "send Content-Type: application/json."
        )
    charset = CHARSET.search(value)
    if charset and charset[1].lower() not in (b"utf-8", b"utf8"):
        raise UnsupportedMedia(
            f"The charset is {shown(charset[1].decode('latin-1'))!r}, and only UTF-8 is read: "
            "send it as UTF-8."
        )


def _seconds(value: bytes) -> float:
    try:
        # Python reads 1_0 as ten.
        seconds = math.nan if b"_" in value else float(value)
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


def too_large(most: int) -> TooLargeBody:
    """Say that a body is longer than it may be."""
    return TooLargeBody(
        f"The body is longer than the {most} bytes that it may have: send several requests."
    )


async def while_connected(work: Awaitable[list[bytes]], receive: Receive) -> list[bytes]:
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
        # An exception refers to this frame, and its task to the exception: without this they would
        # be a cycle, and stay in memory with the body.
        del working, leaving


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
