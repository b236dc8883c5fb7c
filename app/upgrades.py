"""A caller who offers another protocol, HTTP/2 or a WebSocket say, is answered in this one.

Java's own client makes the offer with each request that it sends, and so does curl --http2. uvicorn
by httptools would take the body for bytes of that protocol and answer as if there were none, and
whoever offers a WebSocket would get a bare 403. HTTP lets a server pass over the offer (RFC 9110,
7.8); so the request is read again without it.

``data_received`` stands in the place of uvicorn's own, so that a request without an offer pays
nothing.
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
    """What uvicorn's protocol is given beside its own."""

    headers: list[tuple[bytes, bytes]]
    logger: logging.Logger
    parser: Any
    url: bytes
    _unset_keepalive_if_required: Callable[[], None]
    send_400_response: Callable[[str], None]

    def _should_upgrade(self) -> bool:
        # Asked of a request with an offer alone: it is not to be answered as it stands.
        return True

    def data_received(self, data: bytes) -> None:
        """Read what came, and a head with an offer once more."""
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
        """Write the head that was read last, and make ready to read it again."""
        version = self.parser.get_http_version().encode()
        line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
        kept = [b"%b: %b" % pair for pair in self.headers if pair[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([line, *kept, b"", b""])


def install() -> None:
    """Let uvicorn's servers in this process pass over offers."""
    extend(PassingOver, without="a request that offers HTTP/2 loses its body")
