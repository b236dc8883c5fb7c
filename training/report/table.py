"""The texts behind an exam: a table's rows that a run was trained on or tested with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.columns import find_column
from tagger.errors import TableError, TooLittleData
from tagger.exam import Answers, Exam
from tagger.f1 import Truth
from tagger.records import Run
from tagger.sources import find_source
from training.auxiliary import CATALOGUE
from training.columns import names_in
from training.data import Dataset, read_dataset, rows_of
from training.evaluate import truth_of
from training.labelled import Labelled, Reading
from training.sides import fingerprints


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The texts of one side of a run's split that a table holds."""

    labelled: Labelled
    places: NDArray[np.intp]
    """(texts,): where each stands in the exam's `Answers`."""
    of: int
    """How many texts that side of the exam has."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table as far as a run's exam knows its texts."""

    source: str
    training: Side
    test: Side

    @property
    def whole(self) -> bool:
        """Tell whether it holds every text of the exam, with the same tags."""
        return all(len(side.places) == side.of for side in (self.training, self.test))

    @property
    def texts(self) -> int:
        """Count the texts of both sides."""
        return len(self.training.places) + len(self.test.places)

    def column(self, column: str, reading: Reading) -> tuple[str, ...]:
        """Read one more column: its value for each text of the exam's test, or an empty one.

        Raises
        ------
        UnreadableTable, MissingColumns
        """
        source = find_source(self.source, encoding=reading.encoding)
        rows = rows_of(source)
        name = find_column(names_in(rows), column, column) or column
        values = {row.number: _words(row.values.get(name)) for row in rows}
        found = [""] * self.test.of
        for place, number in zip(self.test.places, self.test.labelled.numbers, strict=True):
            found[place] = values[number]
        return tuple(found)


def _words(value: object) -> str:
    return "" if value is None else str(value).strip()


def find_table(table: str | None, run: Run, exam: Exam, reading: Reading) -> Table | None:
    """Read the table that was named, or find the run's own; None where it is not to be found.

    Raises
    ------
    TableError
    """
    dataset = read_dataset(table, reading) if table else own_table(run, reading)
    return known_texts(dataset, run, exam) if dataset else None


def own_table(run: Run, reading: Reading) -> Dataset | None:
    """Find the table that a run was trained on, where its name still leads to the same rows."""
    embedded = [CATALOGUE] if run.data.source == CATALOGUE.name else []
    for path in (*embedded, Path(run.data.source)):
        if path.is_file():
            try:
                dataset = read_dataset(str(path), reading)
            except TableError:
                continue  # Another file of that name; the report says which table to give.
            if dataset.sha256 == run.data.sha256:
                return dataset
    return None


def known_texts(dataset: Dataset, run: Run, exam: Exam) -> Table:
    """Find a table's texts in a run's exam by their fingerprints, those with the same tags.

    Raises
    ------
    TooLittleData
        It holds no text of the test, or none of training.
    """
    marks = fingerprints(dataset.labelled.texts, run.params.salt)
    truth = truth_of(dataset.labelled.tags, run.tags)
    training, test = (
        _side(dataset.labelled, marks, truth, side) for side in (exam.training, exam.test)
    )
    if not len(training.places) or not len(test.places):
        raise TooLittleData(
            f"{dataset.source} does not hold the texts that {run.run_id} was trained on and tested "
            f"with, or gives them other tags. Give its own table, {run.data.source}, and the same "
            "options to read it."
        )
    return Table(dataset.source, training, test)


def _side(labelled: Labelled, marks: NDArray[np.uint64], truth: Truth, answers: Answers) -> Side:
    _, places, rows = np.intersect1d(answers.fingerprints, marks, return_indices=True)
    same = (truth[rows] == answers.truth[places]).all(axis=1)
    return Side(labelled.take(rows[same].tolist()), places[same], len(answers.truth))
