"""Tag the rows of a table in a stream: every column is kept, the answer's are added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tagger.columns import TextColumns
from tagger.decide import Options, decide, predictions
from tagger.errors import FaultyRows
from tagger.model import Model
from tagger.objects import prediction_object
from tagger.records import Prediction
from tagger.sources import Source
from tagger.tables import Row, read_rows
from tagger.writing import writing

AT_ONCE = 256
"""Rows in memory together."""
ADDED = ("predicted_tags", "scores", "reason")
"""Columns of every answer; a row's own of these names give way to them."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """How many rows were written, and how many of them had no text to tag."""

    rows: int
    without_text: int
    titles_alone: bool
    """Whether it has titles and other columns, and none of descriptions."""


def tag_table(
    model: Model,
    source: Source,
    out: Path,
    *,
    columns: TextColumns,
    options: Options,
    count: Callable[[int], None],
) -> Tagged:
    """Tag a table into a file, which appears whole or not at all.

    Parameters
    ----------
    out
        Written as CSV if it is named so, else as JSON lines.
    count
        Told the number of rows of each batch.

    Raises
    ------
    UnreadableTable, MissingColumns, FaultyRows
    """
    rows = without_text = 0
    names: dict[str, None] = {}
    with writing(out) as write:
        for batch in _batches(_sound(read_rows(source))):
            names |= dict.fromkeys(name for row in batch for name in row.values)
            if rows == 0:
                # A row of JSON may lack what is empty: the first one names not all columns.
                columns = columns.found_in(list(names))
            texts = [columns.text_of(row.values) for row in batch]
            answers = _answers(model, [text for text in texts if text], options)
            for row, text in zip(batch, texts, strict=True):
                write({**row.values, **_added(next(answers) if text else None)})
            rows += len(batch)
            without_text += texts.count(None)
            count(len(batch))
    return Tagged(rows, without_text, columns.titles_alone(names) and len(names) > 1)


def _sound(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        if row.fault:
            raise FaultyRows(f"Row {row.number} of the table: {row.fault}. Nothing was written.")
        yield row


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def _answers(model: Model, texts: list[str], options: Options) -> Iterator[Prediction]:
    decisions = decide(model.score(texts), model.policy, options)
    return iter(predictions(model, texts, decisions, options))


def _added(prediction: Prediction | None) -> Mapping[str, object]:
    if prediction is None:
        return {"predicted_tags": [], "scores": [], "reason": "The row holds no text."}
    shown = prediction_object(prediction)
    names = ADDED if prediction.evidence is None else (*ADDED, "evidence")
    return {name: shown.get(name) for name in names}
