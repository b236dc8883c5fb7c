"""A server that is told to stop answers what it was asked, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from bentoml._internal.utils import circus

from app import bento
from app.operations import NOT_READY
from app.stopping import Stopping
from load_tests.running import free_port
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server, environment, shown_on, wait_until_ready

CALLERS = 16
BODY = json.dumps({"texts": [{"text": "onion broth with butter"}]})
LONG = {"texts": [{"text": f"onion broth {number}"} for number in range(1_000)], "evidence": True}


def call_until_told(url: str, begun: threading.Barrier) -> int:
    """Ask over one connection, again and again, until an answer says to close it; count answers."""
    address = urlsplit(url)
    assert address.hostname
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    answers = 0
    while True:
        connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        answers += 1
        if answers == 1:
            begun.wait(30)
        if answer.headers.get("Connection") == "close":
            return answers


def test_sigterm_under_load_loses_no_request(trained_home: TrainedHome, tmp_path: Path) -> None:
    """After SIGTERM readiness is false, answers go on and say to close, and the end is status 0."""
    with trained_home.served(tmp_path, TAGLINE_DRAIN_SECONDS="3") as server:
        begun = threading.Barrier(CALLERS + 1)
        with ThreadPoolExecutor(CALLERS) as callers:
            calls = [callers.submit(call_until_told, server.url, begun) for _ in range(CALLERS)]
            begun.wait(30)
            server.process.send_signal(signal.SIGTERM)
            assert all(call.result(30) >= 1 for call in calls)
            not_ready = requests.get(f"{server.url}/readyz", timeout=30)
            assert (not_ready.status_code, not_ready.text) == (503, NOT_READY)
            assert requests.get(f"{server.url}/livez", timeout=30).status_code == 200
        assert server.process.wait(30) == 0
    check_end(server)


def check_end(server: Server) -> None:
    """Check that no process is left, and that the log holds no traceback."""
    with pytest.raises(ProcessLookupError):
        os.killpg(server.process.pid, 0)
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "Aborted" not in log


def ask_for_long(server: Server, answered: ThreadPoolExecutor) -> Future[requests.Response]:
    """Send a request that takes a while, and return once the server is at it."""
    call = answered.submit(requests.post, f"{server.url}/predict", json=LONG, timeout=60)
    at_work = 'bentoml_service_request_in_progress{endpoint="/predict"'
    while not call.done() and not server.metric(at_work):
        pass
    return call


@pytest.mark.parametrize(
    "numbers",
    [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM], [signal.SIGTERM, signal.SIGINT]],
)
def test_what_is_in_flight_is_answered(
    trained_home: TrainedHome, tmp_path: Path, numbers: list[signal.Signals]
) -> None:
    """A request in flight is answered whichever signals come, and nothing is left behind."""
    with (
        trained_home.served(tmp_path, TAGLINE_DRAIN_SECONDS="0.2") as server,
        ThreadPoolExecutor(1) as caller,
    ):
        call = ask_for_long(server, caller)
        for number in numbers:
            os.killpg(server.process.pid, number)  # as a terminal does it
        answer = call.result(30)
        assert answer.status_code == 200
        assert len(answer.json()["data"]["predictions"]) == 1_000
        assert server.process.wait(15) == 0
    check_end(server)


@pytest.mark.parametrize("starting", [False, True])
def test_a_killed_supervisor_leaves_no_worker(
    trained_home: TrainedHome, tmp_path: Path, *, starting: bool
) -> None:
    """When the supervisor is killed its workers end and free the port, even one about to start."""
    with trained_home.served(tmp_path, TAGLINE_DRAIN_SECONDS="0") as server:
        (worker,) = server.workers()
        if starting:
            worker.kill()
            while (found := server.workers()) in ([], [worker]):
                pass
            (worker,) = found
        server.process.kill()
        worker.wait(30)
    assert "Start the server anew." in server.log.read_text()
    check_end(server)


@pytest.mark.parametrize(
    ("seconds", "options"), [("1", ()), ("600", ("--timeout-graceful-shutdown", "1"))]
)
def test_a_caller_who_does_not_read_keeps_no_worker(
    trained_home: TrainedHome, tmp_path: Path, seconds: str, options: tuple[str, ...]
) -> None:
    """A caller who reads no answer is waited for five seconds longer than a request may take.

    Or for as long as BentoML's own option says.
    """
    settings = {"TAGLINE_DRAIN_SECONDS": "0", "TAGLINE_TIMEOUT_SECONDS": seconds}
    with trained_home.served(tmp_path, options=options, **settings) as server:
        address = urlsplit(server.url)
        asks = f"GET /assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n"
        with socket.create_connection((address.hostname, address.port)) as deaf:
            deaf.sendall(asks.encode() * 50)
            assert deaf.recv(1)
            assert server.stop() == 0


@pytest.mark.parametrize(
    ("pause", "numbers", "told"),
    [
        (60, [signal.SIGTERM], []),
        (60, [signal.SIGINT], [signal.SIGTERM]),
        (60, [signal.SIGTERM, signal.SIGTERM], [signal.SIGTERM]),
        (60, [signal.SIGTERM, signal.SIGINT], [signal.SIGTERM]),
        (0, [signal.SIGTERM, signal.SIGTERM], [signal.SIGTERM]),
    ],
)
def test_a_second_signal_ends_the_pause(
    pause: float, numbers: list[signal.Signals], told: list[signal.Signals]
) -> None:
    """Uvicorn is told once to stop: after the pause, at a second signal, or at SIGINT."""
    heard: list[int] = []

    async def story() -> None:
        stopping = Stopping(pause, rest_seconds=1, supervisor=os.getppid())
        stopping.install()
        for number in numbers:
            signal.raise_signal(number)
            await asyncio.sleep(0.05)
            assert stopping.draining

    both = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda number, _: heard.append(number)) for number in both]
    try:
        asyncio.run(story())
    finally:
        for number, handler in zip(both, before, strict=True):
            signal.signal(number, handler)
    assert heard == told


def test_a_killed_worker_is_replaced(trained_home: TrainedHome, tmp_path: Path) -> None:
    """Of two workers one is killed: the other goes on, another takes its place, the log tells."""
    with trained_home.served(tmp_path, TAGLINE_WORKERS="2") as server:
        server.wait_for_workers(2)
        victim, other = server.workers()
        victim.kill()
        psutil.wait_procs([victim], 10)
        while f"Process {victim.pid} ended without being told to" not in server.log.read_text():
            assert requests.get(f"{server.url}/livez", timeout=60).status_code == 200
        server.wait_for_workers(2)
        after = server.workers()
        assert len(after) == 2
        assert other in after
        assert victim not in after


def test_a_lone_worker_that_is_killed_loses_no_request_to_come(
    trained_home: TrainedHome, tmp_path: Path
) -> None:
    """Requests that come while a killed worker is replaced wait at the port and are answered."""
    with trained_home.served(tmp_path) as server:
        (victim,) = server.workers()
        victim.kill()
        psutil.wait_procs([victim], 10)
        answer = requests.get(f"{server.url}/performance", timeout=60)
        assert answer.status_code == 200
        assert server.workers() != [victim]
        assert requests.get(f"{server.url}/readyz", timeout=60).status_code == 200
        assert server.metric("tagline_ready_workers ") == 1  # the dead one's series are gone


def test_a_worker_that_is_started_anew_leaves_no_trace(
    trained_home: TrainedHome, tmp_path: Path
) -> None:
    """A restart of workers, as `make dev` does at each change, logs nothing that looks wrong.

    Where nothing is set and no terminal is, a worker gives balancers two seconds.
    """
    with trained_home.served(tmp_path) as server:
        (before,) = server.workers()
        server.process.send_signal(signal.SIGHUP)
        psutil.wait_procs([before], 30)
        wait_until_ready(server.url, server.process, server.log)
        assert server.metric("tagline_ready_workers ") == 1
    check_end(server)
    log = server.log.read_text()
    assert "ended without being told to" not in log
    assert "Draining: 2.0 s" in log


def test_the_supervisor_looks_as_often_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """BentoML has the class that is replaced, and its supervisor looks as often as it is told."""
    monkeypatch.setattr(circus, "Arbiter", circus.Arbiter)
    bento.supervise(0.5, sys.exit)
    assert circus.create_standalone_arbiter([]).check_delay == 0.5


def test_a_terminal_needs_no_pause(trained_home: TrainedHome, tmp_path: Path) -> None:
    """In a terminal Ctrl-C ends the server without the pause that load balancers need."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bentoml", "serve", "--port", str(port := free_port())],
        cwd=PROJECT,
        env=environment(trained_home.copied(tmp_path)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        text=True,
    )
    os.close(theirs)
    (log := tmp_path / "log").touch()
    wait_until_ready(f"http://127.0.0.1:{port}", process, log)
    os.killpg(process.pid, signal.SIGINT)
    told = shown_on(ours)
    assert process.wait(30) == 0
    assert "Draining" not in told
    assert "Traceback" not in told
