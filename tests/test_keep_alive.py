"""Connections wait for the next request longer than balancers and clients let them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.conftest import TrainedHome
from tests.serving import Server

WHOLE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def answered(server: Server) -> socket.socket:
    """Connect, and get a first answer."""
    connection = server.connect()
    connection.sendall(WHOLE)
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
    return connection


def test_a_pause_does_not_cost_a_connection(server: Server) -> None:
    """By itself uvicorn would close it after five seconds."""
    with answered(server) as connection:
        connection.settimeout(6)
        with pytest.raises(TimeoutError):
            connection.recv(1)  # which ends at once where the server closes
        connection.sendall(WHOLE)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_it_is_a_setting(trained_home: TrainedHome, tmp_path: Path) -> None:
    """It is closed when the setting says, without a word."""
    with (
        trained_home.served(tmp_path, TAGLINE_KEEP_ALIVE_SECONDS="0.5") as server,
        answered(server) as connection,
    ):
        connection.settimeout(4)
        assert connection.recv(65_536) == b""
