"""Clients as users have them get the same answers: BentoML's own, pages, the command line."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import bentoml
import pytest
import requests

from tests.conftest import TrainedHome
from tests.runs import TABLE
from tests.serving import Server, run_python

ORIGIN = "https://forms.example"


def test_bentoml_s_own_client(server: Server, trained_home: TrainedHome) -> None:
    """SyncHTTPClient finds the endpoint by itself and gets the envelope."""
    with bentoml.SyncHTTPClient(server.url) as client:
        answer = client.predict({"texts": [{"text": "onion broth with butter"}]})
    assert answer["status-code"] == 200
    assert answer["data"]["run_id"] == trained_home.run_id
    assert answer["data"]["predictions"][0]["predicted_tags"]


IN_PROCESS = """
import asyncio, json, sys
from app.schemas import PredictRequest
from service import Tagger

async def ask():
    return await Tagger.inner().predict(PredictRequest.model_validate_json(sys.argv[1]))

print(asyncio.run(ask()).model_dump_json(by_alias=True))
"""


def test_a_service_in_the_same_process(
    server: Server, trained_home: TrainedHome, tmp_path: Path
) -> None:
    """BentoML's typed endpoint, which HTTP does not pass through, answers the same."""
    asked = {"texts": [{"text": "onion broth with butter"}], "top_k": 1, "threshold": 0.25}
    done = run_python(
        *("-c", IN_PROCESS, json.dumps(asked)),
        home=trained_home.copied(tmp_path),
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    answer = requests.post(f"{server.url}/predict", json=asked, timeout=30).json()
    assert (told["status-code"], told["data"]["run_id"]) == (200, trained_home.run_id)
    (found,), (expected,) = told["data"]["predictions"], answer["data"]["predictions"]
    assert found["scores"] == expected["scores"] != []


def table_texts() -> list[str]:
    """Give the texts of the tests' table, and some unlike them."""
    with TABLE.open(newline="") as lines:
        texts = [row["text"] for row in csv.DictReader(lines)]
    return [*texts[:60], "qwzx vbnk", "\N{FIRE} Broth, \u6c34 onion", "Zwiebel onion \u0628 sail"]


def test_the_command_line_and_http_agree(server: Server, trained_home: TrainedHome) -> None:
    """The same text has the same scores to the last digit, there and here, in any batch."""
    texts = table_texts()
    done = run_python(
        *("-m", "tagger", "tag", "--json", "--threshold", "0"),
        home=trained_home.path,
        stdin="\n".join(texts) + "\n",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    by_command = {
        entry["input_text"]: {one["tag"]: one["score"] for one in entry["scores"]}
        for entry in told["predictions"]
    }
    chance = random.Random(5)
    for size in (1, 2, 7, len(texts)):
        batch = chance.sample(texts, size)
        answer = requests.post(
            f"{server.url}/predict",
            json={"texts": [{"text": text} for text in batch], "threshold": 0},
            timeout=30,
        )
        for found in answer.json()["data"]["predictions"]:
            scores = {one["tag"]: one["score"] for one in found["scores"]}
            assert scores == by_command[found["input_text"]]


@pytest.fixture(scope="module")
def open_server(
    trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server whose setting lets the pages of one origin call."""
    folder: Path = tmp_path_factory.mktemp("open")
    with trained_home.served(folder, TAGLINE_CORS_ORIGINS=ORIGIN) as server:
        yield server


def test_pages_of_a_set_origin_may_call(open_server: Server) -> None:
    """Its preflight is granted, its answers and refusals are readable, ids included."""
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": (
            "content-type,x-request-id,x-request-timeout,if-none-match"
        ),
    }
    preflight = requests.options(f"{open_server.url}/predict", headers=asked, timeout=30)
    assert preflight.status_code == 200
    assert preflight.headers["X-Request-ID"]
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"
    for body in ({"texts": [{"text": "onion"}]}, {}):
        answer = requests.post(
            f"{open_server.url}/predict", json=body, headers={"Origin": ORIGIN}, timeout=30
        )
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        readable = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"X-Request-ID", "X-Run-ID", "Retry-After", "ETag"} <= set(readable)


def test_pages_of_other_origins_may_not(open_server: Server) -> None:
    """A refused preflight is in the envelope and says what may be; answers name no origin."""
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}
    preflight = requests.options(
        f"{open_server.url}/predict?x=1", headers=asked | {"X-Request-ID": "mine"}, timeout=30
    )
    refusal = preflight.json()
    assert preflight.status_code == refusal["status-code"] == 400
    assert refusal["url"] == f"{open_server.url}/predict?x=1"
    assert preflight.headers["X-Request-ID"] == "mine"
    assert preflight.headers["Content-Type"] == "application/json"
    assert "GET, HEAD, POST" in refusal["detail"]
    bad = requests.options(
        f"{open_server.url}/predict", headers=asked | {"X-Request-ID": "two words"}, timeout=30
    )
    assert bad.json()["method"] == "OPTIONS"
    assert re.fullmatch("[0-9a-f]+", bad.headers["X-Request-ID"])
    answer = requests.get(open_server.url, headers={"Origin": asked["Origin"]}, timeout=30)
    assert "Access-Control-Allow-Origin" not in answer.headers
