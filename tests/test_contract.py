"""Every row of the contract's table answers as written, on the served run and on any other."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, tzinfo
from typing import Any, Self

import pytest
import requests

from app.envelope import Envelopes
from tests.conftest import TrainedHome
from tests.serving import Server, run_python

TEXT = {"text": "Broth, onion and pepper in a saucepan, with butter and lemon."}


def get(server: Server, path: str, **headers: str) -> requests.Response:
    """Ask a path."""
    return requests.get(f"{server.url}{path}", headers=headers, timeout=30)


def data(server: Server, path: str) -> Any:
    """Ask a path that answers 200, and give what it says."""
    answer = get(server, path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def predict(server: Server, body: dict[str, Any], path: str = "/predict") -> requests.Response:
    """Ask for tags."""
    return requests.post(f"{server.url}{path}", json=body, timeout=30)


def test_every_json_answer_has_the_envelope(server: Server) -> None:
    """message, method, status-code (the HTTP status), timestamp (UTC, now), url; data or detail."""
    for path in ("/", "/performance", "/runs?top=1", "/nowhere?x=%20y", "/tags/nothing"):
        answer = get(server, path)
        body = answer.json()
        assert body["status-code"] == answer.status_code
        assert body["method"] == "GET"
        assert body["url"] == f"{server.url}{path}"
        moment = datetime.fromisoformat(body["timestamp"])
        assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
        assert body["message"] == answer.reason
        assert set(body) == {
            *("message", "method", "status-code", "timestamp", "url"),
            "data" if answer.ok else "detail",
        }


def test_a_moment_is_told_to_the_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """In three digits, and of the second that it is in, whatever was told before."""
    envelopes = Envelopes()
    for milliseconds, told in ((5, "00.005"), (1_999, "01.999"), (2_050, "02.050")):
        monkeypatch.setattr("time.time_ns", lambda passed=milliseconds: passed * 1_000_000)
        assert envelopes.timestamp() == f"1970-01-01T00:00:{told}+00:00"
    monkeypatch.undo()


def test_a_moment_that_is_being_written_is_told_rightly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks for runs is answered in threads, and the loop may ask in the midst of it."""
    envelopes, told = Envelopes(), []

    class Meanwhile(datetime):
        @classmethod
        def fromtimestamp(cls, timestamp: float, tz: tzinfo | None = None) -> Self:
            monkeypatch.undo()
            told.append(envelopes.timestamp())
            return super().fromtimestamp(timestamp, tz)

    monkeypatch.setattr("app.envelope.datetime", Meanwhile)
    told.append(envelopes.timestamp())
    for moment in map(datetime.fromisoformat, told):
        assert abs((datetime.now(UTC) - moment).total_seconds()) < 60


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        ("Host: a_b.example:80\r\n", "http://a_b.example:80/runs?top=1"),
        ("Host: [::1]:3000\r\n", "http://[::1]:3000/runs?top=1"),
        ("", ""),
        ("Host: \r\n", ""),
        ("Host: a\r\nHost: a\r\n", ""),
        ("Host: \r\nHost: a\r\n", ""),
        ("Host: a/b\r\n", ""),
        ('Host: "a"\r\n', ""),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_request_names_one_host(server: Server, hosts: str, url: str, version: str) -> None:
    """Else its address would be made up (RFC 9112, 3.2); HTTP/1.0 need not name any."""
    head = f"GET /runs?top=1 HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n"
    body = json.loads(server.send_raw(head.encode()).partition(b"\r\n\r\n")[2])
    unnamed = version == "1.0" and not hosts.strip("Host: \r\n")
    assert body["status-code"] == (200 if url or unnamed else 400)
    assert body["url"] == ("/runs?top=1" if unnamed else url)


def test_health(server: Server) -> None:
    """GET / answers with empty data, and is never cached."""
    answer = get(server, "/")
    assert answer.json()["data"] == {}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_performance_and_its_parts(server: Server) -> None:
    """The whole, a part by name, and a part by a dotted path."""
    whole = data(server, "/performance")
    assert set(whole) == {"overall", "class", "slices"}
    assert data(server, "/performance?filter=overall") == {"overall": whole["overall"]}
    assert data(server, "/performance?filter=class.cooking") == {
        "class.cooking": whole["class"]["cooking"]
    }
    assert data(server, "/performance?filter=overall.f1") == {"overall.f1": whole["overall"]["f1"]}


def test_params(server: Server) -> None:
    """All parameters with their JSON types, or one of them."""
    params = data(server, "/params")
    assert params["characters"] == [2, 6]
    assert isinstance(params["pairs"], bool)
    assert data(server, "/params/characters") == {"characters": [2, 6]}


def test_runs(server: Server, trained_home: TrainedHome) -> None:
    """Each run with what callers need to choose one; ``top`` bounds the list."""
    (run,) = data(server, "/runs")["runs"]
    assert run["run_id"] == trained_home.run_id
    assert run["promoted"] is run["served"] is True
    assert run["performance"] == {"overall": data(server, "/performance")["overall"]}
    assert run["params"] == data(server, "/params")
    assert data(server, "/runs?top=1") == data(server, "/runs")


@pytest.mark.parametrize("top", ["0", "-1", "x", "1.5", ""])
def test_a_senseless_top_is_one_fault_with_its_place(server: Server, top: str) -> None:
    """What is told is what a caller sent: the parameter's name, and nothing of the code within."""
    answer = get(server, f"/runs?top={top}")
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert fault["loc"] == ["query", "top"]
    told = "greater than or equal to 1" if top in {"0", "-1"} else "a valid integer"
    assert fault["msg"] == f"Input should be {told}"


@pytest.mark.parametrize("name", ["promoted", "latest", "by id"])
def test_one_run(server: Server, trained_home: TrainedHome, name: str) -> None:
    """A run whole, its performance and its params, by its id or as the promoted one.

    `latest` is BentoML's name for the same run, and means it on every path.
    """
    run_id = trained_home.run_id if name == "by id" else name
    run = data(server, f"/runs/{run_id}")
    assert run["run_id"] == trained_home.run_id
    assert run["tags"] == [tag["tag"] for tag in data(server, "/tags")["tags"]]
    assert run["data"]["rows"] == 250
    assert data(server, f"/runs/{run_id}/performance") == data(server, "/performance")
    assert data(server, f"/runs/{run_id}/performance?filter=overall")["overall"]
    assert data(server, f"/runs/{run_id}/params") == data(server, "/params")
    assert data(server, f"/runs/{run_id}/params/seed") == {"seed": 0}


def test_one_run_is_told_as_the_command_line_tells_it(
    server: Server, trained_home: TrainedHome
) -> None:
    """`show --json` and the API say the same of a run, thresholds included."""
    shown = run_python("-m", "tagger", "show", "--json", home=trained_home.path)
    run = data(server, f"/runs/{trained_home.run_id}")
    assert run == json.loads(shown.stdout)
    assert run["thresholds"] == {
        tag["tag"]: tag["threshold"] for tag in data(server, "/tags")["tags"]
    }


def test_tags(server: Server) -> None:
    """Each tag with the numbers that the performance has for it, and its threshold."""
    tags = data(server, "/tags")["tags"]
    by_tag = data(server, "/performance")["class"]
    assert {tag["tag"]: {name: tag[name] for name in by_tag[tag["tag"]]} for tag in tags} == by_tag
    assert data(server, "/tags/cooking") == next(tag for tag in tags if tag["tag"] == "cooking")


def test_predictions(server: Server, trained_home: TrainedHome) -> None:
    """Texts get their tags in order; scores belong to the tags and reach the tags' thresholds."""
    texts = [TEXT, {"title": "Skipper", "description": "Mainsail, rudder and halyard; the anchor."}]
    answer = predict(server, {"texts": texts})
    body = answer.json()["data"]
    assert body["run_id"] == answer.headers["X-Run-ID"] == trained_home.run_id
    first, second = body["predictions"]
    assert first["input_text"] == TEXT["text"]
    assert second["input_text"] == "Skipper. Mainsail, rudder and halyard; the anchor."
    assert first["predicted_tags"][0] == "cooking"
    assert second["predicted_tags"][0] == "sailing"
    thresholds = {tag["tag"]: tag["threshold"] for tag in data(server, "/tags")["tags"]}
    for found in (first, second):
        assert found["abstained"] is False
        assert "evidence" not in found
        assert [score["tag"] for score in found["scores"]] == found["predicted_tags"]
        for score in found["scores"]:
            assert score["score"] >= score["threshold"] == thresholds[score["tag"]]
            assert score["score"] == round(score["score"], 6)


def test_options(server: Server) -> None:
    """Threshold takes the place of every tag's own, top_k keeps the best, null is absent."""
    every = predict(server, {"texts": [TEXT], "threshold": 0}).json()["data"]["predictions"][0]
    assert len(every["predicted_tags"]) == 6
    assert {score["threshold"] for score in every["scores"]} == {0}
    values = [score["score"] for score in every["scores"]]
    assert values == sorted(values, reverse=True)
    best = predict(server, {"texts": [TEXT], "threshold": 0, "top_k": 2})
    assert best.json()["data"]["predictions"][0]["scores"] == every["scores"][:2]
    plain = predict(server, {"texts": [TEXT]}).json()["data"]
    absent = {"texts": [TEXT], "threshold": None, "top_k": None, "evidence": None}
    assert predict(server, absent).json()["data"] == plain


def test_evidence(server: Server) -> None:
    """Each predicted tag has the words that raised it, with their places in the text."""
    text = "\N{FIRE} Broth and onion \N{CROISSANT} with butter"
    found = predict(server, {"texts": [{"text": text}], "evidence": True})
    prediction = found.json()["data"]["predictions"][0]
    assert prediction["predicted_tags"] == ["cooking"]
    assert [entry["tag"] for entry in prediction["evidence"]] == ["cooking"]
    for entry in prediction["evidence"]:
        assert 0 < len(entry["words"]) <= 10
        for word in entry["words"]:
            assert word["contribution"] > 0
            assert word["spans"]
            for start, end in word["spans"]:
                assert text[start:end].lower() == word["text"].lower()


def test_abstaining(server: Server) -> None:
    """A text of unseen words gets no tags and a reason; an explicit threshold shows the scores."""
    unseen = {"text": "qwzx vbnk plmrt"}
    found = predict(server, {"texts": [unseen]}).json()["data"]["predictions"][0]
    assert found["abstained"] is True
    assert found["predicted_tags"] == []
    assert "seen in training" in found["reason"]
    shown = predict(server, {"texts": [unseen], "threshold": 0}).json()["data"]["predictions"][0]
    assert shown["abstained"] is True
    assert shown["predicted_tags"] == []
    assert len(shown["scores"]) == 6


def test_an_answer_does_not_depend_on_its_neighbours(server: Server) -> None:
    """A text alone and among 50 others has the same scores, to the last digit."""
    texts = [{"text": f"{TEXT['text']} {number}"} for number in range(50)]
    together = predict(server, {"texts": texts, "threshold": 0}).json()["data"]["predictions"]
    for text, found in zip(texts[:10], together[:10], strict=True):
        alone = predict(server, {"texts": [text], "threshold": 0}).json()["data"]
        assert alone["predictions"] == [found]


@pytest.mark.parametrize("run_id", ["promoted", "latest", "by id"])
def test_predictions_by_a_named_run(server: Server, trained_home: TrainedHome, run_id: str) -> None:
    """POST /runs/{run_id}/predict answers as POST /predict does when it is the same run."""
    name = trained_home.run_id if run_id == "by id" else run_id
    named = predict(server, {"texts": [TEXT]}, f"/runs/{name}/predict")
    assert named.json()["data"] == predict(server, {"texts": [TEXT]}).json()["data"]


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/performance?filter=overal", "Parts that exist: overall,"),
        ("/performance?filter=class.cookin", "Parts that exist: class.cooking,"),
        ("/performance?filter=class.", "Parts that exist: class."),
        ("/performance?filter=", "Parts that exist: overall,"),
        ("/performance?filter=overall.f1.all", "Parts that exist: overall.f1."),
        ("/performance?filter=cooking", "Parts that exist: class.cooking,"),
        ("/performance?filter=f1", "Parts that exist: overall.f1,"),
        ("/params/sed", "Params that exist: seed,"),
        ("/tags/sail", "Tags that exist: sailing,"),
        ("/tags/SAILING", "Tags that exist: sailing,"),
        ("/runs/nothing", "Runs that exist: "),
        ("/runs/nothing/performance", "Runs that exist: "),
        ("/run", "Paths that exist: /runs,"),
        ("/params/seed%2F", "Paths that exist: /params, /params/{param},"),
        ("/docs.json", "Paths that exist: /docs,"),
        ("/runs/20261130-185808-8bd1/tags", "Paths that exist: /runs/{run_id}/predict, /runs/"),
    ],
)
def test_unknown_things_are_404_and_name_what_exists(
    server: Server, path: str, nearest: str
) -> None:
    """A 404 says what there is, the nearest first; no redirect."""
    answer = requests.get(f"{server.url}{path}", allow_redirects=False, timeout=30)
    assert answer.status_code == 404
    assert nearest in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/runs/{}", "/tags/{}", "/params/{}", "/{}", "/assets/{}"])
def test_a_long_unknown_name_is_told_short(server: Server, path: str) -> None:
    """A 404 repeats the beginning of what was asked for; its url has all."""
    body = get(server, path.format("n" * 5_000)).json()
    assert "n" * 90 in body["detail"]
    assert "n" * 101 not in body["detail"]
    assert body["url"].endswith("n" * 5_000)


def test_wrong_methods_are_405_and_name_the_right_ones(server: Server) -> None:
    """A 405 has Allow, and says it in words."""
    answer = requests.delete(f"{server.url}/runs", timeout=30)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "Use GET or HEAD" in answer.json()["detail"]
    answer = get(server, "/predict")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "/runs", "/performance", "/docs", "/openapi.json", "/livez"])
def test_head_works_where_get_does(server: Server, path: str) -> None:
    """HEAD answers with GET's status and headers, and no body."""
    head = requests.head(f"{server.url}{path}", headers={"Accept-Encoding": ""}, timeout=30)
    full = get(server, path, **{"Accept-Encoding": ""})
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert head.headers.get(name) == full.headers.get(name)


@pytest.mark.parametrize("path", ["/runs", "/tags/cooking", "/docs", "/params/seed"])
def test_a_trailing_slash_answers_like_the_path_without(server: Server, path: str) -> None:
    """No redirect, no 404: the same answer."""
    plain, slashed = (
        requests.get(f"{server.url}{asked}", allow_redirects=False, timeout=30)
        for asked in (path, f"{path}/")
    )
    assert (slashed.status_code, slashed.headers["ETag"]) == (200, plain.headers["ETag"])


def test_predictions_with_a_trailing_slash(server: Server) -> None:
    """So do predictions, by any run."""
    body = {"texts": [TEXT]}
    for path in ("/predict", "/runs/promoted/predict"):
        plain, slashed = (predict(server, body, asked) for asked in (path, f"{path}/"))
        assert slashed.json()["data"] == plain.json()["data"]


def test_gzip_when_asked_for(server: Server) -> None:
    """Long answers are compressed for those who ask, refusals too; the content is the same."""
    many = {"texts": [TEXT] * 20, "threshold": 0}
    faulty = {"texts": [{"text": " "}] * 20}
    for method, path, body in (
        ("GET", "/runs/promoted", None),
        ("POST", "/predict", many),
        ("POST", "/predict", faulty),
    ):
        plain, small = (
            requests.request(
                method,
                f"{server.url}{path}",
                json=body,
                headers={"Accept-Encoding": coding},
                timeout=30,
            )
            for coding in ("identity", "gzip")
        )
        assert "Content-Encoding" not in plain.headers
        assert small.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in small.headers["Vary"]
        told = "detail" if body is faulty else "data"
        assert small.json()[told] == plain.json()[told]
    short = predict(server, {"texts": [TEXT]})
    assert "gzip" in short.request.headers["Accept-Encoding"]
    assert "Content-Encoding" not in short.headers


@pytest.mark.parametrize(
    ("coding", "compressed"),
    [
        ("br, gzip;q=0.5", True),
        ("deflate, gzip; q=1.0, *;q=0.5", True),
        ("gzip;q=0.001", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("GZIP;Q=0, br", False),
        ("gzip ; q = 0.000, br", False),
        ("deflate", False),
    ],
)
def test_gzip_by_weight(server: Server, coding: str, *, compressed: bool) -> None:
    """A weight of nothing refuses it, any other asks for it; on every path."""
    many = {"texts": [TEXT] * 20}
    headers = {"Accept-Encoding": coding}
    for answer in (
        get(server, "/runs/promoted", **headers),
        requests.post(f"{server.url}/predict", json=many, headers=headers, timeout=30),
    ):
        assert (answer.headers.get("Content-Encoding") == "gzip") is compressed


def test_etags(server: Server) -> None:
    """An unchanged resource is a 304 for whoever has it, and asks; ETags differ by content."""
    first = get(server, "/performance")
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"
    assert tag.startswith('W/"')
    for known in (tag, tag.removeprefix("W/"), "*", f'"other", {tag}'):
        again = get(server, "/performance", **{"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == "no-cache"
        assert again.headers["Vary"] == "Accept-Encoding"
    head = 'GET /performance HTTP/1.1\r\nHost: x\r\nIf-None-Match: "other"\r\n'
    twice = f"{head}If-None-Match: {tag}\r\nConnection: close\r\n\r\n"
    assert server.send_raw(twice.encode()).startswith(b"HTTP/1.1 304 ")
    part = get(server, "/performance?filter=overall", **{"If-None-Match": tag})
    assert part.status_code == 200
    assert part.headers["ETag"] != tag


def test_request_ids(server: Server) -> None:
    """Every answer has an id: the caller's if it is short visible ASCII, else a new one."""
    for path in ("/", "/nowhere", "/livez", "/docs", "/metrics"):
        assert get(server, path, **{"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"
    made = {get(server, "/").headers["X-Request-ID"] for _ in range(20)}
    assert len(made) == 20
    for bad in ("x" * 129, "two words", "caf\xe9"):
        given = get(server, "/", **{"X-Request-ID": bad})
        assert re.fullmatch(r"[0-9a-f-]+", given.headers["X-Request-ID"])
    assert predict(server, {"texts": [TEXT]}).headers["X-Request-ID"]
    assert predict(server, {"texts": []}).headers["X-Request-ID"]


def test_pages_need_no_network(server: Server) -> None:
    """The documentation pages and their files come from here, and may load nothing else."""
    for page in ("/docs", "/redoc"):
        answer = get(server, page)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Tagline" in answer.text
        files = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        assert len(files) > 1
        for file in files:
            if not file.startswith("https://redocly"):
                assert get(server, file).status_code == 200
    assert "BentoML" not in get(server, "/docs").text


def test_no_cross_origin_calls_unless_set(server: Server) -> None:
    """Without the setting no origin is allowed."""
    assert not [
        name
        for name in get(server, "/", Origin="https://example.org").headers
        if name.lower().startswith("access-control")
    ]
