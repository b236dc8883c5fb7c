"""Servers that answer with status 200 whatever they answer: right, or wrong in one way each."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any, ClassVar

RUN = "20260101-000000-abcd"
TAGS = ("known", "other", "third", "fourth")


class Stub(BaseHTTPRequestHandler):
    """Answers every request as a server of one run and its tag would, or as a mutant of it."""

    protocol_version = "HTTP/1.1"
    task = "multi"
    score = 0.9

    def do_GET(self) -> None:
        """Name the run, its tags, and the limits."""
        if self.path.startswith("/?"):  # whatever path is put behind it
            self.answer({})
            return
        run = {"run_id": RUN, "served": True, "promoted": True, "task": self.task}
        schemas = {
            "PredictRequest": {"properties": {"texts": {"maxItems": 1000}}},
            "Text": {"properties": {"text": {"maxLength": 10_000}}},
        }
        refused = {"description": "The body is longer than the 1048576 bytes that it may have."}
        self.answer(
            {"runs": [run], **run, "thresholds": dict.fromkeys(TAGS, 0.5)},
            components={"schemas": schemas},
            paths={"/predict": {"post": {"responses": {"413": refused}}}},
        )

    def do_POST(self) -> None:
        """Give every text one tag, unless options choose among tags."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        score = {"tag": "known", "score": self.score, "threshold": 0.5}
        scores = [] if "top_k" in body else [score]
        found = [
            {
                "input_text": row["text"],
                "predicted_tags": [score["tag"] for score in scores],
                "scores": [dict(score) for score in scores],
                "abstained": False,
                "evidence": [],
            }
            for row in body.get("texts", [])
        ]
        self.predicted(found)

    def predicted(self, predictions: list[dict[str, Any]]) -> None:
        """Send them."""
        self.answer({"run_id": RUN, "predictions": predictions})

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


class Other(Stub):
    """Serves a page at whatever path, and is no Tagline."""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"<html>")


class Unlimited(Stub):
    """Does not tell its limits."""

    def answer(self, data: object, **_: object) -> None:
        """Leave out the document."""
        super().answer(data)


class Hollow(Stub):
    """Has no tags to tell of, and something else in place of a page."""

    def answer(self, data: Any, **more: object) -> None:
        """Tell of none."""
        super().answer({**data, "tags": []}, **more)


class Silent(Stub):
    """Lets one request in fifteen wait for an answer that never comes."""

    turns: ClassVar = cycle([*[False] * 14, True])
    ended: ClassVar = threading.Event()

    def predicted(self, predictions: list[dict[str, Any]]) -> None:
        """Wait for the end of the test in place of an answer."""
        if next(self.turns):
            self.close_connection = self.ended.wait()
        else:
            super().predicted(predictions)


class Unsure(Stub):
    """Gives a tag that is known, below its threshold."""

    score = 0.4


class Single(Unsure):
    """Gives it because it is the best, and its run gives the best tag alone."""

    task = "single"


def add(prediction: dict[str, Any], *tags: str, score: float = 0.9) -> None:
    """Give these tags more."""
    for tag in tags:
        prediction["predicted_tags"].append(tag)
        prediction["scores"].append({"tag": tag, "score": score, "threshold": 0.5})


MUTANTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "the texts are not those that were sent": lambda it: it.update(input_text="another"),
    "tags and scores disagree": lambda it: it["predicted_tags"].append("other"),
    "tags that the run does not have: ['known', 'none']": lambda it: add(it, "none"),
    "a tag is given twice": lambda it: add(it, "known"),
    "scores in no order": lambda it: add(it, "other", score=0.95),
    "a score that is no probability": lambda it: it["scores"][0].update(score=1.5),
    "thresholds that are not the run's": lambda it: it["scores"][0].update(threshold=0.1),
    "a tag below its threshold": lambda it: it["scores"][0].update(score=0.4),
    "abstained, and yet there are tags": lambda it: it.update(abstained=True),
    "a text answered otherwise than before": lambda it: it["scores"][0].update(score=0.8),
    "KeyError('scores')": lambda it: it.pop("scores"),
}
"""What a wrong server may do to the answer of a text, by what is then said of it."""


MUTANTS_OF_OPTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "more tags than 3": lambda it: add(it, *TAGS),
    "abstained without a reason": lambda it: it.update(abstained=True),
    "evidence that does not fit": lambda it: it["evidence"].append({"tag": "known", "words": []}),
}
"""The same where it was asked with options."""


class EachMutant(Stub):
    """Spoils every other answer, in each way in turn."""

    ways: ClassVar = cycle(way for mutant in MUTANTS.values() for way in (mutant, None))
    ways_of_options: ClassVar = cycle(MUTANTS_OF_OPTIONS.values())

    def predicted(self, predictions: list[dict[str, Any]]) -> None:
        """Spoil the first text's."""
        if predictions:
            way = next(self.ways if predictions[0]["scores"] else self.ways_of_options)
            if way:
                way(predictions[0])
        super().predicted(predictions)


@contextmanager
def answering(handler: type[Stub]) -> Iterator[str]:
    """A server whose statuses are right, whatever its answers are."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
