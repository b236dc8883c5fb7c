"""Logs are what a collector of them can read: one JSON object a line, whoever wrote it."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import requests

from tagger.store import Store
from tests.conftest import TrainedHome


def test_every_line_is_json_from_start_to_end(trained_home: TrainedHome, tmp_path: Path) -> None:
    """The supervisor's lines too, and of what went wrong: a head that is no HTTP, say."""
    with trained_home.served(tmp_path, TAGLINE_LOG_FORMAT="json") as server:
        with server.connect() as caller:
            caller.sendall(b"no HTTP\r\n\r\n")
            assert caller.recv(1_024).startswith(b"HTTP/1.1 400")
        assert server.stop(signal.SIGTERM) == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert all(line.keys() == {"time", "level", "logger", "message"} for line in lines)
    told = "\n".join(line["message"] for line in lines)
    for words in ("Starting production", "is served", "Invalid HTTP request", "Draining"):
        assert words in told


def test_how_a_run_is_damaged_stands_in_the_log(trained_home: TrainedHome, tmp_path: Path) -> None:
    """By whichever path a caller met it: the answer, which tells no paths, refers to the log."""
    with trained_home.served(tmp_path) as server:
        runs = Store(tmp_path).folder
        shutil.copytree(runs / trained_home.run_id, runs / "broken")
        (runs / "broken" / "run.json").write_text("{")
        asked = {"texts": [{"text": "Graph networks"}]}
        for path, body in (("", None), ("/params", None), ("/predict", asked)):
            url = f"{server.url}/runs/broken{path}"
            answer = requests.request("POST" if body else "GET", url, json=body, timeout=10)
            assert answer.status_code == 500
            assert "the server's log says how" in answer.json()["detail"]
            told = f"Request {answer.headers['X-Request-ID']} failed: broken is not a whole run"
            assert told in server.log.read_text()
