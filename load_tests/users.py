"""Five kinds of users, who check what they are told; a locust file (`python -m load_tests`).

Every answer is checked, by `faults.py`.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from locust import FastHttpUser, between, constant, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import STATE_RUNNING, STATE_SPAWNING

from load_tests.faults import ServedRun, fault_of_envelope, fault_of_predictions
from load_tests.slo import WRONG, missed
from load_tests.texts import TABLE, read_texts

JSON = {"Content-Type": "application/json"}
Told = TypeVar("Told")
log = logging.getLogger("locust.tagline")
texts = read_texts(Path(os.environ.get("LOAD_TEXTS", TABLE)))
DOCUMENT = "/openapi.json"
OK = 200
SERVER_ERROR = 500
UNDER_WAY = (STATE_SPAWNING, STATE_RUNNING)
PATIENCE_SECONDS = 10
"""More than any objective allows: what is not answered by then has failed."""
PARTS: Mapping[str, frozenset[str]] = {
    "/": frozenset(),
    "/runs?top=3": frozenset({"runs"}),
    "/performance": frozenset({"overall", "class"}),
    "/params": frozenset({"task", "model"}),
    "/tags": frozenset({"tags"}),
}
"""What the data of each resource must hold at least, and not empty."""
runs: dict[str, ServedRun] = {}
"""The runs that have answered, for all users together."""


@dataclass(frozen=True)
class Limits:
    """How much a request may hold, as the server's document tells."""

    most_texts: int
    longest: int
    most_bytes: int

    @classmethod
    def told(cls, document: Any) -> Limits:
        """Take them from ``/openapi.json``."""
        schemas = document["components"]["schemas"]
        refused = document["paths"]["/predict"]["post"]["responses"]["413"]
        return cls(
            most_texts=schemas["PredictRequest"]["properties"]["texts"]["maxItems"],
            longest=schemas["Text"]["properties"]["text"]["maxLength"],
            # JSON Schema has no word for it: the document says it where it says what 413 is.
            most_bytes=int(re.findall(r"(\d+) bytes", json.dumps(refused))[0]),
        )

    def body(self, texts: Sequence[str], options: Mapping[str, int]) -> tuple[list[str], str]:
        """Write a request's body of as many and as long texts as it may have; give both."""
        sent = [text[: self.longest] for text in texts[: self.most_texts]]
        while len(body := written(sent, options)) > self.most_bytes:
            # The last half of the texts goes; where one is left alone, its last half.
            sent = sent[: len(sent) // 2] or [sent[0][: len(sent[0]) // 2]]
        return sent, body


def written(texts: Sequence[str], options: Mapping[str, int]) -> str:
    """Write the body of a request, in ASCII: as many bytes as characters."""
    return json.dumps({"texts": [{"text": text} for text in texts], **options})


def answering(answer: Any) -> set[str]:
    """Take from ``/runs`` the runs that may answer ``POST /predict``."""
    return {run["run_id"] for run in answer["data"]["runs"] if run["served"] or run["promoted"]}


class Caller(FastHttpUser):
    """What all users share: what the server says of itself, and how an answer is checked."""

    abstract = True
    connection_timeout = PATIENCE_SECONDS
    network_timeout = PATIENCE_SECONDS

    def on_start(self) -> None:
        """Ask the server for its limits; a user who cannot is of no use."""
        self.chance = random.Random()
        limits = self.told(DOCUMENT, Limits.told)
        if limits is None:
            raise StopUser
        self.limits = limits

    def told(self, path: str, take: Callable[[Any], Told], *, name: str = "start") -> Told | None:
        """Take something from what the server says of itself; None where it does not say it."""
        found: list[Told] = []
        self.request("GET", path, name=name, fault_of=lambda answer: found.append(take(answer)))
        return found[0] if found else None

    def run_of(self, run_id: str) -> ServedRun | None:
        """Give what the server says of the run of an answer; None where it should not answer.

        Another may be promoted at any time, and one worker takes it up before the other.
        """
        if run_id not in runs and run_id in (self.told("/runs", answering) or ()):
            run = self.told(f"/runs/{run_id}", ServedRun.told)
            if run is not None:
                runs.setdefault(run_id, run)
        return runs.get(run_id)

    def predict(self, count: int, *, name: str, **options: int) -> None:
        """Ask for the tags of ``count`` texts, or as many as may be, and check the answer."""
        sent, body = self.limits.body(self.chance.choices(texts, k=count), options)

        def fault_of(answer: Any) -> str | None:
            run_id = answer["data"]["run_id"]
            run = self.run_of(run_id)
            if run is None:
                return f"by run {run_id}, which is neither served nor promoted"
            return fault_of_predictions(answer, sent, run, options)

        self.request("POST", "/predict", name=name, body=body, fault_of=fault_of)

    def request(
        self,
        method: str,
        path: str,
        *,
        name: str,
        fault_of: Callable[[Any], str | None],
        body: str | None = None,
        expected: int = OK,
    ) -> None:
        """Ask, and check the answer; one that cannot be read is wrong too."""
        with self.client.request(
            method, path, data=body, headers=JSON, name=name, catch_response=True
        ) as response:
            status = response.status_code
            if status == 0 or status >= SERVER_ERROR:
                return  # failed, and locust tells how
            fault = None if status == expected else f"status {status} instead of {expected}"
            try:
                answer = response.json()
                if path != DOCUMENT:
                    fault = fault or fault_of_envelope(answer, method, status)
                fault = fault or fault_of(answer)
            except ValueError:
                fault = fault or "it is not JSON"
            except (LookupError, TypeError, AttributeError) as unread:
                fault = fault or f"it is not what it should be, {unread!r}"
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
        path = self.chance.choice(list(PARTS))

        def fault_of(answer: Any) -> str | None:
            absent = [part for part in PARTS[path] if not answer["data"].get(part)]
            return f"{path} lacks {sorted(absent)}" if absent else None

        self.request("GET", path, name="reader", fault_of=fault_of)

    @task
    def read_documentation(self) -> None:
        """Read the documentation and the document behind it."""
        with self.client.get("/docs", name="reader", catch_response=True) as page:
            if page.status_code == OK and "</html>" not in page.text:
                page.failure(f"{WRONG}: /docs is no page")
        self.told(DOCUMENT, Limits.told, name="reader")


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
        too_long = json.dumps({"texts": [{"text": "a" * (self.limits.longest + 1)}]})
        status = 422 if len(too_long) <= self.limits.most_bytes else 413
        body, status = self.chance.choice([*MISTAKES, (too_long, status)])

        def fault_of(answer: Any) -> str | None:
            return None if answer["detail"] else "a refusal that does not say why"

        name = "mistaken client"
        self.request("POST", "/predict", name=name, body=body, expected=status, fault_of=fault_of)


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
    if environment.runner is not None:
        wrong += sum(fault["count"] for fault in environment.runner.exceptions.values())
    sentences = missed(
        environment.stats.entries.values(),
        requests=total.num_requests,
        failures=total.num_failures,
        wrong=wrong,
    )
    for sentence in sentences:
        log.error(sentence)
    cut_off = environment.runner is not None and environment.runner.state in UNDER_WAY
    if cut_off:
        log.error("Cut off before its end, which is no verdict.")
    elif sentences:
        log.info("Missed.")
    else:
        log.info("Every objective of load_tests/slo.py was kept.")
    environment.process_exit_code = 1 if sentences or cut_off else 0
