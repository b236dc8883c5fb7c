"""The document is true: valid, complete, and what it shows is what the server answers."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import requests
from fastapi.openapi.utils import get_openapi
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api import create_api
from app.envelope import Envelopes
from app.openapi import VERSION
from app.pipelines import WAITING
from app.routes import ROUTES
from tagger.store import Store
from tests.conftest import TrainedHome
from tests.edge_alone import LIMITS
from tests.four_runs import runner_of
from tests.on_a_loop import on_a_loop
from tests.serving import PROJECT, Server, run_command
from training.evaluate import SLICE_FROM, slices_by_length

HIDDEN = {"/assets/{file}"}
"""Files of the pages: no part of the contract."""
UNASKABLE = {304, 413, 500, 503, 504}
"""Statuses that no plain request brings about; other tests do (each by its error, and by load)."""


@pytest.fixture(scope="session")
def document(server: Server) -> Any:
    """The document as it is served."""
    return requests.get(f"{server.url}/openapi.json", timeout=30).json()


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    method: str
    path: str
    content: Any

    def asked(self) -> str:
        """Give the path and query with the parameters' examples."""
        path, query = self.path, {}
        for parameter in self.content.get("parameters", ()):
            match parameter["in"]:
                case "path":
                    path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
                case "query":
                    query[parameter["name"]] = parameter["example"]
        return requests.Request("GET", f"http://x{path}", params=query).prepare().path_url


def operations(document: Any) -> Iterator[Operation]:
    """Every operation."""
    for path, methods in document["paths"].items():
        for method, content in methods.items():
            yield Operation(method.upper(), path, content)


def check_schema(document: Any, schema: Any, value: Any) -> None:
    """Check a value against a schema of the document."""
    jsonschema.Draft202012Validator(
        schema | {"components": document["components"]},
        format_checker=jsonschema.FormatChecker(),
    ).validate(value)


def test_the_document_is_valid(document: Any) -> None:
    """OpenAPI 3.1, by a validator; no line begins with a number, of which pages make a list."""
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()
    assert not re.findall(r'(?:\\n|")\d+\. ', json.dumps(document))


def test_the_document_has_every_route(document: Any) -> None:
    """What the edge lets in and what the document tells are one table."""
    told = {(operation.path, operation.method) for operation in operations(document)}
    let_in = {
        (route.template, method)
        for route in ROUTES
        for method in route.methods
        if method != "HEAD" and route.template not in HIDDEN
    }
    assert told == let_in
    queries = {route.template: route.query or () for route in ROUTES}
    for operation in operations(document):
        parameters = operation.content.get("parameters", ())
        told_names = tuple(one["name"] for one in parameters if one["in"] == "query")
        assert told_names == queries[operation.path], operation


def test_every_operation_is_explained(document: Any) -> None:
    """A section, an id, a summary and a description each; and a response for what goes wrong."""
    sections = {section["name"] for section in document["tags"]}
    for operation in operations(document):
        content = operation.content
        assert content["summary"], operation
        assert len(content["description"]) > 20, operation
        assert set(content["tags"]) <= sections, operation
        assert re.fullmatch(r"[a-z_]+", content["operationId"]), operation
        for parameter in content.get("parameters", ()):
            assert parameter["description"], operation
            assert "example" in parameter, operation
    ids = [operation.content["operationId"] for operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_figures_are_explained_as_they_are_made(document: Any, server: Server) -> None:
    """Precision, recall and F1 are two things, of all texts and of a kind of them."""
    told = document["components"]["schemas"]["Overall"]["properties"]
    assert all("description" in one for one in told.values())
    assert "mean over tags, weighted by support" in told["precision"]["description"]
    assert "of a slice pooled over all tags" in told["precision"]["description"]
    found = requests.get(f"{server.url}/performance", timeout=30).json()["data"]
    tags, support = found["class"].values(), sum(tag["support"] for tag in found["class"].values())
    mean = sum(tag["precision"] * tag["support"] for tag in tags) / support
    assert found["overall"]["precision"] == pytest.approx(mean)
    assert all(kind["f1"] == kind["micro_f1"] for kind in found["slices"].values())
    kinds = document["components"]["schemas"]["Performance"]["properties"]["slices"]["description"]
    assert f"where {SLICE_FROM} texts" in kinds
    assert all(f"`{kind}`" in kinds for kind in (*slices_by_length([]), *found["slices"]))


def test_every_example_fits_its_schema(document: Any) -> None:
    """Of requests and of answers, of every status."""
    count = 0
    for operation in operations(document):
        contents = [
            answer["content"]
            for answer in operation.content["responses"].values()
            if "content" in answer
        ]
        if "requestBody" in operation.content:
            contents.append(operation.content["requestBody"]["content"])
        for content in contents:
            for media in content.values():
                examples = [one["value"] for one in media.get("examples", {}).values()]
                if "example" in media:
                    examples.append(media["example"])
                assert examples, operation
                for example in examples:
                    check_schema(document, media["schema"], example)
                    count += 1
    assert count > 60


def test_every_operation_answers_its_example(document: Any, server: Server) -> None:
    """Try it out: with the examples given, each route answers 200 and as its schema says.

    Predictions are those that the document shows, to the last digit; the texts are in words that
    the run knows, so that they get tags.
    """
    for operation in operations(document):
        asked = {"": {"value": None}}
        if "requestBody" in operation.content:
            asked = operation.content["requestBody"]["content"]["application/json"]["examples"]
        assert "PyTorch" not in str(asked)  # the run knows nothing of it
        for name, body in asked.items():
            answer = requests.request(
                operation.method, f"{server.url}{operation.asked()}", json=body["value"], timeout=30
            )
            assert answer.status_code == 200, (operation, answer.text)
            check_answer(document, operation, answer)
            if name:
                told = operation.content["responses"]["200"]["content"]["application/json"]
                data = answer.json()["data"]
                assert told["examples"][name]["value"]["data"] == data
                assert all(found["predicted_tags"] for found in data["predictions"])


def check_answer(document: Any, operation: Operation, answer: requests.Response) -> None:
    """Check an answer against what the document tells of its status."""
    told = operation.content["responses"][str(answer.status_code)]
    for header in told["headers"]:
        assert header in answer.headers, (operation, header)
    media = answer.headers["Content-Type"].partition(";")[0]
    value = answer.json() if media == "application/json" else answer.text
    check_schema(document, told["content"][media]["schema"], value)


WRONG: dict[str, dict[int, dict[str, Any]]] = {
    "predict": {
        400: {"data": "{"},
        415: {"data": "x", "headers": {"Content-Type": "text/plain"}},
        422: {"json": {"texts": []}},
    },
    "runs": {422: {"params": {"top": "0"}}},
    "performance": {422: {"params": {"nothing": ""}}},
}
WRONG |= {"run_predict": WRONG["predict"], "run_performance": WRONG["performance"]}


def test_every_refusal_is_as_it_is_told(document: Any, server: Server) -> None:
    """Each refusal that a request can bring about has its status, schema and, in kind, example."""
    asked = set()
    for operation in operations(document):
        for status in map(int, operation.content["responses"]):
            if status < 400 or status in UNASKABLE:
                continue
            how = WRONG.get(operation.content["operationId"], {}).get(status, {})
            path = operation.asked()
            if status == 404:
                path = re.sub(r"promoted|overall|seed", "nothing", path)
                if operation.path.startswith("/tags/"):
                    path = "/tags/nothing"
            if "requestBody" in operation.content and not how:
                how = {"json": {"texts": [{"text": "x"}]}}
            how = {"headers": {"Content-Type": "application/json"}} | how
            answer = requests.request(operation.method, f"{server.url}{path}", timeout=30, **how)
            assert answer.status_code == status, (operation, answer.text)
            check_answer(document, operation, answer)
            check_like_example(operation, answer.json())
            asked.add(status)
    assert asked == {400, 404, 415, 422}


@pytest.mark.parametrize(
    ("sent", "status", "method"),
    [
        ("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "GET"),
        ("PUT /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405, "PUT"),
        ("GET /tags?top=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 422, "GET"),
        ("nonsense\r\n\r\n", 400, ""),
        ("GET /" + "x" * 100_000, 431, ""),
    ],
)
def test_what_any_path_may_answer_is_told_once(
    document: Any, server: Server, sent: str, status: int, method: str
) -> None:
    """In the description, and it is answered in the shape of all refusals."""
    assert f"`{status}`: " in document["info"]["description"]
    _, _, body = server.send_raw(sent.encode()).partition(b"\r\n\r\n")
    refusal = json.loads(body)
    shape = "InvalidRefusal" if status == 422 else "Refusal"
    check_schema(document, {"$ref": f"#/components/schemas/{shape}"}, refusal)
    assert (refusal["status-code"], refusal["method"]) == (status, method)
    assert bool(refusal["url"]) == bool(method)


def check_like_example(operation: Operation, body: Any) -> None:
    """Check that an example of this status begins with the words that are really said."""
    told = operation.content["responses"][str(body["status-code"])]
    examples = told["content"]["application/json"]["examples"].values()
    details = [json.dumps(example["value"]["detail"])[:14] for example in examples]
    assert any(json.dumps(body["detail"]).startswith(detail) for detail in details), (
        operation,
        body,
        details,
    )
    assert {example["value"]["message"] for example in examples} == {body["message"]}


def test_the_document_tells_the_limits(document: Any) -> None:
    """What settings allow stands in the shapes, and what a connection takes in the description."""
    assert f" {WAITING + 1} are answered" in document["info"]["description"]
    shapes = document["components"]["schemas"]
    assert shapes["PredictRequest"]["properties"]["texts"]["maxItems"] == 1_000
    assert (
        " may be 100000 at most."
        in shapes["PredictRequest"]["properties"]["threshold"]["description"]
    )
    assert shapes["Text"]["properties"]["text"]["maxLength"] == 10_000
    joined = 'the text "title. description". That text may have 10000 characters.'
    assert shapes["Titled"]["description"].endswith(joined)


def test_examples_that_settings_refuse_are_left_out(
    trained_home: TrainedHome, tmp_path: Path
) -> None:
    """A server that takes short texts alone has a document all the same, which asks no longer."""
    with trained_home.served(tmp_path, TAGLINE_MAX_TEXT_LENGTH="5") as server:
        answer = requests.get(f"{server.url}/openapi.json", timeout=30)
    assert answer.status_code == 200, answer.text
    predict = answer.json()["paths"]["/predict"]["post"]
    for told in (predict["requestBody"], predict["responses"]["200"]):
        assert not told["content"]["application/json"]["examples"]


@on_a_loop
async def test_the_document_is_made_once_for_all_who_ask_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a tenth of a second in which nobody is answered: not one for each of them."""
    written: list[str] = []

    def counted(**told: Any) -> dict[str, Any]:
        written.append(told["title"])
        return get_openapi(**told)

    monkeypatch.setattr("app.openapi.get_openapi", counted)
    api = create_api(runner_of(store, kept=1), store, Envelopes(), replace(LIMITS, seconds=60))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://x") as client:
        answers = await asyncio.gather(*(client.get("/openapi.json") for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len(written) == 1


def test_what_a_run_always_tells_is_required(document: Any, server: Server) -> None:
    """Typed clients need not ask whether a parameter, or what is known of the table, is there."""
    run = requests.get(f"{server.url}/runs/promoted", timeout=30).json()["data"]
    for shape, told in (("WholeRun", run), ("Params", run["params"]), ("Data", run["data"])):
        assert set(document["components"]["schemas"][shape]["required"]) == set(told)


def test_what_a_prediction_may_lack_has_no_default(document: Any) -> None:
    """Some generators take a field with a default for one that is always there."""
    prediction = document["components"]["schemas"]["Prediction"]
    optional = set(prediction["properties"]) - set(prediction["required"])
    assert optional == {"reason", "evidence"}
    assert not [name for name in optional if "default" in prediction["properties"][name]]


def test_the_version_is_the_project_s() -> None:
    """One version for the project and its API."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_schemathesis_finds_nothing(server: Server, tmp_path: Path) -> None:
    """Thousands of requests made from the document, good and bad: no answer contradicts it."""
    config = tmp_path / "schemathesis.toml"
    # A caller who asks for an answer within a nanosecond is told 504, and rightly.
    config.write_text(
        '[checks]\nnot_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "504"]\n'
    )
    done = run_command(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
        *("run", f"{server.url}/openapi.json"),
        *("--checks", "all", "--max-examples", "60", "--seed", "1"),
        *("--generation-database", "none", "--no-color"),
        home=tmp_path,
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
