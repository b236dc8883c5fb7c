"""A caller who offers another protocol, HTTP/2 or a WebSocket say, is answered in this one.

Java's own client makes the offer with each request that it sends, and so does curl --http2. uvicorn
by httptools would take the body for bytes of that protocol and answer as if there were none, and
whoever offers a WebSocket would get a bare 403. HTTP lets a server pass over the offer (RFC 9110,
7.8); so the request is read again without it.

``data_received`` stands in the place of uvicorn's own (tried with 0.54), so that a request without
an offer pays nothing. uvicorn by h11 keeps the body by itself, and nothing is installed there.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http import auto

from app.joined_writes import protocol_in_use
from app.logs import log

INVALID = "Invalid HTTP request received."
"""uvicorn's own words, for the log."""
NEEDED = ("_should_upgrade", "_unset_keepalive_if_required", "send_400_response")


def install() -> None:
    """Let uvicorn's servers in this process pass over offers."""
    protocol: Any = getattr(auto, "AutoHTTPProtocol", None)
    if getattr(protocol, "passes_over_offers", False) or protocol_in_use() != "HttpToolsProtocol":
        return
    if not all(hasattr(protocol, name) for name in NEEDED):
        log.warning("This uvicorn is another: a request that offers HTTP/2 loses its body.")
        return
    auto.AutoHTTPProtocol = _passing_over(protocol)


def _passing_over(protocol: Any) -> Any:
    from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser  # noqa: PLC0415

    class PassingOver(protocol):  # type: ignore[misc]  # which protocol is known at run time
        passes_over_offers = True
        parser: Any

        def _should_upgrade(self) -> bool:
            # Asked of a request with an offer alone: it is not to be answered as it stands.
            return True

        def data_received(self, data: bytes) -> None:
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

    return PassingOver
