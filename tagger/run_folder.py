"""One run as a folder: written whole with BentoML's description beside it, read as it was written.

::

    RUN/
    ├── model.yaml       for BentoML's commands
    ├── run.json         the record, and the sha256 of every other file
    ├── model/           what serves
    └── exam/            what compares
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tagger import files
from tagger.arrays import REMEDY
from tagger.check import Check
from tagger.errors import BrokenRun, UnknownFormat
from tagger.exam import Exam
from tagger.model import Model
from tagger.records import FORMAT, Run

NAME = "tagline"
"""The name of the model in BentoML's store."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The content of ``run.json``."""

    run: Run
    files: Mapping[str, str]
    """sha256 of each file of the run by its path, so that a damaged or swapped one is known."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run, which has the run's name wherever it is read."""

    path: Path

    def write(self, run: Run, model: Model, exam: Exam) -> None:
        """Write all files of a run, where nothing is yet, and wait until they are on the disk."""
        (self.path / "model").mkdir(parents=True)
        (self.path / "exam").mkdir()
        model.write(self.path / "model")
        Check.of(model).write(self.path / "model")
        exam.write(self.path / "exam")
        _write_model_yaml(self.path / "model.yaml", run)
        stored = Stored(run, files.digests(self.path))
        (self.path / "run.json").write_bytes(_records().dump_json(stored, indent=1))
        files.flush_all(self.path)

    def run(self) -> Run:
        """Read the record.

        Raises
        ------
        BrokenRun, UnknownFormat
        """
        return self._stored().run

    def model(self) -> Model:
        """Read the run's model, and confirm its files' digests and its check scores.

        Raises
        ------
        BrokenRun, UnknownFormat
        """
        self._check_files("model")
        model = Model.read(self.path / "model")
        self.check().confirm(model)
        return model

    def check(self) -> Check:
        """Read the texts by which the run is checked while it serves.

        Raises
        ------
        BrokenRun
        """
        return Check.read(self.path / "model")

    def exam(self) -> Exam:
        """Read how the run answered texts that it had not seen.

        Raises
        ------
        BrokenRun, UnknownFormat
        """
        stored = self._check_files("exam")
        return Exam.read(self.path / "exam", tags=len(stored.run.tags))

    def _stored(self) -> Stored:
        run_id, record = self.path.name, self.path / "run.json"
        try:
            content = record.read_bytes()
            written_as = json.loads(content)["run"]["format"]
        except PermissionError as fault:
            raise BrokenRun(
                f"{run_id} cannot be read by this user: {record}, {fault.strerror}."
            ) from fault
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as fault:
            raise BrokenRun(
                f"{run_id} is not a whole run of Tagline: {record.name} cannot be read ({fault}). "
                f"{REMEDY}"
            ) from fault
        if written_as != FORMAT:
            raise UnknownFormat(
                f"{run_id} was written in format {written_as!r}; this version of Tagline reads "
                f"format {FORMAT}. Train it anew, or use the version that wrote it."
            )
        try:
            stored = _records().validate_json(content)
        except ValidationError as fault:
            first = fault.errors()[0]
            raise BrokenRun(
                f"{run_id} is not a whole run of Tagline: in {record.name}, "
                f"{'.'.join(map(str, first['loc']))}: {first['msg']}. {REMEDY}"
            ) from fault
        if stored.run.run_id != run_id:
            raise BrokenRun(f"{run_id} holds the files of {stored.run.run_id}. {REMEDY}")
        return stored

    def _check_files(self, part: str) -> Stored:
        stored = self._stored()
        for name, sha256 in stored.files.items():
            if name.startswith(f"{part}/") and self._sha256(name) != sha256:
                raise BrokenRun(f"{self.path / name} is not the file that was written. {REMEDY}")
        return stored

    def _sha256(self, name: str) -> str:
        path = self.path / name
        try:
            return files.sha256(path)
        except PermissionError as fault:
            raise BrokenRun(
                f"{self.path.name} cannot be read by this user: {path}, {fault.strerror}."
            ) from fault
        except OSError as fault:
            raise BrokenRun(f"{path} cannot be read ({fault}). {REMEDY}") from fault


def _write_model_yaml(path: Path, run: Run) -> None:
    """Describe a run to BentoML, in the form that its own `models.create` writes.

    That function itself would copy file by file into the store and move ``latest``.
    """
    from bentoml import Tag  # noqa: PLC0415 - 0.2 s that reading does not need
    from bentoml._internal.models.model import ModelContext, ModelInfo  # noqa: PLC0415 - the same

    overall = run.performance.overall
    described = ModelInfo(
        tag=Tag(NAME, run.run_id),
        module="",
        labels={"task": run.task},
        options={},
        metadata={
            "f1": round(overall.f1, 6),
            "macro_f1": round(overall.macro_f1, 6),
            "tags": len(run.tags),
            "rows": run.data.rows,
            "format": run.format,
        },
        context=ModelContext(framework_name=NAME, framework_versions=dict(run.versions)),
        signatures={},
        api_version="v1",
        creation_time=datetime.fromisoformat(run.created_at),
    )
    with path.open("w", encoding="utf-8") as stream:
        described.dump(stream)


@cache
def _records() -> TypeAdapter[Stored]:
    return TypeAdapter(Stored)
