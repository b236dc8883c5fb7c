"""The make targets do what the README says, from the environment that `make test` made."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

from load_tests.running import free_port
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server, environment, run_command, wait_until_ready


def make(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run make to its end."""
    return run_command("make", *arguments, home=home)


@contextmanager
def make_serve(home: Path, log: Path) -> Iterator[Server]:
    """Run `make serve` on a port of its own; end it as Ctrl-C does."""
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "serve", f"PORT={port}"],
            cwd=PROJECT,
            env=environment(home),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_until_ready(server.url, process, log)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def test_a_bare_make_lists_every_target(tmp_path: Path) -> None:
    """Each target that a person may type stands in the list, with a line that says what it does."""
    listed = make(home=tmp_path)
    assert listed.returncode == 0
    named = set(re.findall(r"^  make ([a-z-]+) +\S", listed.stdout, re.MULTILINE))
    phony = set(re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert named == phony
    assert {"serve", "test", "setup", "dev", "train", "bento", "load", "lint", "clean"} <= named


def test_make_serve_trains_once_then_serves(tmp_path: Path) -> None:
    """On an empty store it trains, serves and names the addresses; again, it trains nothing.

    Ctrl-C ends it without a traceback and leaves no process behind.
    """
    home = tmp_path / "home"
    served = []
    for start in ("first", "second"):
        log = tmp_path / start
        with make_serve(home, log) as server:
            group = psutil.Process(server.process.pid).children(recursive=True)
            answer = requests.get(f"{server.url}/runs", timeout=10).json()
            served.append([run["run_id"] for run in answer["data"]["runs"]])
        _, alive = psutil.wait_procs(group, timeout=10)
        assert alive == []
        said = log.read_text()
        assert "Traceback" not in said
        for page in ("/ui", "/docs"):
            assert f"{server.url}{page}" in said
        assert ("Fit" in said) == (start == "first")
    assert served[0] == served[1]
    assert len(served[0]) == 1


def test_make_serve_heeds_the_setting_of_workers(tmp_path: Path) -> None:
    """TAGLINE_WORKERS counts, as each setting does, unless WORKERS= says otherwise."""
    for said, workers in (((), 1), (("TAGLINE_WORKERS=2",), 2), (("WORKERS=3",), 3)):
        shown = make("--dry-run", "serve", *said, home=tmp_path).stdout
        assert f"TAGLINE_WORKERS={workers} exec" in shown


def test_make_train_takes_a_table(tmp_path: Path) -> None:
    """`make train DATA=table` trains on that table, with the options it is given."""
    done = make("train", "DATA=tests/table.csv", "OPTIONS=--json", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["source"].endswith("table.csv")


def test_make_bento_builds_one(trained_home: TrainedHome) -> None:
    """`make bento` leaves a Bento in the store, which BentoML's own commands know.

    Where the store holds no run, it trains a first one, as `make serve` does.
    """
    assert "training train --if-empty" in make("--dry-run", "bento", home=trained_home.path).stdout
    done = make("bento", home=trained_home.path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (trained_home.path / "bentos" / "tagline" / "latest").exists()


def test_make_load_drives_a_server_and_judges_it(server: Server, tmp_path: Path) -> None:
    """`make load TARGET=url` sends checked requests; one wrong status would make it fail.

    How soon the answers come is the machine's affair: other tests run beside this one.
    """
    done = make("load", f"TARGET={server.url}", "OPTIONS=--seconds 8 --users 10", home=tmp_path)
    told = done.stdout + done.stderr
    assert done.returncode == 0 or " ms are promised." in told, told
    assert "requests failed" not in told
    assert "answers were wrong" not in told
    assert "no answer came" not in told
    assert "form: 1 text" in told


def test_make_load_fails_where_answers_do(tmp_path: Path) -> None:
    """Against an address where nobody answers, `make load` does not end with 0."""
    target = f"http://127.0.0.1:{free_port()}"
    done = make("load", f"TARGET={target}", "OPTIONS=--seconds 2 --users 2", home=tmp_path)
    assert done.returncode != 0


def test_clean_removes_all_that_is_built_but_the_store(tmp_path: Path) -> None:
    """What git ignores is built, or a cache; runs and reports on them are somebody's work."""
    told = make("--dry-run", "clean", home=tmp_path).stdout
    ignored = {line.strip("/") for line in (PROJECT / ".gitignore").read_text().splitlines()}
    kept = {name for name in ignored if name not in told}
    assert kept == {".bentoml", "report-*.html", "*.pyc"}, "*.pyc stand in __pycache__"


def test_activate_leads_bentoml_to_this_store() -> None:
    """After `source .venv/bin/activate`, bentoml's commands use the project's store."""
    done = subprocess.run(
        ["bash", "-c", "source .venv/bin/activate && echo $BENTOML_HOME"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(PROJECT / ".bentoml")
