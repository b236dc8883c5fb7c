"""Too much load is refused at once with 503, and all that is taken on is answered."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.conftest import TrainedHome
from tests.serving import Server

CALLERS = 24


@pytest.fixture(scope="module")
def narrow(trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server whose queue holds one request of its largest; ten texts may show its six tags."""
    folder = tmp_path_factory.mktemp("narrow")
    with trained_home.served(
        folder,
        TAGLINE_MAX_TEXTS="200",
        TAGLINE_QUEUE_TEXTS="200",
        TAGLINE_BATCH_TEXTS="4",
        TAGLINE_MAX_SCORES="60",
    ) as server:
        yield server


def test_a_bounded_queue_refuses_at_once(narrow: Server) -> None:
    """Many large requests at once: each gets all of its tags or a 503 that says when to return."""
    body = {"texts": [{"text": f"onion broth {number}"} for number in range(200)]}

    def call(_: int) -> list[requests.Response]:
        with requests.Session() as session:
            return [session.post(f"{narrow.url}/predict", json=body, timeout=60) for _ in range(20)]

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = [answer for some in callers.map(call, range(CALLERS)) for answer in some]
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 503}, statuses
    for answer in answers:
        if answer.status_code == 200:
            found = answer.json()["data"]["predictions"]
            assert [one["input_text"] for one in found] == [one["text"] for one in body["texts"]]
        else:
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.json()["status-code"] == 503
    assert requests.get(f"{narrow.url}/readyz", timeout=30).status_code == 200


@pytest.mark.parametrize(
    ("texts", "options", "status"),
    [
        pytest.param(10, {"threshold": 0}, 200, id="as many as may be"),
        pytest.param(11, {"threshold": 0}, 422, id="too many"),
        pytest.param(11, {"threshold": 0.0001, "top_k": 6}, 422, id="hardly a threshold"),
        pytest.param(12, {"threshold": 0, "top_k": 5}, 200, id="the best alone"),
        pytest.param(10, {"threshold": 0, "top_k": 100}, 200, id="the best of fewer"),
        pytest.param(200, {"threshold": 0.01}, 200, id="those that reach a threshold"),
        pytest.param(200, {"top_k": 6}, 200, id="those that reach their own"),
    ],
)
def test_all_scores_of_many_texts_are_refused_before_they_are_computed(
    narrow: Server, texts: int, options: dict[str, float], status: int
) -> None:
    """Of thousands of tags they would be hundreds of MB; who asks is told what to ask instead."""
    answer = requests.post(
        f"{narrow.url}/predict",
        json={"texts": [{"text": "onion broth"}] * texts, **options},
        timeout=30,
    )
    assert answer.status_code == status, answer.text
    if status == 422:
        (fault,) = answer.json()["detail"]
        assert fault["loc"] == ["body", "threshold"]
        assert "66 scores, more than the 60" in fault["msg"]
        assert "give top_k" in fault["msg"]


def test_callers_who_leave_are_forgotten(server: Server) -> None:
    """Of large requests whose callers hang up not all is computed, and none is said to wait."""
    explained = 'tagline_batch_texts_sum{work="evidence"}'
    failed = 'bentoml_service_request_total{endpoint="/predict",http_response_code="500"'
    before = server.metric(explained)
    body = {"texts": [{"text": "onion broth and butter " * 40}] * 1_000, "evidence": True}
    for _ in range(5):
        with pytest.raises(requests.RequestException):
            requests.post(f"{server.url}/predict", json=body, timeout=(5, 0.05))
    one = {"texts": [{"text": "onion broth"}]}
    assert requests.post(f"{server.url}/predict", json=one, timeout=30).status_code == 200
    while server.metric('bentoml_service_request_in_progress{endpoint="/predict"'):
        pass
    while server.metric("tagline_queue_texts"):
        pass
    assert server.metric(explained) - before < 5_000
    assert server.metric(failed) == 0
