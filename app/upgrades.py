"""Answer in HTTP/1.1 a caller who offers another protocol: HTTP/2, say, or a WebSocket.

Java's own client makes the offer with each request, and so does ``curl --http2``. uvicorn with
httptools would take the body for bytes of that protocol and answer as if there were none; an offer
of a WebSocket would get a bare 403. HTTP lets a server ignore the offer (RFC 9110, 7.8), so the
head is parsed again without it.

``data_received`` replaces uvicorn's own, so that a request without an offer pays nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from app.protocol import extend

INVALID = "Invalid HTTP request received."
"""uvicorn's own words, for the log."""


class PassingOver(asyncio.Protocol):
    """Extends uvicorn's protocol by ignoring offers."""

    headers: list[tuple[bytes, bytes]]
    logger: logging.Logger
    parser: Any
    url: bytes
    _unset_keepalive_if_required: Callable[[], None]
    send_400_response: Callable[[str], None]

    def _should_upgrade(self) -> bool:
        # uvicorn asks only where there is an offer, and then must leave it to `data_received`.
        return True

    def data_received(self, data: bytes) -> None:
        """Parse the data, and a head with an offer a second time, without the offer."""
        self._unset_keepalive_if_required()
        while True:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as offer:
                if self.parser.get_method() != b"CONNECT":
                    data = self._without_offer() + data[offer.args[0] :]
                    continue
            except HttpParserError:
                pass
            else:
                return
            self.logger.warning(INVALID)
            self.send_400_response(INVALID)
            return

    def _without_offer(self) -> bytes:
        """Return the head just parsed without its offer, with a new parser in place to read it."""
        version = self.parser.get_http_version().encode()
        line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
        kept = [b"%b: %b" % pair for pair in self.headers if pair[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([line, *kept, b"", b""])


def install() -> None:
    """Make uvicorn's servers in this process ignore offers."""
    extend(PassingOver, without="a request that offers HTTP/2 loses its body")
