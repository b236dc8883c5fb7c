"""One shape for every answer, one for every refusal; the table from error class to status."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import NamedTuple

import orjson
from starlette.types import Scope

from tagger.errors import (
    BadJson,
    BrokenRun,
    DeadlinePassed,
    InvalidInput,
    NoRun,
    NotReady,
    Overloaded,
    StoreError,
    TooLargeBody,
    UnknownFormat,
    UnknownResource,
    UnknownRun,
    UnsupportedMedia,
    WrongHost,
    WrongMethod,
)

STATUS: dict[type[Exception], int] = {
    BadJson: 400,
    WrongHost: 400,
    UnknownResource: 404,
    UnknownRun: 404,
    NoRun: 404,
    WrongMethod: 405,
    TooLargeBody: 413,
    UnsupportedMedia: 415,
    InvalidInput: 422,
    BrokenRun: 500,
    UnknownFormat: 500,
    StoreError: 503,
    Overloaded: 503,
    NotReady: 503,
    DeadlinePassed: 504,
}
"""Of every error that a caller can meet; the others belong to command lines."""

PRIVATE: dict[type[Exception], str] = {
    BrokenRun: "The files of this run are damaged; the server's log says how. Ask for another run.",
    UnknownFormat: "This run was written by another version of Tagline. Ask for another run.",
    StoreError: "The store of runs cannot be read now. Try again later.",
    NoRun: "The store holds no run; what is served goes on. Leave the run out to ask for it.",
}
"""What a caller is told in place of words that name folders of the server."""

BY_STATUS = {
    404: "There is nothing here.",
    405: "This path does not answer that method.",
    429: "The server has more work than it takes on. Try again in a second.",
    503: "The server cannot answer now. Try again in a second.",
    504: "The time for this request is over. Try again later.",
}
"""What is said of answers that BentoML gave in a shape of its own."""

PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""RFC 9110's names, which Python has from 3.13 on: a caller is told the same by every Python."""

HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]+|\[[\w.~:%-]+\])(?::\d*)?")
NO_URL = '""'
"""Of a request whose host nobody knows, as JSON."""

Header = tuple[bytes, bytes]
JSON: Header = (b"content-type", b"application/json")


@dataclass(slots=True)
class Exchange:
    """A request and its answer, as far as the layers share it: under ``EXCHANGE`` in the scope."""

    request_id: bytes
    method: str
    url: str
    """As JSON."""
    started: float
    """By `time.monotonic`."""
    enveloped: bool = False
    """Whether the answer to come already is in the envelope."""


EXCHANGE = "tagline.exchange"


class Answer(NamedTuple):
    """An answer, ready to be sent."""

    status: int
    body: bytes
    headers: Sequence[Header] = ()
    """Beside content type, length and request id."""


class Envelopes:
    """Writes envelopes; keeps the present second and the latest urls as written."""

    MOST_URLS = 1_000
    LONGEST_KEPT = 1_000
    """Characters. A thousand of the longest that uvicorn reads would be 120 MB."""

    def __init__(self) -> None:
        self._latest = -1, ""
        self._urls: dict[tuple[str, bytes, bytes, bytes], str] = {}

    def timestamp(self) -> str:
        """Give the present moment: ISO 8601 in UTC, to the millisecond."""
        second, millisecond = divmod(time.time_ns() // 1_000_000, 1_000)
        latest, written = self._latest
        if second != latest:
            written = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            # Both at once: those who ask for runs are answered in threads.
            self._latest = second, written
        return f"{written}.{millisecond:03d}+00:00"

    def url(self, scope: Scope, host: bytes) -> str:
        """Give a request's address as JSON; 1 us less a request for one that came lately.

        `NO_URL` where what should be a host is none.
        """
        scheme, query = scope["scheme"], scope["query_string"]
        path = scope.get("raw_path") or scope["path"].encode()
        key = scheme, host, path, query
        url = self._urls.get(key)
        if url is None:
            if host and not HOST.fullmatch(host):
                return NO_URL
            asked = b"?" + query if query else b""
            # A caller by HTTP/1.0 need not name the host; the path alone is an address too.
            server = f"{scheme}://".encode() + host if host else b""
            url = orjson.dumps((server + path + asked).decode("latin-1")).decode()
            if len(url) > self.LONGEST_KEPT:
                return url
            if len(self._urls) >= self.MOST_URLS:
                self._urls.clear()
            self._urls[key] = url
        return url

    def success(self, exchange: Exchange, data: Iterable[bytes]) -> bytes:
        """Put an answer's data, pieces of JSON, into the envelope."""
        head = (
            f'{{"message":"OK","method":"{exchange.method}","status-code":200,'
            f'"timestamp":"{self.timestamp()}","url":{exchange.url},"data":'
        )
        return b"".join([head.encode(), *data, b"}"])

    def refusal(self, exchange: Exchange, fault: Exception) -> Answer:
        """Put an error of Tagline's tree, or one that nobody foresaw, into the envelope."""
        status = status_of(type(fault))
        headers: tuple[Header, ...] = ()
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            seconds = fault.retry_after if isinstance(fault, Overloaded) else 1
            headers = ((b"retry-after", b"%d" % seconds),)
        elif isinstance(fault, WrongMethod):
            headers = ((b"allow", ", ".join(fault.allowed).encode()),)
        elif isinstance(fault, TooLargeBody):
            # The rest of the body is not read, so nothing else can come by this connection.
            headers = ((b"connection", b"close"),)
        return self.refusal_with(exchange, status, detail_of(fault, exchange), headers)

    def refusal_with(
        self,
        exchange: Exchange,
        status: int,
        detail: str | Sequence[object],
        headers: Sequence[Header] = (),
    ) -> Answer:
        """Put a status and what there is to say about it into the envelope."""
        exchange.enveloped = True
        message = phrase(status)
        told = orjson.dumps(detail, default=str).decode()
        method = orjson.dumps(exchange.method).decode()
        body = (
            f'{{"message":"{message}","method":{method},"status-code":{status},'
            f'"timestamp":"{self.timestamp()}","url":{exchange.url},"detail":{told}}}'
        ).encode()
        return Answer(status, body, headers)


def phrase(status: int) -> str:
    """Name a status in the words of RFC 9110."""
    return PHRASES.get(status) or HTTPStatus(status).phrase


def status_of(kind: type[Exception]) -> int:
    """Look up the status of a class of errors; 500 for what nobody foresaw."""
    return STATUS.get(kind, 500)


def detail_of(fault: Exception, exchange: Exchange) -> str | list[dict[str, object]]:
    """Say what went wrong and what to do: every fault of the input, else one sentence."""
    if isinstance(fault, InvalidInput):
        return [{"loc": fault.loc, "msg": fault.msg, "type": fault.type} for fault in fault.faults]
    if type(fault) in STATUS:
        return PRIVATE.get(type(fault), str(fault))
    return (
        "The server failed in a way nobody foresaw. If it happens again, tell its operator "
        f"this request's id: {exchange.request_id.decode()}"
    )
