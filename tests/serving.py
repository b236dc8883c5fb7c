"""Real servers for tests: `bentoml serve` in a process of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from load_tests.running import free_port
from tests.forked import COMMANDS, run_forked

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 180
"""`make serve` trains first, on a machine that may be busy."""
STOP_SECONDS = 30
COMMAND_SECONDS = 280


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give the environment of a command whose store is ``home``, free of a caller's settings."""
    # Under `make test`, a make of ours would take itself for a part of that one.
    ours = ("TAGLINE_", "MAKE", "MFLAGS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return (
        inherited
        | {
            "BENTOML_HOME": str(home),
            "BENTOML_DO_NOT_TRACK": "true",
            "OMP_NUM_THREADS": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', '')}",
        }
        | more
    )


def run_command(
    *command: str,
    home: Path,
    stdin: str | None = None,
    folder: str | Path = PROJECT,
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end, on the store ``home``; its status is not checked.

    ``more`` are variables of its environment.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(home, **more),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )


def run_python(
    *arguments: str, home: Path, stdin: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python ARGUMENTS`` in the project folder, as `run_command` does."""
    for_python = any(name.startswith("PYTHON") for name in more)
    if arguments[0] == "-m" and arguments[1] in COMMANDS and not for_python:
        return run_forked(
            *arguments[1:],
            folder=PROJECT,
            environment=environment(home, **more),
            stdin=stdin,
            timeout=COMMAND_SECONDS,
        )
    return run_command(sys.executable, *arguments, home=home, stdin=stdin, **more)


@dataclass(frozen=True)
class Server:
    """A server that answers, and the process to signal."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def connect(self) -> socket.socket:
        """Connect, to send bytes of one's own making."""
        address = urlsplit(self.url)
        return socket.create_connection((address.hostname, address.port), timeout=30)

    def send_raw(self, sent: bytes) -> bytes:
        """Send bytes of one's own making, and read until the server closes."""
        with self.connect() as connection:
            connection.sendall(sent)
            return rest_of(connection)

    def metric(self, series: str) -> float:
        """Ask for the metrics, and sum those whose name and labels begin so."""
        lines = requests.get(f"{self.url}/metrics", timeout=60).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))

    def workers(self) -> list[psutil.Process]:
        """Give the processes that answer."""
        return psutil.Process(self.process.pid).children()

    def wait_for_workers(self, number: int) -> None:
        """Ask for readiness until so many workers have been asked."""
        while self.metric("tagline_ready_workers ") != number:
            assert requests.get(f"{self.url}/readyz", timeout=60).status_code == 200

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal, wait for the end and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


def rest_of(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def shown_on(terminal: int) -> str:
    """Read what a terminal shows until its last writer ends, and close it."""
    shown = b""
    with suppress(OSError):  # how Linux tells the end
        while part := os.read(terminal, 65_536):
            shown += part
    os.close(terminal)
    return shown.decode()


def wait_until_ready(url: str, process: subprocess.Popen[str], log: Path) -> None:
    """Ask ``/readyz`` until it answers 200; say what the server logged if it never does."""
    patient = Retry(total=5, backoff_factor=0.1, backoff_max=0.2, status_forcelist=[503])
    with requests.Session() as session:
        session.mount(url, HTTPAdapter(max_retries=patient))
        for _ in range(START_SECONDS):
            if process.poll() is not None:
                break
            with suppress(requests.RequestException):
                session.get(f"{url}/readyz", timeout=5).raise_for_status()
                return
    process.kill()
    process.wait(STOP_SECONDS)
    raise AssertionError(f"The server did not become ready.\n{log.read_text()}")


@contextmanager
def serve(
    home: Path,
    log: Path,
    *,
    bento: str = ".",
    folder: Path = PROJECT,
    host: str = "127.0.0.1",
    options: Sequence[str] = (),
    **settings: str,
) -> Iterator[Server]:
    """Serve the project, or a Bento by name, on the store ``home``; stop it after.

    ``options`` are more of `bentoml serve`, ``settings`` variables of its environment.
    """
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bentoml", "serve", bento),
                *("--host", host, "--port", str(port), *options),
            ],
            cwd=folder,
            env=environment(home, **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    place = f"[{host}]" if ":" in host else host
    scheme = "https" if "--ssl-certfile" in options else "http"
    server = Server(f"{scheme}://{place}:{port}", process, log)
    try:
        wait_until_ready(server.url, process, log)
        yield server
    finally:
        try:
            server.stop()
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
