"""`python -m load_tests`: drive a server with the users of `users.py` and judge it by `slo.py`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click
import requests

from load_tests.results import PROJECT, RESULTS
from load_tests.running import running
from load_tests.subjects import Ground, tagline
from load_tests.texts import read_texts
from tagger.console import Refusing

REPORT = RESULTS / "load.html"
AT_LEAST_ONE = click.IntRange(min=1)


@contextmanager
def own_server() -> Iterator[str]:
    """Serve the project's store, with a first run if it has none, and give the address."""
    subprocess.run(
        [sys.executable, "-m", "training", "train", "--if-empty"], cwd=PROJECT, check=True
    )
    with tempfile.TemporaryDirectory() as folder:
        subject = tagline(Ground.of_home(Path(folder)), cores="")
        with running(subject) as server:
            yield server.root


def refuse_other(target: str) -> None:
    """Refuse an address at which no Tagline answers: the users would go on asking there."""
    try:
        answer = requests.get(f"{target}/runs", timeout=5)
        answer.raise_for_status()
        answer.json()["data"]["runs"]
    except (requests.RequestException, LookupError, TypeError) as fault:
        raise click.BadParameter(
            f"No Tagline answers at {target}. Give an address such as http://127.0.0.1:3000.",
            param_hint="--target",
        ) from fault


def run_locust(
    target: str, *, users: int, seconds: int, ramp: bool, web: bool, texts: Path | None
) -> int:
    """Run locust in a process of its own and return its exit status."""
    files = "load_tests/users.py,load_tests/ramp.py" if ramp else "load_tests/users.py"
    command = [sys.executable, "-m", "locust", "-f", files, "--host", target]
    # What is under way at the end is waited for, or an answer that never comes would not count.
    command += ["--stop-timeout", "15"]
    if not ramp:
        command += ["--users", str(users), "--spawn-rate", str(users)]
    if web:
        command += ["--web-host", "127.0.0.1"]
    else:
        REPORT.unlink(missing_ok=True)
        command += ["--headless", "--only-summary", "--html", str(REPORT)]
    if not (ramp or web):
        command += ["--run-time", f"{seconds}s"]
    environment = os.environ | ({"LOAD_TEXTS": str(texts.resolve())} if texts else {})
    # Ctrl-C reaches locust as well, which then takes its time to judge and to write the report.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)


@click.command(cls=Refusing)
@click.option("--target", help="Address of a server that runs already; else one is started.")
@click.option(
    "--users", type=AT_LEAST_ONE, default=20, show_default=True, help="Users at the same time."
)
@click.option("--seconds", type=AT_LEAST_ONE, default=20, show_default=True, help="How long.")
@click.option("--ramp", is_flag=True, help="Double the users every 15 s, from 8 to 256.")
@click.option("--web", is_flag=True, help="Steer it from locust's page instead.")
@click.option(
    "--texts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Table to draw from: a column `text`, or `title` and `description`.",
)
def main(
    target: str | None, *, users: int, seconds: int, ramp: bool, web: bool, texts: Path | None
) -> None:
    """Drive a server with five kinds of users who check every answer.

    Ends with status 1 if an objective of load_tests/slo.py is missed. Writes
    load_tests/results/load.html.

    Example: python -m load_tests --target http://127.0.0.1:3000 --users 50 --seconds 60
    """
    if texts:
        read_texts(texts)  # what is wrong with them is said before anything is started
    if target:
        target = target.rstrip("/")
        refuse_other(target)
    with nullcontext(target) if target else own_server() as url:
        status = run_locust(url, users=users, seconds=seconds, ramp=ramp, web=web, texts=texts)
    if REPORT.exists() and not web:
        click.echo(f"Report: {REPORT.relative_to(PROJECT)}")
    sys.exit(status)


if __name__ == "__main__":
    main()
