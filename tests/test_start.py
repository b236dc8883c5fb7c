"""A server starts with what it needs or ends with one sentence that says what is missing."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from app.own_process import in_own_process
from load_tests.running import free_port
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server, run_command, run_python

SERVE = ("-m", "bentoml", "serve", "--host", "127.0.0.1", "--port")


def try_to_serve(
    home: Path, port: int | None = None, /, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `bentoml serve` where it must end by itself."""
    return run_python(*SERVE, str(port or free_port()), home=home, **settings)


def check_refusal(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that it ended with status 1 and these words, and without a traceback."""
    told = ended.stdout + ended.stderr
    assert ended.returncode == 1, told
    assert "Traceback" not in told
    for word in words:
        assert word in told


def test_an_empty_store(tmp_path: Path) -> None:
    """The command that fills it, status 1."""
    check_refusal(try_to_serve(tmp_path), "no run", "python -m training train")


def test_no_bentoml_home(tmp_path: Path) -> None:
    """Rather than serve from another store: the command that is missing."""
    unset = ("env", "--unset", "BENTOML_HOME", f"HOME={tmp_path}", sys.executable)
    ended = run_command(*unset, *SERVE, str(free_port()), home=tmp_path)
    check_refusal(ended, "source .venv/bin/activate", "make setup")
    assert not list(tmp_path.rglob("tagline"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TAGLINE_RUN", "nothing", "There is no run 'nothing'"),
        ("TAGLINE_MAX_TEXT", "5", "The nearest is TAGLINE_MAX_TEXTS"),
        ("TAGLINE_STORE", "models", "give the folder's absolute path"),
        ("TAGLINE_STORE", str(PROJECT), "Name the folder models of a BENTOML_HOME"),
        ("TAGLINE_max_texts", "5", "The nearest is TAGLINE_MAX_TEXTS"),
        ("TAGLINE_WORKERS", "none", "TAGLINE_WORKERS='none'"),
        ("TAGLINE_BATCH_MILLISECONDS", "inf", "finite"),
        ("TAGLINE_MAX_TEXTS", "9" * 20, "less than or equal to 9007199254740992"),
        ("TAGLINE_MAX_BODY_BYTES", "1000", "greater than or equal to 1024"),
        ("TAGLINE_CORS_ORIGINS", "https://forms.example/", "without a path"),
        ("TAGLINE_CORS_ORIGINS", "null, https://*.example", "'https://*.example'"),
        ("TAGLINE_QUEUE_TEXTS", "10", "the largest request could never be answered"),
    ],
)
def test_settings_that_make_no_sense(
    trained_home: TrainedHome, tmp_path: Path, name: str, value: str, words: str
) -> None:
    """Which setting, and why."""
    check_refusal(try_to_serve(trained_home.copied(tmp_path), **{name: value}), words)


def test_a_port_that_is_taken(trained_home: TrainedHome, tmp_path: Path) -> None:
    """Which address, why, and what to do."""
    with socket.create_server(("127.0.0.1", free_port())) as other:
        port = other.getsockname()[1]
        ended = try_to_serve(trained_home.copied(tmp_path), port)
    check_refusal(ended, f"127.0.0.1:{port}: Address already in use", "--port")


def test_a_damaged_run(trained_home: TrainedHome, tmp_path: Path) -> None:
    """A run whose files are not as they were written does not serve."""
    damaged = trained_home.copied(tmp_path)
    for path in damaged.rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    check_refusal(try_to_serve(damaged), "is not the file that was written")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"TAGLINE_WORKERS": "none"}, "TAGLINE_WORKERS='none'"),
        ({"TAGLINE_RUN": "nothing"}, "There is no run 'nothing'"),
        ({"BENTOML_CONFIG_OPTIONS": "services.tagline.traffic.timeout=3"}, "TAGLINE_TIMEOUT"),
        ({}, "Address already in use"),
    ],
)
def test_a_refusal_is_a_line_as_all_others(
    trained_home: TrainedHome, tmp_path: Path, setting: dict[str, str], words: str
) -> None:
    """Where logs are JSON lines, why a start was refused is one too, whoever refused it."""
    with socket.create_server(("127.0.0.1", free_port())) as other:
        port = other.getsockname()[1]
        json_lines = {"TAGLINE_LOG_FORMAT": "json"}
        ended = try_to_serve(trained_home.copied(tmp_path), port, **setting, **json_lines)
    assert ended.returncode == 1
    line = json.loads(ended.stderr)
    assert words in line["message"]
    assert line.keys() == {"time", "level", "logger", "message"}


def test_a_check_that_is_killed() -> None:
    """Its signal is told in the status, as a shell would, and nothing goes on."""
    with pytest.raises(SystemExit) as ended:
        in_own_process(lambda: os.kill(os.getpid(), signal.SIGKILL), sys.exit)
    assert ended.value.code == 128 + signal.SIGKILL


def test_the_supervisor_holds_nothing_that_its_check_loaded() -> None:
    """What the check takes is taken in another process."""
    seen: list[int] = []
    in_own_process(lambda: seen.append(1), sys.exit)
    assert not seen


@pytest.mark.parametrize("setting", ["traffic.max_concurrency=5", "traffic.timeout=3"])
def test_limits_of_bentoml_that_would_not_be_kept(
    trained_home: TrainedHome, tmp_path: Path, setting: str
) -> None:
    """BentoML's own limits do not reach predictions, so they are refused, not ignored."""
    ended = try_to_serve(
        trained_home.copied(tmp_path), BENTOML_CONFIG_OPTIONS=f"services.tagline.{setting}"
    )
    check_refusal(ended, "TAGLINE_")


def test_the_welcome_names_an_address_that_answers(
    trained_home: TrainedHome, tmp_path: Path
) -> None:
    """Of IPv6 too, where a browser wants brackets. A setting that is empty is none."""
    empty = {"TAGLINE_RUN": "", "TAGLINE_WORKERS": "", "TAGLINE_DRAIN_SECONDS": ""}
    with trained_home.served(tmp_path, host="::1", **empty) as server:
        told = re.search(r"Open (\S+/ui) .* (\S+/docs) ", server.log.read_text())
        assert told
        for page in told.groups():
            assert requests.get(page, timeout=30).ok


def test_it_serves_over_tls_and_says_so(
    trained_home: TrainedHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By BentoML's own options; a long answer comes whole, and the welcome says https."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    run_command(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
        *("-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"),
        *("-out", str(certificate), "-keyout", str(key)),
        home=tmp_path,
    ).check_returncode()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    options = ("--ssl-certfile", str(certificate), "--ssl-keyfile", str(key))
    with trained_home.served(tmp_path, options=options) as server:
        assert f"Open {server.url}/ui" in server.log.read_text()
        texts = [{"text": f"The number {number} of a thousand"} for number in range(1_000)]
        answer = requests.post(f"{server.url}/predict", json={"texts": texts}, timeout=60).json()
    assert answer["url"] == f"{server.url}/predict"
    assert [each["input_text"] for each in answer["data"]["predictions"]] == [
        each["text"] for each in texts
    ]


def test_workers_run_on_uvloop_and_httptools(server: Server) -> None:
    """BentoML asks for neither, and without them the server is half as fast."""
    assert server.metric('tagline_worker_info{loop="uvloop",protocol="HttpToolsProtocol"}') == 1


def test_more_connections_than_files_are_allowed_at_first(
    trained_home: TrainedHome, tmp_path: Path
) -> None:
    """A server raises its limit of open files, beyond which uvloop closes what comes at once."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = 256
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    try:
        with trained_home.served(tmp_path) as server, ExitStack() as open_ones:
            resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
            for _ in range(few):
                caller = open_ones.enter_context(server.connect())
            caller.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert caller.recv(1_024).startswith(b"HTTP/1.1 200")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
