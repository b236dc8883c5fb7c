"""What /metrics tells is right: told in bulk, by route template, under BentoML's own names."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Histogram
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from app.metrics import SECONDS, BulkHistogram
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server

ALERTS = PROJECT / "deploy/kubernetes/components/service-monitor/alerts.yaml"
IN_PROGRESS = "bentoml_service_request_in_progress"
TEXT = {"texts": [{"text": "onion broth"}, {"text": "mainsail"}]}


@pytest.fixture
def fresh(trained_home: TrainedHome, tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has asked anything."""
    with trained_home.served(tmp_path) as server:
        yield server


def series(server: Server) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Give every series of /metrics: labels and value by name."""
    return read(requests.get(f"{server.url}/metrics", timeout=30).text)


def read(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Read every series: labels and value by name."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(found: dict[str, list[tuple[dict[str, str], float]]], name: str, **labels: str) -> float:
    """Sum a series over the labels that are not given."""
    return sum(
        number
        for known, number in found.get(name, [])
        if all(known[label] == wanted for label, wanted in labels.items())
    )


def test_every_answer_is_counted_by_its_template(fresh: Server) -> None:
    """However many tags and runs are asked for, a route is one series; statuses apart."""
    for number in range(20):
        requests.get(f"{fresh.url}/tags/nothing{number}", timeout=30)
        requests.get(f"{fresh.url}/nowhere{number}", timeout=30)
    for _ in range(3):
        assert requests.post(f"{fresh.url}/predict", json=TEXT, timeout=30).ok
    requests.post(f"{fresh.url}/predict", json={}, timeout=30)
    for no_request in (b"nonsense\r\n\r\n", b"GET /" + b"a" * 100_000):
        with fresh.connect() as caller:
            caller.sendall(no_request)
            assert caller.recv(1_024).startswith(b"HTTP/1.1 4")
    found = series(fresh)
    total = "bentoml_service_request_total"
    assert value(found, total, endpoint="/tags/{tag}", http_response_code="404") == 20
    assert value(found, total, endpoint="(none)", http_response_code="404") == 20
    assert value(found, total, endpoint="(none)", http_response_code="400") == 1
    assert value(found, total, endpoint="(none)", http_response_code="431") == 1
    assert value(found, total, endpoint="/predict", http_response_code="200") == 3
    assert value(found, total, endpoint="/predict", http_response_code="422") == 1
    took = "bentoml_service_request_duration_seconds"
    assert value(found, f"{took}_count", endpoint="/predict", http_response_code="200") == 3
    assert 0 < value(found, f"{took}_sum", endpoint="/predict", http_response_code="200") < 3
    assert value(found, IN_PROGRESS, endpoint="/predict") == 0
    names = {known["endpoint"] for known, _ in found[total]}
    assert names == {"/readyz", "/tags/{tag}", "(none)", "/predict"}
    assert {known["service_name"] for known, _ in found[total]} == {"tagline"}


def test_batches_and_the_served_run_are_told(fresh: Server, trained_home: TrainedHome) -> None:
    """Sizes, times and waits of batches, the queue, the run, and readiness."""
    before = series(fresh)
    for _ in range(5):
        requests.post(f"{fresh.url}/predict", json=TEXT, timeout=30)
    requests.post(f"{fresh.url}/predict", json=TEXT | {"evidence": True}, timeout=30)
    after = series(fresh)

    def grown(name: str, work: str) -> float:
        return value(after, name, work=work) - value(before, name, work=work)

    for work, times in (("tags", 6), ("evidence", 1)):
        assert grown("tagline_batch_texts_sum", work) == 2 * times
        assert grown("tagline_queue_wait_seconds_count", work) == times
        batches = grown("tagline_batch_texts_count", work)
        assert grown("tagline_batch_seconds_count", work) == batches > 0
    assert value(after, "tagline_queue_texts") == 0
    assert value(after, "tagline_served_run", run_id=trained_home.run_id) == 1
    assert value(after, "tagline_ready_workers") == 1


def test_who_left_is_in_progress_no_more(trained_home: TrainedHome, tmp_path: Path) -> None:
    """Any worker tells so, also where the one that he left has had nothing to do since."""
    with trained_home.served(tmp_path, TAGLINE_WORKERS="2") as server, ExitStack() as opened:
        workers: dict[str, requests.Session] = {}
        while len(workers) < 2:
            session = opened.enter_context(requests.Session())
            health = session.get(server.url, timeout=30)
            workers[health.headers["x-request-id"].partition("-")[0]] = session
        left, other = workers

        def wait_until(number: int) -> None:
            deadline = time.monotonic() + 30
            told = -1.0
            while told != number and time.monotonic() < deadline:
                text = workers[other].get(f"{server.url}/metrics", timeout=30).text
                told = value(read(text), IN_PROGRESS, endpoint="/predict")
            assert told == number

        while True:
            caller = opened.enter_context(server.connect())
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            if f"x-request-id: {left}" in caller.recv(4_096).decode():
                break
        caller.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert workers[left].get(server.url, timeout=30).ok  # it tells once more
        wait_until(1)
        caller.close()
        wait_until(0)


def test_alerts_are_of_series_that_there_are(fresh: Server) -> None:
    """Series and labels of the alerts, and of the guide's queries, are those that a server tells.

    An alert on too little fires where nothing is left: no pods have no series.
    """
    requests.post(f"{fresh.url}/predict", json=TEXT, timeout=30)
    found = series(fresh)
    rules = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["spec"]["groups"][0]["rules"]
    guide = (PROJECT / "deploy" / "README.md").read_text(encoding="utf-8")
    for rule in rules:
        assert f"`{rule['alert']}`" in guide
        assert "<" not in rule["expr"] or "or vector(0)) <" in rule["expr"]
    queries = [rule["expr"] for rule in rules] + re.findall("```promql.*?```", guide, re.DOTALL)
    named = re.findall(r"\b((?:bentoml_service|tagline)_[a-z_]+)(?:\{([^}]*))?", "".join(queries))
    assert len(named) >= len(rules)
    for name, matchers in named:
        labels = set(re.findall(r'([a-z_]+)[=!]~?"', matchers)) - {"track"}  # the ServiceMonitor's
        assert labels <= found[name][0][0].keys()


@given(st.lists(st.floats(0, 20) | st.sampled_from(SECONDS), max_size=50))
def test_bulk_is_the_same_as_one_by_one(values: list[float]) -> None:
    """A histogram told many values at once is what it is when told each."""
    bulk = BulkHistogram("bulk", "Bulk", buckets=SECONDS, registry=None)
    single = Histogram("bulk", "Bulk", buckets=SECONDS, registry=None)
    cut = random.Random(len(values)).randint(0, len(values))
    for part in (values[:cut], values[cut:]):
        bulk.observe_many(part)
    for one in values:
        single.observe(one)
    both = (samples(bulk), samples(single))
    for found, expected in zip(*both, strict=True):
        assert found.labels == expected.labels
        assert found.value == pytest.approx(expected.value)


def samples(histogram: Histogram) -> list[Sample]:
    """Give what a histogram shows, but for when it was made."""
    return [
        sample
        for family in histogram.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]
