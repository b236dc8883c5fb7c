"""`make profile`: where each microsecond of a request goes, beside the least each step could take.

py-spy looks at the worker's stack some hundred times a second while wrk loads it. A step's share of
the looks, times the processor time a request, is what the step takes.
"""

from __future__ import annotations

import linecache
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from load_tests.floors import floors
from load_tests.results import COSTS, Circumstances, write
from load_tests.running import Running, processor_seconds, running
from load_tests.subjects import BENCH_PYTHON, FLOOR, constants, measuring, tagline
from load_tests.table import Table
from load_tests.wrk import load

LOOKS_A_SECOND = 250
PROTOCOL, FRAMEWORK = "protocol", "framework"

STEPS = {
    "parse": "the body's bytes as JSON",
    "validate": "types, limits, keys given twice",
    "queue": "waiting for a batch, being handed out of it",
    "features": "words, their rows, how often each",
    "arrays": "rows times weights, lengths, probabilities",
    "decide": "thresholds, order, abstaining",
    "serialise": "the answer's bytes",
    FRAMEWORK: "tasks, headers, ids, envelope, metrics, middleware",
    PROTOCOL: "HTTP read and written, sockets, the loop, the kernel",
}


@dataclass(frozen=True)
class Place:
    """Code that belongs to a step."""

    step: str
    file: str
    """A piece of its path."""
    function: str = ""
    """How the function's name begins."""
    line: str = ""
    """What stands in the line."""


PLACES = (
    Place("parse", "app/reading.py", line="orjson.loads"),
    Place("validate", "app/reading.py"),
    Place("queue", "runners/"),
    Place("features", "tagger/words.py"),
    Place("features", "tagger/packed.py"),
    Place("features", "tagger/vocabulary.py"),
    Place("features", "tagger/features.py"),
    Place("features", "tagger/sparse.py", function="sublinear"),
    Place("arrays", "tagger/sparse.py"),
    Place("arrays", "tagger/model.py"),
    Place("arrays", "tagger/familiarity.py"),
    Place("decide", "tagger/decide.py"),
    Place("serialise", "app/predict.py"),
    Place("serialise", "app/envelope.py", function="Envelopes.success"),
    Place(PROTOCOL, "app/joined_writes.py"),
    Place(PROTOCOL, "app/upgrades.py"),
    Place(FRAMEWORK, "app/"),
    Place(FRAMEWORK, "service.py"),
    Place(FRAMEWORK, "load_tests/servers/"),
    Place(FRAMEWORK, "uvicorn/middleware"),
    Place(PROTOCOL, "uvicorn/"),
    Place(PROTOCOL, "asyncio/runners.py"),
)
"""The first that fits a line of code tells its step."""


@dataclass(frozen=True)
class Cost:
    """One step of a request."""

    step: str
    what: str
    microseconds: float
    floor: float
    """The least that it could take: see `floors`."""


@dataclass(frozen=True)
class Costs:
    """All steps of a request, and what they come to."""

    on: Circumstances
    cpu_us: float
    floor_cpu_us: float
    """Of uvicorn with a constant."""
    steps: tuple[Cost, ...]

    def table(self) -> Table:
        """Lay out the steps."""
        return Table(
            ["step", "what", "us", "floor"],
            [
                [cost.step, cost.what, f"{cost.microseconds:.1f}", f"{cost.floor:.1f}"]
                for cost in self.steps
            ],
            words=2,
        )


@dataclass(frozen=True)
class Frame:
    """A place of the code on the stack."""

    function: str
    file: str
    line: int

    @classmethod
    def read(cls, text: str) -> Frame:
        """Read ``function (file:line)``."""
        function, _, place = text.rpartition(" (")
        file, _, line = place.rstrip(")").rpartition(":")
        return cls(function, file, int(line or 0))


def step_of(stack: list[Frame]) -> str:
    """Name the step that a look fell into: of the innermost frame that belongs to one."""
    for frame in reversed(stack):
        for place in PLACES:
            if (
                place.file in frame.file
                and frame.function.startswith(place.function)
                and place.line in linecache.getline(frame.file, frame.line)
            ):
                return place.step
    return PROTOCOL


def looks(server: Running, *, seconds: int, raw: Path) -> tuple[dict[str, float], float]:
    """Load a server and look; return each step's share of the looks, and CPU us a request."""
    worker = max(server.tree(), key=processor_seconds)
    spy = BENCH_PYTHON.with_name("py-spy")
    cpu_us = load(server, seconds=seconds).cpu_us
    command = [
        *(str(spy), "record", "--pid", str(worker.pid), "--format", "raw"),
        *("--rate", str(LOOKS_A_SECOND), "--duration", str(seconds)),
        *("--full-filenames", "--output", str(raw)),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL):
        load(server, seconds=seconds + 1)
    counts: Counter[str] = Counter()
    for stack, count in _stacks(raw):
        counts[step_of(stack)] += count
    total = counts.total()
    return {step: count / total for step, count in counts.items()}, cpu_us


def _stacks(raw: Path) -> Iterator[tuple[list[Frame], int]]:
    """Read py-spy's lines: frames from the outermost in, then how many looks found them."""
    for line in raw.read_text().splitlines():
        frames, _, count = line.rpartition(" ")
        stack = [Frame.read(frame) for frame in frames.split(";") if " (" in frame]
        # Other threads (of metrics, of the store) are no part of a request.
        if any("uvicorn" in frame.file for frame in stack):
            yield stack, int(count)


@click.command()
@click.option("--seconds", default=15, show_default=True, help="Seconds to look at each server.")
def main(*, seconds: int) -> None:
    """Look where the time of a request goes, on the promoted run of BENTOML_HOME.

    Example: make profile
    """
    with measuring() as (ground, on):
        bare = next(subject for subject in constants(ground) if subject.name == FLOOR)
        with running(bare) as server:
            bare_shares, bare_cpu_us = looks(
                server, seconds=seconds, raw=ground.folder / "bare.raw"
            )
        with running(tagline(ground)) as server:
            load(server, seconds=1)
            shares, cpu_us = looks(server, seconds=seconds, raw=ground.folder / "tagline.raw")
        least = floors(ground)
    for step in (FRAMEWORK, PROTOCOL):
        least[step] = bare_shares.get(step, 0.0) * bare_cpu_us
    found = Costs(
        on=on,
        cpu_us=cpu_us,
        floor_cpu_us=bare_cpu_us,
        steps=tuple(
            Cost(step, what, shares.get(step, 0.0) * cpu_us, least[step])
            for step, what in STEPS.items()
        ),
    )
    found.table().show(f"Where {found.cpu_us:.0f} us of processor time a request go")
    write(found, COSTS)


if __name__ == "__main__":
    main()
