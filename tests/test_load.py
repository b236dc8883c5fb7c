"""Load tests and benchmarks tell the truth: a wrong answer is caught, stale figures are known."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

import click
import pytest

from bulk import measure
from load_tests.chart import bars
from load_tests.hot_path import HOT_PATH, digest
from load_tests.readme import SECTIONS, pictures
from load_tests.results import Row, load_before, read
from load_tests.sections import written
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server, run_python, serve

RUN = "20260101-000000-abcd"


class Wrong(BaseHTTPRequestHandler):
    """Answers every request in the envelope, and each prediction with a tag that is unknown."""

    protocol_version = "HTTP/1.1"
    task = "multi"
    given: ClassVar = {"tag": "unknown", "score": 0.9, "threshold": 0.5}

    def do_GET(self) -> None:
        """Name one run, one tag, and the limits."""
        run = {"run_id": RUN, "served": True, "task": self.task}
        schemas = {
            "PredictRequest": {"properties": {"texts": {"maxItems": 1000}}},
            "Text": {"properties": {"text": {"maxLength": 10_000}}},
        }
        refused = {"description": "The body is longer than the 1048576 bytes that it may have."}
        self.answer(
            {"runs": [run], "tags": [{"tag": "known"}]},
            components={"schemas": schemas},
            paths={"/predict": {"post": {"responses": {"413": refused}}}},
        )

    def do_POST(self) -> None:
        """Give every text the one tag, unless options choose among tags."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        scores = [] if "top_k" in body else [self.given]
        found = [
            {
                "input_text": row["text"],
                "predicted_tags": [score["tag"] for score in scores],
                "scores": scores,
            }
            for row in body.get("texts", [])
        ]
        self.answer({"run_id": RUN, "predictions": found})

    def answer(self, data: object, **more: object) -> None:
        """Send data in the envelope."""
        envelope = {
            "message": "OK",
            "method": self.command,
            "status-code": 200,
            "timestamp": "2026-01-01T00:00:00+00:00",
            "url": self.path,
            "data": data,
            **more,
        }
        body = json.dumps(envelope).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        """Say nothing."""


class Other(Wrong):
    """Serves a page at whatever path, and is no Tagline."""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"<html>")


class Runless(Wrong):
    """Serves none of its runs."""

    def answer(self, data: object, **more: object) -> None:
        """Send no run."""
        super().answer(data | {"runs": []} if isinstance(data, dict) else data, **more)


class Unsure(Wrong):
    """Gives a tag that is known, below its threshold."""

    given: ClassVar = {"tag": "known", "score": 0.4, "threshold": 0.5}


class Single(Unsure):
    """Gives it because it is the best, and its run gives the best tag alone."""

    task = "single"


@contextmanager
def answering(handler: type[Wrong]) -> Iterator[str]:
    """A server whose statuses are right, whatever its answers are."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def drive(url: str, home: Path) -> tuple[int, str]:
    """Let ten users loose on a server for a few seconds."""
    done = run_python(
        *("-m", "load_tests", "--target", url, "--users", "10", "--seconds", "4"), home=home
    )
    return done.returncode, done.stdout + done.stderr


SLOW_TO_IMPORT = """
import time

begun = time.perf_counter()
while time.perf_counter() < begun + 2:
    pass
"""


def test_the_time_of_a_run_begins_with_its_users(tmp_path: Path) -> None:
    """A start that takes longer than the run leaves the run its time."""
    slow = tmp_path / "slow.py"
    slow.write_text(SLOW_TO_IMPORT)
    with answering(Wrong) as url:
        done = run_python(
            *("-m", "locust", "-f", f"{slow},load_tests/users.py", "--host", url),
            *("--headless", "--users", "10", "--spawn-rate", "10", "--run-time", "1s"),
            home=tmp_path,
        )
    assert "answers were wrong" in done.stderr


def test_a_wrong_answer_is_caught(tmp_path: Path) -> None:
    """Answers with status 200 and tags that the run does not have end the load test with 1."""
    with answering(Wrong) as url:
        status, output = drive(url, tmp_path)
    assert status == 1, output
    assert "answers were wrong; none may be." in output


@pytest.mark.parametrize(("handler", "caught"), [(Unsure, True), (Single, False)])
def test_the_best_tag_alone_needs_no_threshold(
    tmp_path: Path, *, handler: type[Wrong], caught: bool
) -> None:
    """A tag below its threshold is wrong, unless the run gives the best one whatever its score."""
    with answering(handler) as url:
        _, output = drive(url, tmp_path)
    assert ("a tag below its threshold" in output) == caught, output


@pytest.mark.parametrize(
    ("texts", "length", "body"), [("2", "100", "1048576"), ("1000", "10000", "1024")]
)
def test_a_servers_own_limits_are_kept(
    trained_home: TrainedHome, tmp_path: Path, texts: str, length: str, body: str
) -> None:
    """Users send no more and no longer texts, and no larger bodies, than its document allows."""
    with serve(
        tmp_path,
        tmp_path / "log",
        TAGLINE_STORE=str(trained_home.path / "models"),
        TAGLINE_MAX_TEXTS=texts,
        TAGLINE_MAX_TEXT_LENGTH=length,
        TAGLINE_MAX_BODY_BYTES=body,
    ) as server:
        _, output = drive(server.url, tmp_path)
    assert "answers were wrong" not in output, output
    assert "requests failed" not in output, output


def test_an_address_at_which_nobody_answers_is_refused(tmp_path: Path) -> None:
    """Users are not sent to an address that has no server, or another, or that is no address."""
    with answering(Other) as other:
        for target in ("http://127.0.0.1:9", "localhost:3000", other):
            done = run_python("-m", "load_tests", "--target", target, home=tmp_path)
            assert done.returncode == 2
            assert f"No Tagline answers at {target}" in " ".join(done.stderr.split())


@pytest.mark.parametrize("content", ["body\na\n", "text;id\na;1\n", "text\n", "text\n\udcff\n"])
def test_texts_that_cannot_be_drawn_from_are_refused(tmp_path: Path, content: str) -> None:
    """In a sentence, before any user starts."""
    texts = tmp_path / "texts.csv"
    texts.write_text(content, encoding="utf-8", errors="surrogateescape")
    done = run_python("-m", "load_tests", "--texts", str(texts), home=tmp_path)
    assert done.returncode == 2
    assert "it is to be CSV with commas, in UTF-8" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_load_test_in_which_nobody_asked_is_missed(tmp_path: Path) -> None:
    """Where users cannot even start, no objective was kept."""
    with answering(Runless) as url:
        status, output = drive(url, tmp_path)
    assert status == 1, output
    assert "No user came to ask anything." in output


def test_right_answers_are_not_called_wrong(server: Server, tmp_path: Path) -> None:
    """No answer of the real server is called wrong, whoever asks."""
    _, output = drive(f"{server.url}/", tmp_path)  # as a browser shows it
    assert "answers were wrong" not in output, output
    assert "requests failed" not in output, output
    assert "form: 1 text" in output, output


@pytest.mark.parametrize("command", ["bench", "growth", "memory", "costs", "sizing.measure"])
def test_a_machine_that_cannot_measure_is_refused(tmp_path: Path, command: str) -> None:
    """Without wrk nothing is started, and a sentence says what is missing and how to get it."""
    done = run_python("-m", f"load_tests.{command}", home=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "and wrk: make system-packages installs it" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_core_cannot_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Server and callers would take turns on it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    with pytest.raises(click.ClickException, match="Measuring needs two cores"):
        load_before()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of the hot path, to change."""
    for name in HOT_PATH:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_words_do_not_change_the_digest_of_the_hot_path(copy: Path) -> None:
    """A comment, a blank line and a docstring leave the digest as it is."""
    decide = copy / "tagger" / "decide.py"
    decide.write_text(f'"""Other words."""\n\n# a comment\n{decide.read_text()}')
    assert digest(copy) == digest()


@pytest.mark.parametrize("name", HOT_PATH)
def test_code_changes_the_digest_of_the_hot_path(copy: Path, name: str) -> None:
    """One more statement in any file of the hot path changes the digest."""
    (copy / name).write_text((copy / name).read_text() + "\nadded = 1\n")
    assert digest(copy) != digest()


def test_the_chart_draws_each_row_in_proportion() -> None:
    """A server of twice the ratio has a bar of twice the length, and its figure beside it."""
    common: dict[str, Any] = {
        "note": "",
        "requests_per_second": 1.0,
        "p50_ms": 1.0,
        "p99_ms": 1.0,
        "cpu_us": 1.0,
    }
    rows = tuple(
        Row(
            name,
            **common,
            memory_mib=1.0,
            failures=0,
            ratio=ratio,
            ratio_quartiles=(ratio, ratio),
            ratio_range=(ratio, ratio),
        )
        for name, ratio in (("one", 1.5), ("two", 3.0))
    )
    drawn = bars(rows, "Title")
    one, two = (float(bar.get("width", "")) for bar in drawn.iter("rect"))
    assert two == pytest.approx(2 * one, rel=0.01)
    assert {"1.50", "3.00"} <= {text.text for text in drawn.iter("text")}


def test_pages_and_charts_show_the_results_that_lie_beside_them() -> None:
    """What `python -m load_tests.readme` would write and draw is what is there."""
    for section in SECTIONS:
        text = section.page.read_text(encoding="utf-8")
        assert f"<!-- {section.name} end -->" in text
        assert written(text, section.name, section.write()) == text, section.name
    for path, picture in pictures():
        assert ET.tostring(picture, "unicode") == path.read_text(encoding="utf-8"), path


def test_the_page_of_bulk_shows_its_results() -> None:
    """What `make bulk` would write from the results that lie there is what is there."""
    found = measure.section(read(measure.Measured, measure.RESULTS))
    text = measure.README.read_text(encoding="utf-8")
    assert f"<!-- {measure.SECTION} end -->" in text
    assert written(text, measure.SECTION, found) == text
