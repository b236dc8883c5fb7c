"""`make bench`: Tagline beside the servers one could build instead, on the same texts and run.

Each server has one core, wrk the other; where a row needs both, it says so.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from load_tests.hot_path import digest
from load_tests.results import BENCH, PROJECT, Comparison, write
from load_tests.rounds import measure, summarise, table
from load_tests.subjects import BASELINE, measuring, table_rows

TITLE = "One text a request, 64 keep-alive connections, one core a server"


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Lay a commit's files beside the project's, in .cache, until the end."""
    folder = PROJECT / ".cache" / f"kept-{commit}"
    command = ("git", "worktree")
    subprocess.run(
        [*command, "add", "--force", "--detach", str(folder), commit], cwd=PROJECT, check=True
    )
    try:
        yield folder
    finally:
        subprocess.run([*command, "remove", "--force", str(folder)], cwd=PROJECT, check=True)


@click.command()
@click.option("--rounds", default=24, show_default=True, help="Rounds; every server once in each.")
@click.option("--seconds", default=2, show_default=True, help="Seconds a server in a round.")
@click.option("--kept", help="A commit whose build is measured in the same rounds.")
@click.option("--only", multiple=True, help="Rows so named, and the baseline; writes nothing.")
def main(*, rounds: int, seconds: int, kept: str | None, only: tuple[str, ...]) -> None:
    """Measure every server on the promoted run of BENTOML_HOME and print one table.

    Example: make bench QUICK=1
    """
    with (
        measuring() as (ground, on),
        checked_out(kept) if kept else nullcontext() as checkout,
    ):
        subjects = [
            subject
            for subject in table_rows(ground, checkout)
            if not only or subject.name == BASELINE or any(word in subject.name for word in only)
        ]
        samples = measure(subjects, rounds=rounds, seconds=seconds)
    rows = tuple(summarise(subject, samples, BASELINE) for subject in subjects)
    table(rows).show(TITLE)
    if not only:
        write(Comparison(on, digest(), rounds, seconds, rows), BENCH)


if __name__ == "__main__":
    main()
