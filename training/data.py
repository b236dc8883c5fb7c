"""A table of labelled texts: read, corrected, and cleaned, so that every text stands once."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePath
from urllib.parse import urlsplit

from tagger.errors import FaultyRows, MissingColumns, TooLittleData, UnreadableTable
from tagger.records import Task
from tagger.sources import Source, find_source
from tagger.tables import Row, read_rows
from tagger.wording import counted
from training.columns import Columns
from training.labelled import Labelled, Reading, Untagged, label, rows_named
from training.parquet import parquet_rows

GUESSED = (
    "The table is not UTF-8 and was read as Windows-1252; if letters are wrong, name its encoding: "
    "--encoding NAME."
)
SUSPECTS = {"suspicion", "missing", "doubtful", "text", "tags"}
"""Columns by which a table is known that `--suspects` wrote."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A row whose text stands in an earlier row already."""

    number: int
    first: int
    same_tags: bool


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table after cleaning: every text once."""

    source: str
    sha256: str
    """Of texts and tags after cleaning."""
    task: Task
    """Single where the table has a column ``tag``."""
    labelled: Labelled
    repeated: tuple[Repeated, ...]
    encoding: str
    skipped: int
    """Rows without tags that were left out."""
    corrected: int | None
    """Texts whose tags corrections changed; None where there were none to read."""
    columns: Columns


def read_dataset(table: str, reading: Reading) -> Dataset:
    """Read a table of labelled texts, refuse a faulty one, and merge rows of the same text.

    Raises
    ------
    UnreadableTable, MissingColumns
    FaultyRows
        Names every kind of fault and the rows that have it.
    TooLittleData
        There is no row.
    """
    source = find_source(table, encoding=reading.encoding)
    rows = rows_of(source)
    if not rows:
        raise TooLittleData(f"{source.name} holds no rows.")
    try:
        read = label(source.name, rows, reading)
    except MissingColumns as fault:
        if source.encoding != "cp1252":
            raise
        raise MissingColumns(f"{fault} {GUESSED}") from fault
    if not read.labelled:
        skipped = counted(read.skipped, "empty or untagged row")
        raise TooLittleData(f"{source.name} holds no rows but {skipped}.")
    once, repeated = _merged(read.labelled)
    corrected = None
    if reading.corrections is not None:
        corrections = _read_corrections(reading.corrections, reading, read.untagged)
        merged = once.tags
        once, settled = _corrected(once, corrections)
        corrected = sum(set(old) != set(new) for old, new in zip(merged, once.tags, strict=True))
        repeated = tuple(row for row in repeated if row.same_tags or row.first not in settled)
    digest = hashlib.sha256()
    for text, tags in zip(once.texts, once.tags, strict=True):
        digest.update(json.dumps([text, sorted(tags)]).encode())
    return Dataset(
        source=source.name,
        sha256=digest.hexdigest(),
        task="multi" if read.columns.tags.many else "single",
        labelled=once,
        repeated=repeated,
        encoding=source.encoding,
        skipped=read.skipped,
        corrected=corrected,
        columns=read.columns,
    )


def rows_of(source: Source) -> list[Row]:
    """Read all rows of a table, whatever its form.

    Raises
    ------
    UnreadableTable
    """
    return list(parquet_rows(source) if source.form == "parquet" else read_rows(source))


def normalise(text: str) -> str:
    """Give texts that differ only in capitals, blanks or form of Unicode the same text."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def last_part(source: str) -> str:
    """Return what a run may tell of where a table was.

    A run travels, in images too: no folder of this machine and no key in an address goes with it.
    """
    path = urlsplit(source).path if "://" in source else source
    return PurePath(path).name.encode(errors="replace").decode()


def _merged(labelled: Labelled) -> tuple[Labelled, tuple[Repeated, ...]]:
    """Keep the first of the rows that hold the same text, with the tags of all of them."""
    first: dict[str, int] = {}
    kept: list[int] = []
    tags: list[tuple[str, ...]] = []
    repeated = []
    for place, text in enumerate(labelled.texts):
        at = first.setdefault(normalise(text), len(kept))
        if at == len(kept):
            kept.append(place)
            tags.append(labelled.tags[place])
            continue
        same = set(labelled.tags[kept[at]]) == set(labelled.tags[place])
        number, earlier = labelled.numbers[place], labelled.numbers[kept[at]]
        repeated.append(Repeated(number, earlier, same))
        tags[at] = tuple(dict.fromkeys((*tags[at], *labelled.tags[place])))
    once = labelled.take(kept)
    return replace(once, tags=tuple(tags)), tuple(repeated)


def _read_corrections(table: str, reading: Reading, untagged: Untagged) -> Dataset:
    """Read what `--suspects` wrote as it was written, any other as the table that it corrects."""
    untagged = "none" if untagged == "none" else "refuse"
    as_written = Reading(aliases=reading.aliases, untagged=untagged)
    as_the_table = replace(reading, corrections=None, untagged=untagged)
    try:
        return read_dataset(table, as_written if _is_of_suspects(table) else as_the_table)
    except MissingColumns as fault:
        raise MissingColumns(f"--corrections {table}: {fault}") from fault


def _is_of_suspects(table: str) -> bool:
    if table == "-":  # which can be read once
        return False
    try:
        first = next(read_rows(find_source(table)), None)
    except UnreadableTable:
        return False
    return first is not None and first.values.keys() >= SUSPECTS


def _corrected(labelled: Labelled, corrections: Dataset) -> tuple[Labelled, set[int]]:
    """Give texts the tags that another table gives them; tell the rows of these texts."""
    place = {normalise(text): place for place, text in enumerate(labelled.texts)}
    tags = list(labelled.tags)
    settled, unknown = set(), []
    corrected = corrections.labelled
    for number, text, right in zip(corrected.numbers, corrected.texts, corrected.tags, strict=True):
        at = place.get(normalise(text))
        if at is None:
            unknown.append(number)
        else:
            tags[at] = right
            settled.add(labelled.numbers[at])
    if unknown:
        raise FaultyRows(
            f"{corrections.source} corrects texts that the table does not hold, in "
            f"{rows_named(unknown)}. Correct tags there, texts in the table itself."
        )
    return replace(labelled, tags=tuple(tags)), settled
