"""The load test tells the truth: a wrong answer is caught, and a right one is not called wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from load_tests.faults import ServedRun, fault_of_prediction
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server, run_python, serve
from tests.wrong_servers import (
    MUTANTS,
    MUTANTS_OF_OPTIONS,
    RUN,
    EachMutant,
    Hollow,
    Other,
    Silent,
    Single,
    Stub,
    Unlimited,
    Unsure,
    answering,
)


def drive(url: str, home: Path, *more: str) -> tuple[int, str]:
    """Let ten users loose on a server for a few seconds."""
    done = run_python(
        *("-m", "load_tests", "--target", url, "--users", "10", "--seconds", "4", *more), home=home
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
    with answering(Unsure) as url:
        done = run_python(
            *("-m", "locust", "-f", f"{slow},load_tests/users.py", "--host", url),
            *("--headless", "--users", "10", "--spawn-rate", "10", "--run-time", "1s"),
            home=tmp_path,
        )
    assert "answers were wrong" in done.stderr


def test_every_wrong_answer_is_caught(tmp_path: Path) -> None:
    """Whatever is wrong in an answer of status 200 is told, and ends the load test with 1."""
    table = tmp_path / "one.csv"
    table.write_text("text\nA text that is sent again and again\n")
    with answering(EachMutant) as url:
        status, output = drive(url, tmp_path, "--texts", str(table))
    assert status == 1, output
    assert "answers were wrong; none may be." in output
    told = MUTANTS.keys() | MUTANTS_OF_OPTIONS.keys()
    assert not {sentence for sentence in told if sentence not in output}, output


def test_what_readers_read_is_looked_at(tmp_path: Path) -> None:
    """A status of 200 is not enough: a page is one, and a list has something in it."""
    with answering(Hollow) as url:
        done = run_python(
            *("-m", "locust", "-f", "load_tests/users.py", "Reader", "--host", url),
            *("--headless", "--users", "20", "--spawn-rate", "20", "--run-time", "5s"),
            home=tmp_path,
        )
    assert "wrong answer: /docs is no page" in done.stderr
    assert "wrong answer: /tags lacks ['tags']" in done.stderr


def test_an_answer_that_never_comes_has_failed(tmp_path: Path) -> None:
    """Also where a run is over before users lose their patience."""
    with answering(Silent) as url:
        status, output = drive(url, tmp_path)
        Silent.ended.set()
    assert status == 1, output
    assert "POST form: 1 text: RetriesExceeded" in output, output
    assert "timed out" in output


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"text": "onion"}, False),
        ({"spans": [[0, 5], [9, 99]]}, False),
        ({"contribution": -0.1}, False),
    ],
)
def test_evidence_is_of_the_text(change: dict[str, object], *, fits: bool) -> None:
    """Its words stand where it says, wherever that is, and have raised the score."""
    word = {"text": "Onion", "contribution": 0.1, "spans": [[0, 5], [6, 11]], **change}
    prediction = {
        "input_text": "Onion onion",
        "predicted_tags": ["known"],
        "scores": [{"tag": "known", "score": 0.9, "threshold": 0.5}],
        "abstained": False,
        "evidence": [{"tag": "known", "words": [word]}],
    }
    run = ServedRun(RUN, "multi", {"known": 0.5})
    fault = fault_of_prediction(prediction, run, {"evidence": True})
    assert fault == (None if fits else "evidence that does not fit")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("body\nonion\n", "has no column 'text', nor 'title' and 'description'"),
        ("text,id\n,1\n", "holds no text"),
        ("text\n", "holds no text"),
    ],
)
def test_texts_that_cannot_be_drawn_from_are_refused(
    tmp_path: Path, content: str, said: str
) -> None:
    """In a sentence, before any user starts: who has nothing to send finds nothing wrong."""
    table = tmp_path / "texts.csv"
    table.write_text(content)
    done = run_python("-m", "load_tests", "--texts", str(table), home=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("handler", "caught"), [(Unsure, True), (Single, False)])
def test_the_best_tag_alone_needs_no_threshold(
    tmp_path: Path, *, handler: type[Stub], caught: bool
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
    with answering(Other) as other, answering(Stub) as right:
        for target in ("http://127.0.0.1:9", "localhost:3000", other, f"{right}/?a=1"):
            done = run_python("-m", "load_tests", "--target", target, home=tmp_path)
            assert done.returncode == 2
            assert f"No Tagline answers at {target}" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("handler", "users", "absent"),
    [(Unlimited, "10", "form: 1 text"), (Single, "5", "importer: 1,000 texts")],
    ids=["no user could start", "too few for every kind"],
)
def test_an_objective_that_nobody_asked_for_is_missed(
    tmp_path: Path, handler: type[Stub], users: str, absent: str
) -> None:
    """What was not measured was not kept."""
    with answering(handler) as url:
        status, output = drive(url, tmp_path, "--users", users)
    assert status == 1, output
    assert f"{absent}: no answer came" in output
    assert "Every objective" not in output


def test_a_load_test_that_is_cut_off_is_no_verdict(tmp_path: Path) -> None:
    """Ctrl-C in the midst of it ends with 1, and does not say that objectives were kept."""
    with (
        answering(Single) as url,
        subprocess.Popen(
            [sys.executable, "-m", "load_tests", "--target", url, "--seconds", "600"],
            cwd=PROJECT,
            env={**os.environ, "BENTOML_HOME": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that the signal reaches it alone, and all of it
        ) as run,
    ):
        assert run.stderr is not None
        next(line for line in run.stderr if "All users spawned" in line)
        os.killpg(run.pid, signal.SIGINT)
        output = run.stderr.read()
    assert run.returncode == 1, output
    assert "Cut off before its end" in output
    assert "Every objective" not in output


def test_right_answers_are_not_called_wrong(server: Server, tmp_path: Path) -> None:
    """No answer of the real server is called wrong, whoever asks."""
    # Written when it is first asked for, which on a busy machine took the users all of their time.
    requests.get(f"{server.url}/openapi.json", timeout=60)
    _, output = drive(f"{server.url}/", tmp_path)  # as a browser shows it
    assert "answers were wrong" not in output, output
    assert "requests failed" not in output, output
    assert "form: 1 text" in output, output
