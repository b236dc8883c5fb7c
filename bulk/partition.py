"""One partition: a file of rows in, the same rows and their tags out. What a Dask worker runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tagger.columns import TextColumns
from tagger.decide import PLAIN
from tagger.errors import UnreadableTable
from tagger.model import Model
from tagger.sources import find_source
from tagger.store import Store
from tagger.tag_table import tag_table


@dataclass(frozen=True, slots=True)
class Job:
    """What is tagged, by which run, and where the answers go; every worker sees these folders."""

    source: Path
    """A folder of JSON lines or CSV files, packed by gzip or not: each a partition."""
    out: Path
    """Beneath it, a folder of the run's name gets one file a partition, of the partition's name."""
    models: Path
    """The model store's folder."""
    run_id: str
    columns: TextColumns = field(default_factory=TextColumns)
    """Where the texts of a partition are."""

    @property
    def answers(self) -> Path:
        """Where this run's answers go: those of another run never mix with them."""
        return self.out / self.run_id

    def partitions(self) -> Sequence[str]:
        """Names of all partitions, sorted.

        Raises
        ------
        UnreadableTable
            There is none, or two would be answered into one file.
        """
        files = sorted(
            path.name
            for path in self.source.iterdir()
            # Spark leaves _SUCCESS, and a file without a byte of a partition without a row.
            if not path.name.startswith((".", "_")) and path.is_file() and path.stat().st_size
        )
        if not files:
            raise UnreadableTable(f"{self.source} holds no file to tag.")
        [(answer, times)] = Counter(map(answer_name, files)).most_common(1)
        if times > 1:
            raise UnreadableTable(f"Two files of {self.source} would be answered into {answer}.")
        return files

    def answer(self, partition: str) -> Path:
        """Give the file of a partition's answers."""
        return self.answers / answer_name(partition)

    def left(self) -> list[str]:
        """Names of the partitions that have no answers yet."""
        return [name for name in self.partitions() if not self.answer(name).exists()]


def answer_name(partition: str) -> str:
    """Name the file of a partition's answers: without .gz, and .jsonl added to an unknown form."""
    name = partition.removesuffix(".gz")
    return name if name.endswith((".csv", ".json", ".jsonl")) else f"{name}.jsonl"


def tag_partition(partition: str, job: Job) -> int | None:
    """Tag one partition; give the number of its rows, or None where its answers are there already.

    Dask may run this twice: where a worker died after its work was done, or was only thought dead.
    The answers appear whole by one rename, so a second time finds them, or puts the same in their
    place.
    """
    answer = job.answer(partition)
    if answer.exists():
        return None
    tagged = tag_table(
        _model(job.models, job.run_id),
        find_source(str(job.source / partition)),
        answer,
        columns=job.columns,
        options=PLAIN,
        count=lambda _: None,
    )
    return tagged.rows


@cache
def _model(models: Path, run_id: str) -> Model:
    """Load a run once a worker. A model is for one thread at a time: so is a worker."""
    return Store.models(models).model(run_id)
