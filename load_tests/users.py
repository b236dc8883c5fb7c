"""Five kinds of users, who check what they are told; a locust file (`python -m load_tests`).

Every answer is checked: the envelope agrees with the status, the run is the one served at the
start, the texts are those that were sent, in their order, and the tags are among the known.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locust import FastHttpUser, between, constant, events, task
from locust.contrib.fasthttp import ResponseContextManager
from locust.env import Environment
from locust.exception import StopUser

from load_tests.slo import WRONG, missed
from load_tests.texts import TABLE, read_texts

JSON = {"Content-Type": "application/json"}
log = logging.getLogger("locust.tagline")
texts = read_texts(Path(os.environ.get("LOAD_TEXTS", TABLE)))


@dataclass(frozen=True)
class Served:
    """What the server says of itself."""

    run_id: str
    task: str
    tags: frozenset[str]
    most_texts: int
    longest: int
    most_bytes: int

    @classmethod
    def told(cls, runs: Any, tags: Any, document: Any) -> Served:
        """Take it from the answers of ``/runs``, ``/tags`` and ``/openapi.json``."""
        run = next(run for run in runs["data"]["runs"] if run["served"])
        schemas = document["components"]["schemas"]
        refused = document["paths"]["/predict"]["post"]["responses"]["413"]
        return cls(
            run["run_id"],
            run["task"],
            frozenset(tag["tag"] for tag in tags["data"]["tags"]),
            most_texts=schemas["PredictRequest"]["properties"]["texts"]["maxItems"],
            longest=schemas["Text"]["properties"]["text"]["maxLength"],
            # JSON Schema has no word for it: the document says it where it says what 413 is.
            most_bytes=int(re.findall(r"(\d+) bytes", json.dumps(refused))[0]),
        )

    def body(self, texts: Sequence[str], **options: object) -> tuple[list[str], str]:
        """Write a request's body of as many and as long texts as it may have; give both."""
        sent = [text[: self.longest] for text in texts[: self.most_texts]]
        while len(body := written(sent, options)) > self.most_bytes:
            # The last half of the texts goes; where one is left alone, its last half.
            sent = sent[: len(sent) // 2] or [sent[0][: len(sent[0]) // 2]]
        return sent, body


def written(texts: Sequence[str], options: Mapping[str, object]) -> str:
    """Write the body of a request, in ASCII: as many bytes as characters."""
    return json.dumps({"texts": [{"text": text} for text in texts], **options})


def fault_of_envelope(answer: dict[str, Any], method: str, status: int) -> str | None:
    """Say what is wrong with an envelope, or None."""
    if answer.get("status-code") != status:
        return f"status {status}, but the envelope says {answer.get('status-code')}"
    if answer.get("method") != method:
        return f"method {method}, but the envelope says {answer.get('method')}"
    absent = {"message", "timestamp", "url"} - answer.keys()
    return f"the envelope lacks {sorted(absent)}" if absent else None


def fault_of_predictions(
    answer: dict[str, Any], sent: list[str], served: Served, *, best_alone: bool
) -> str | None:
    """Say what is wrong with an answer of ``POST /predict``, or None.

    Where the best tag alone was asked for, it is given whatever its threshold.
    """
    data = answer.get("data", {})
    if data.get("run_id") != served.run_id:
        return f"run {data.get('run_id')} instead of {served.run_id}"
    predictions = data.get("predictions", [])
    if [prediction["input_text"] for prediction in predictions] != sent:
        return "the texts are not those that were sent"
    for prediction in predictions:
        tags = prediction["predicted_tags"]
        if not served.tags.issuperset(tags):
            return f"tags that the run does not have: {tags}"
        if tags != [score["tag"] for score in prediction["scores"]]:
            return "tags and scores disagree"
        below = any(score["score"] < score["threshold"] for score in prediction["scores"])
        if below and not best_alone:
            return "a tag below its threshold"
    return None


class Caller(FastHttpUser):
    """What all users share: what the server says of itself, and how an answer is checked."""

    abstract = True

    def on_start(self) -> None:
        """Ask the server for its run, tags and limits; a user who cannot is of no use."""
        self.chance = random.Random()
        paths = ("/runs", "/tags", "/openapi.json")
        told = [self.client.get(path, name="start") for path in paths]
        if any(answer.status_code != 200 for answer in told):
            raise StopUser
        self.served = Served.told(*(answer.json() for answer in told))

    def predict(self, count: int, *, name: str, **options: object) -> None:
        """Ask for the tags of ``count`` texts, or as many as may be, and check the answer."""
        sent, body = self.served.body(self.chance.choices(texts, k=count), **options)
        best_alone = self.served.task == "single" and "top_k" not in options
        with self.client.post(
            "/predict", data=body, headers=JSON, name=name, catch_response=True
        ) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}")
                return
            answer = response.json()
            self.check(
                response, fault_of_predictions(answer, sent, self.served, best_alone=best_alone)
            )

    def check(self, response: ResponseContextManager, fault: str | None) -> None:
        """Count an answer as wrong if its envelope or what was found in it is."""
        method = response.request_meta["request_type"]
        fault = fault or fault_of_envelope(response.json(), method, response.status_code)
        if fault:
            response.failure(f"{WRONG}: {fault}")
        else:
            response.success()


class Form(Caller):
    """A person at a form: one text, a pause, another."""

    weight = 10
    wait_time = between(0.05, 0.5)

    @task(4)
    def ask(self) -> None:
        """Ask as most do, without options."""
        self.predict(1, name="form: 1 text")

    @task
    def ask_why(self) -> None:
        """Ask for the words behind the tags too."""
        self.predict(1, name="form: 1 text", evidence=True, top_k=3)


class App(Caller):
    """An app that sends what it has gathered."""

    weight = 4
    wait_time = between(0.2, 1)

    @task
    def send(self) -> None:
        """Send a batch of everyday size."""
        self.predict(self.chance.randint(5, 50), name="app: 5 to 50 texts")


class Importer(Caller):
    """A bulk import: as many texts as a request may hold, one request after the other."""

    weight = 1
    wait_time = constant(1)

    @task
    def send(self) -> None:
        """Send a full request."""
        self.predict(1000, name="importer: 1,000 texts")


class Reader(Caller):
    """A curious reader of the documentation, the runs and the performance."""

    weight = 2
    wait_time = between(0.5, 2)

    @task(3)
    def read_resources(self) -> None:
        """Read one of the resources."""
        path = self.chance.choice(["/", "/runs?top=3", "/performance", "/params", "/tags"])
        with self.client.get(path, name="reader", catch_response=True) as response:
            if response.status_code == 200:
                self.check(response, None)

    @task
    def read_documentation(self) -> None:
        """Read the documentation and the document behind it."""
        for path in ("/docs", "/openapi.json"):
            self.client.get(path, name="reader")


MISTAKES = (
    ("", 400),
    ("{", 400),
    ('{"texts": []}', 422),
    ('{"texts": [{"text": ""}]}', 422),
    ('{"texts": [{"text": 1}]}', 422),
    ('{"text": "not a list"}', 422),
    ('{"texts": [{"text": "a"}], "threshold": NaN}', 400),
    ('{"texts": [{"text": "a"}], "texts": []}', 400),
)
"""Bodies as mistaken clients send them, and the status each must get."""


class MistakenClient(Caller):
    """A client with a fault: it must be told so, and must hurt nobody else."""

    weight = 1
    wait_time = between(0.2, 1)

    @task
    def send(self) -> None:
        """Send what cannot be answered, and expect to be told."""
        too_long = json.dumps({"texts": [{"text": "a" * (self.served.longest + 1)}]})
        status = 422 if len(too_long) <= self.served.most_bytes else 413
        body, status = self.chance.choice([*MISTAKES, (too_long, status)])
        with self.client.post(
            "/predict", data=body, headers=JSON, name="mistaken client", catch_response=True
        ) as response:
            fault = None if response.status_code == status else f"expected status {status}"
            self.check(response, fault)


@events.init.add_listener
def begin_now(**_: object) -> None:
    """Count the run's time from now on: gevent's clock stands where its loop last turned.

    That may be before the imports, longer ago than a short run lasts.
    """
    time.sleep(0)  # gevent's, by locust: the loop turns once


@events.quitting.add_listener
def judge(environment: Environment, **_: object) -> None:
    """End with status 1 if an objective was missed, saying which."""
    total = environment.stats.total
    wrong = sum(
        error.occurrences
        for error in environment.stats.errors.values()
        if WRONG in str(error.error)
    )
    sentences = missed(
        environment.stats.entries.values(),
        requests=total.num_requests,
        failures=total.num_failures,
        wrong=wrong,
    )
    for sentence in sentences:
        log.error(sentence)
    log.info("Every objective of load_tests/slo.py was kept." if not sentences else "Missed.")
    environment.process_exit_code = 1 if sentences else 0
