"""The servers that are measured: how each is started, on the same texts and the same run."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from load_tests.results import PROJECT, Circumstances, circumstances, load_before
from load_tests.running import Subject, first_answer, running
from load_tests.texts import read_texts
from tagger.store import Store

BASELINE = "FastAPI, a constant"
FLOOR = "uvicorn, a constant"
TAGLINE = "Tagline"
KEPT = "Tagline, kept build"
BOTH_CORES = "both cores, wrk beside it"
BENTOML = (sys.executable, "-m", "bentoml", "serve")
BENCH_PYTHON = PROJECT / ".cache" / "bench" / "bin" / "python"
"""The environment of load_tests/servers/requirements.txt."""


@dataclass(frozen=True)
class Ground:
    """What all servers are measured with: the run and the texts."""

    folder: Path
    """For bodies and homes; emptied by whoever made it."""
    store: Path
    """The model store."""
    run_id: str
    objects: Path
    """Bodies as `POST /predict` takes them, one text each."""
    strings: Path
    """The same as plain strings, for stock BentoML."""

    @classmethod
    def of_home(cls, folder: Path) -> Ground:
        """Take the promoted run of BENTOML_HOME and the texts of the embedded table."""
        home = Path(os.environ.get("BENTOML_HOME", PROJECT / ".bentoml"))
        store = home.absolute() / "models"
        texts = read_texts()
        return cls(
            folder=folder,
            store=store,
            run_id=Store.models(store).resolve("promoted"),
            objects=write_bodies(folder / "objects.jsonl", ([text] for text in texts)),
            strings=write_lines(folder / "strings.jsonl", ({"texts": [text]} for text in texts)),
        )

    @property
    def runs(self) -> Store:
        """The store, opened."""
        return Store.models(self.store)

    @property
    def model(self) -> Path:
        """The folder of the run's model."""
        return self.runs.folder / self.run_id / "model"


@contextmanager
def measuring() -> Iterator[tuple[Ground, Circumstances]]:
    """Yield what to measure with, and the circumstances, noted before anything is measured.

    Raises
    ------
    click.ClickException
        Nothing can be measured here: there is one core, or no wrk.
    """
    load_average = load_before()
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground.of_home(Path(folder))
        yield ground, circumstances(ground.run_id, load_average=load_average)


def write_bodies(path: Path, requests: Iterable[list[str]]) -> Path:
    """Write the bodies of requests, each of so many texts, as `POST /predict` takes them."""
    return write_lines(path, ({"texts": [{"text": text} for text in some]} for some in requests))


def write_lines(path: Path, values: Iterable[object]) -> Path:
    """Write values as JSON, one a line."""
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(value) + "\n" for value in values)
    return path


def tagline(
    ground: Ground,
    name: str = TAGLINE,
    *,
    target: str = ".",
    checkout: Path = PROJECT,
    cores: str = "0",
    note: str = "",
    **environment: str,
) -> Subject:
    """Tagline as `bentoml serve` starts it; in a home of its own, whose metrics a start deletes."""
    return Subject(
        name=name,
        command=(*BENTOML, target, "--host", "127.0.0.1", "--port", "PORT"),
        bodies=ground.objects,
        folder=checkout,
        environment={
            "BENTOML_HOME": str(ground.folder / name),
            "TAGLINE_STORE": str(ground.store),
            "BENCH_RUN": str(ground.model),
            **environment,
        },
        cores=cores,
        note=note,
    )


def two_workers(ground: Ground) -> Subject:
    """Tagline with two workers, which need the core that wrk has too."""
    return tagline(
        ground, "Tagline, two workers", cores="0,1", note=BOTH_CORES, TAGLINE_WORKERS="2"
    )


def apart(ground: Ground) -> Subject:
    """Tagline's runner in a process of its own, which needs the core that wrk has too."""
    return tagline(
        ground,
        "Tagline, its runner in a process of its own",
        target="load_tests.servers.tagline_apart:Apart",
        cores="0,1",
        note=BOTH_CORES,
    )


def at_once(ground: Ground) -> Subject:
    """Tagline without its batcher."""
    return tagline(
        ground, "Tagline, each request at once", target="load_tests.servers.tagline_at_once:Tagger"
    )


def stock_bentoml(ground: Ground) -> Subject:
    """A batchable endpoint of BentoML's own."""
    return Subject(
        name="stock BentoML, batchable",
        command=(
            *(*BENTOML, "load_tests.servers.bentoml_batchable:Stock"),
            *("--host", "127.0.0.1", "--port", "PORT"),
        ),
        bodies=ground.strings,
        environment={
            "BENTOML_HOME": str(ground.folder / "stock"),
            "BENCH_RUN": str(ground.model),
        },
    )


def uvicorn(ground: Ground, name: str, module: str, answer: Path) -> Subject:
    """One of `load_tests/servers` under uvicorn, its access log off."""
    return Subject(
        name=name,
        command=(
            *(str(BENCH_PYTHON), "-m", "uvicorn", f"load_tests.servers.{module}:app"),
            *("--port", "PORT", "--loop", "uvloop", "--http", "httptools"),
            *("--no-access-log", "--log-level", "warning"),
        ),
        bodies=ground.objects,
        environment={"BENCH_ANSWER": str(answer), "BENCH_RUN": str(ground.model)},
    )


def constants(ground: Ground) -> list[Subject]:
    """The floor and the baseline; both repeat an answer that Tagline gives here first."""
    answer = ground.folder / "answer.json"
    with running(tagline(ground)) as server:
        answer.write_bytes(first_answer(server))
    return [
        uvicorn(ground, FLOOR, "uvicorn_constant", answer),
        uvicorn(ground, BASELINE, "fastapi_constant", answer),
    ]


def table_rows(ground: Ground, kept: Path | None) -> list[Subject]:
    """Every row of the table, the floor first; ``kept`` is another checkout to set beside."""
    rows = [
        *constants(ground),
        uvicorn(ground, "FastAPI, as in tutorials", "fastapi_tutorial", ground.folder),
        stock_bentoml(ground),
        tagline(ground),
        at_once(ground),
        two_workers(ground),
        apart(ground),
    ]
    return [*rows, tagline(ground, KEPT, checkout=kept)] if kept else rows
