"""A caller who offers another protocol is answered in HTTP/1.1, as if there were no offer."""

from __future__ import annotations

import http.client
import io
import json
import socket
from typing import Any

import pytest

from tests.serving import Server, rest_of

OFFERS = (
    "Connection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\n",
    "Connection: Upgrade\nUpgrade: TLS/1.2\n",
    (
        "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
    ),
)
"""As Java's HttpClient and curl --http2 make them, Apache's HttpClient, and a WebSocket."""
BODY = b'{"texts": [{"text": "Broth, onion and pepper in a saucepan."}]}'


def request(offer: str, line: str = "POST /predict", body: bytes = BODY) -> bytes:
    """Write a request with an offer."""
    head = (
        f"{line} HTTP/1.1\nHost: x\nContent-Type: application/json\n{offer}"
        f"Content-Length: {len(body)}\n\n"
    )
    return head.replace("\n", "\r\n").encode() + body


class Received(io.BytesIO):
    """What came by a connection, as `http.client` wants to read it."""

    def makefile(self, _mode: str) -> Received:
        """Give itself; reading one answer leaves the next ones."""
        return self

    def close(self) -> None:
        """Stay open for the answers that follow."""


def answers(server: Server, *parts: bytes, count: int = 1) -> list[tuple[int, Any]]:
    """Send bytes in parts on one connection, and read so many answers."""
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = Received(rest_of(connection))
    found = []
    for _ in range(count + 1):
        answer = http.client.HTTPResponse(received)  # type: ignore[arg-type]  # it reads alone
        answer.begin()
        found.append((answer.status, json.loads(answer.read())))
    assert found.pop()[0] == 200
    assert not received.read()
    return found


@pytest.mark.parametrize("offer", OFFERS)
def test_a_prediction_with_an_offer_is_answered(server: Server, offer: str) -> None:
    """A request with an offer is answered with its body read, wherever its bytes are cut."""
    ((_, plain),) = answers(server, request(""))
    whole = request(offer)
    for place in range(1, len(whole), 5):
        ((status, answer),) = answers(server, whole[:place], whole[place:])
        assert (status, answer.get("data")) == (200, plain["data"])


def test_each_of_many_requests_with_an_offer_is_answered(server: Server) -> None:
    """Pipelined requests with and without offers, one of them chunked, are answered in order."""
    chunked = request(OFFERS[0]).replace(
        b"Content-Length: %d\r\n\r\n" % len(BODY),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY),
    )
    several = [*map(request, OFFERS), chunked + b"\r\n0\r\n\r\n", request("", "GET /tags", b"")]
    found = answers(server, b"".join(several) * 5, count=25)
    assert [answer["url"] for _, answer in found] == [
        *["http://x/predict"] * 4,
        "http://x/tags",
    ] * 5
    assert {status for status, _ in found} == {200}


def test_a_websocket_request_is_answered_as_plain_http(server: Server) -> None:
    """A request for a WebSocket gets the answer, or the refusal, that any other request gets."""
    ((status, refusal),) = answers(server, request(OFFERS[2], "GET /predict", b""))
    assert status == refusal["status-code"] == 405
    ((status, answer),) = answers(server, request(OFFERS[2], "GET /tags", b""))
    assert status == 200
    assert answer["data"]["tags"]


def test_connect_is_refused(server: Server) -> None:
    """CONNECT, which the parser takes for an offer, is refused in the envelope."""
    received = server.send_raw(b"CONNECT example.org:80 HTTP/1.1\r\nHost: example.org\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["status-code"] == 400
