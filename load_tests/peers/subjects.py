"""The peers as subjects of the bench: how each is started, and in what form it is asked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from load_tests.peers import annif_project
from load_tests.results import PROJECT
from load_tests.running import Subject
from load_tests.subjects import BOTH_CORES, Ground, tagline, two_workers, write_lines
from load_tests.texts import read_texts

MLSERVER_MODEL = {
    "name": "tagger",
    "implementation": "load_tests.peers.mlserver_tagger.Tagger",
    "max_batch_size": 64,
    "max_batch_time": 0.01,
}


@dataclass(frozen=True)
class Environment:
    """A peer's own virtual environment, of load_tests/peers/NAME.txt."""

    name: str

    def program(self, name: str) -> Path:
        """Return the path of a program in it."""
        return PROJECT / ".cache" / self.name / "bin" / name

    def version(self) -> str:
        """Ask it for the version of the package it is named after."""
        question = f"from importlib.metadata import version; print(version({self.name!r}))"
        done = subprocess.run(
            [str(self.program("python")), "-c", question],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


LITSERVE, MLSERVER, ANNIF = map(Environment, ("litserve", "mlserver", "annif"))


def litserve(ground: Ground) -> Subject:
    """LitServe: one process for HTTP, one for the model."""
    return Subject(
        name="LitServe",
        command=(str(LITSERVE.program("python")), "-m", "load_tests.peers.litserve_tagger", "PORT"),
        bodies=ground.objects,
        environment={"BENCH_RUN": str(ground.model)},
        cores="0,1",
        note=BOTH_CORES,
    )


def mlserver(ground: Ground) -> Subject:
    """MLServer: one process for HTTP, one for the model, as by default."""
    folder = ground.folder / "mlserver"
    folder.mkdir()
    settings = {"host": "127.0.0.1", "grpc_port": 0, "metrics_endpoint": None, "debug": False}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(MLSERVER_MODEL))
    return Subject(
        name="MLServer",
        command=(
            *("env", "mlserver_http_port=PORT"),
            *(str(MLSERVER.program("mlserver")), "start", str(folder)),
        ),
        bodies=write_lines(folder / "bodies.jsonl", map(_inference, read_texts())),
        environment={"BENCH_RUN": str(ground.model), "PYTHONPATH": str(PROJECT)},
        cores="0,1",
        note=BOTH_CORES,
        path="/v2/models/tagger/infer",
    )


def _inference(text: str) -> object:
    """Ask as the open inference protocol does."""
    texts = {
        "name": "texts",
        "shape": [1, 1],
        "datatype": "BYTES",
        "parameters": {"content_type": "str"},
        "data": [text],
    }
    return {"inputs": [texts]}


def annif(ground: Ground) -> Subject:
    """Annif under gunicorn with a worker a core."""
    folder = ground.folder / "annif"
    annif_project.train(folder, ANNIF.program("annif"))
    return Subject(
        name="Annif",
        command=(
            *(str(ANNIF.program("gunicorn")), "annif:create_app()", "--bind", "127.0.0.1:PORT"),
            *("--workers", "2", "--worker-class", "uvicorn.workers.UvicornWorker"),
            *("--timeout", "600", "--log-level", "warning"),
        ),
        bodies=_write_forms(folder / "bodies.txt", read_texts()),
        folder=folder,
        environment=annif_project.environment(folder),
        cores="0,1",
        note=f"its own TF-IDF backend, {BOTH_CORES}",
        path=f"/v1/projects/{annif_project.PROJECT_NAME}/suggest",
        content_type="application/x-www-form-urlencoded",
    )


def _write_forms(path: Path, texts: Sequence[str]) -> Path:
    path.write_text("".join(urlencode({"text": text}) + "\n" for text in texts))
    return path


def rows(ground: Ground) -> list[Subject]:
    """Every row of the table, Tagline first."""
    return [
        tagline(ground),
        two_workers(ground),
        litserve(ground),
        mlserver(ground),
        annif(ground),
    ]
