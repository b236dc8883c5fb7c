"""Labelled texts: read from a table, checked row by row, and cleaned."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tagger.columns import TextColumns
from tagger.errors import FaultyRows, MissingColumns, TooLittleData, UnreadableTable
from tagger.records import Task
from tagger.sources import Source, find_source
from tagger.tables import Row, read_rows
from tagger.wording import counted, listed
from training.parquet import parquet_rows
from training.tag_columns import TagColumns

GUESSED = (
    "The table is not UTF-8 and was read as Windows-1252; if letters are wrong, name its encoding: "
    "--encoding NAME."
)
Untagged = Literal["refuse", "skip", "none"]
"""A row without tags is a fault, or no example at all, or one that is known to bear no tag."""
NO_TAGS = "no tags"
SUSPECTS = {"suspicion", "missing", "doubtful", "text", "tags"}
"""Columns by which a table is known that `--suspects` wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a table is to be read; what is not given is found."""

    columns: TextColumns = field(default_factory=TextColumns)
    tags: str | None = None
    """Name of the column of tags, many a row."""
    separator: str = "|"
    """Between the tags of a cell that is no list."""
    encoding: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The tag to read in place of another spelling."""
    corrections: str | None = None
    """A table whose tags take the place of this one's."""
    untagged: Untagged | None = None
    """What a row without tags means; where each tag has a column, that it bears none."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and their tags, in the order of the table."""

    numbers: tuple[int, ...]
    """Where each stands in the table."""
    texts: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.texts)

    def at(self, numbers: Sequence[int]) -> Labelled:
        """Return the texts of these rows of the table."""
        place = {number: place for place, number in enumerate(self.numbers)}
        return self.take([place[number] for number in numbers])

    def take(self, places: Sequence[int]) -> Labelled:
        """Return the texts at these places."""
        return Labelled(
            tuple(self.numbers[place] for place in places),
            tuple(self.texts[place] for place in places),
            tuple(self.tags[place] for place in places),
        )


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
    tag_columns: tuple[str, ...]
    """Those of one tag each, if its tags stand so."""
    titles_alone: bool
    """Whether no column of descriptions was found, nor named, beside the titles."""


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
        columns = _Columns.found_in(rows, reading)
    except MissingColumns as fault:
        if source.encoding != "cp1252":
            raise
        raise MissingColumns(f"{fault} {GUESSED}") from fault
    untagged = reading.untagged or ("none" if columns.tags.one_for_each else "refuse")
    labelled, skipped = _labelled(source.name, rows, columns, reading.aliases, untagged)
    once, repeated = _merged(labelled)
    if reading.corrections is not None:
        as_corrections = replace(
            _reading_of_corrections(reading), untagged="none" if untagged == "none" else "refuse"
        )
        corrections = read_dataset(reading.corrections, as_corrections)
        once, settled = _corrected(once, corrections)
        repeated = tuple(row for row in repeated if row.same_tags or row.first not in settled)
    digest = hashlib.sha256()
    for text, tags in zip(once.texts, once.tags, strict=True):
        digest.update(json.dumps([text, sorted(tags)]).encode())
    return Dataset(
        source=source.name,
        sha256=digest.hexdigest(),
        task="multi" if columns.tags.many else "single",
        labelled=once,
        repeated=repeated,
        encoding=source.encoding,
        skipped=skipped,
        tag_columns=columns.tags.names if columns.tags.one_for_each else (),
        titles_alone=columns.titles_alone,
    )


def rows_of(source: Source) -> list[Row]:
    """Read all rows of a table, whatever its form.

    Raises
    ------
    UnreadableTable
    """
    return list(parquet_rows(source) if source.form == "parquet" else read_rows(source))


@dataclass(frozen=True, slots=True)
class _Columns:
    texts: TextColumns
    tags: TagColumns
    titles_alone: bool

    @classmethod
    def found_in(cls, rows: Sequence[Row], reading: Reading) -> _Columns:
        names = list(dict.fromkeys(str(name) for row in rows for name in row.values))
        if not names:
            faults: defaultdict[str, list[int]] = defaultdict(list)
            for row in rows:
                faults[row.fault or "no columns"].append(row.number)
            _refuse_faulty("The table", faults)
        texts, problems = TextColumns(), []
        try:
            texts = reading.columns.found_in(names)
        except MissingColumns as fault:
            problems.append(str(fault))
        of_texts = {texts.text, texts.title, texts.description}
        others = [name for name in names if name not in of_texts]
        try:
            tags = TagColumns.found_in(
                rows, others, given=reading.tags, separator=reading.separator
            )
        except MissingColumns as fault:
            problems.append(str(fault))
        if problems:
            raise MissingColumns(" ".join(problems))
        rest = set(others).difference(tags.names)
        return cls(texts, tags, titles_alone=bool(rest) and texts.titles_alone(names))


def _refuse_faulty(source: str, faults: Mapping[str, Sequence[int]]) -> None:
    """Tell all that is wrong with rows at once, given the rows of every kind of fault."""
    if faults:
        faulty = len({number for numbers in faults.values() for number in numbers})
        kinds = "; ".join(f"{kind} in {rows_named(rows)}" for kind, rows in faults.items())
        meant = " (or say what no tags mean, --untagged)" if NO_TAGS in faults else ""
        raise FaultyRows(
            f"{source} has {counted(faulty, 'faulty row')}: {kinds}. "
            f"Correct or remove them{meant}; nothing was written."
        )


def rows_named(numbers: Sequence[int]) -> str:
    """Name rows by their numbers, the first ten of them."""
    return f"row{'s' if len(numbers) > 1 else ''} {listed([str(number) for number in numbers])}"


def _labelled(
    name: str,
    rows: Sequence[Row],
    columns: _Columns,
    aliases: Mapping[str, str],
    untagged: Untagged,
) -> tuple[Labelled, int]:
    """Return the texts and tags of all rows, and how many rows were skipped."""
    faults: defaultdict[str, list[int]] = defaultdict(list)
    numbers, texts, tags_of_each = [], [], []
    skipped = 0
    for row in rows:
        if row.fault:
            faults[row.fault].append(row.number)
            continue
        try:
            tags = columns.tags.tags_of(row.values, aliases)
        except ValueError as fault:
            faults[str(fault)].append(row.number)
            continue
        if not tags and untagged == "skip":
            skipped += 1
            continue
        text = columns.texts.text_of(row.values)
        if text is None:
            faults["no text"].append(row.number)
            text = ""
        elif strange := _strange(text):
            faults[f"{strange} in the text"].append(row.number)
        if not tags and untagged == "refuse":
            faults[NO_TAGS].append(row.number)
        elif strange := _strange("".join(tags)):
            faults[f"{strange} in the tags"].append(row.number)
        numbers.append(row.number)
        texts.append(text)
        tags_of_each.append(tags)
    _refuse_faulty(name, faults)
    return Labelled(tuple(numbers), tuple(texts), tuple(tags_of_each)), skipped


def _strange(words: str) -> str | None:
    """Name what no run can keep or no text has, if the words hold it."""
    if "\x00" in words:
        return "a NUL character"
    try:
        words.encode()
    except UnicodeEncodeError:
        return "half a surrogate pair"
    return None


def normalise(text: str) -> str:
    """Give texts that differ only in capitals, blanks or form of Unicode the same text."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


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


def _reading_of_corrections(reading: Reading) -> Reading:
    """Read what `--suspects` wrote as it was written, any other as the table that it corrects."""
    as_the_table = replace(reading, corrections=None)
    if reading.corrections is None or reading.corrections == "-":  # which can be read once
        return as_the_table
    try:
        first = next(read_rows(find_source(reading.corrections)), None)
    except UnreadableTable:
        return as_the_table
    is_suspects = first is not None and first.values.keys() >= SUSPECTS
    return Reading(aliases=reading.aliases) if is_suspects else as_the_table


def _corrected(labelled: Labelled, corrections: Dataset) -> tuple[Labelled, set[int]]:
    """Give texts the tags that another table gives them; tell the rows of these texts."""
    place = {normalise(text): place for place, text in enumerate(labelled.texts)}
    tags = list(labelled.tags)
    settled, strangers = set(), []
    corrected = corrections.labelled
    for number, text, right in zip(corrected.numbers, corrected.texts, corrected.tags, strict=True):
        at = place.get(normalise(text))
        if at is None:
            strangers.append(number)
        else:
            tags[at] = right
            settled.add(labelled.numbers[at])
    if strangers:
        raise FaultyRows(
            f"{corrections.source} corrects texts that the table does not hold, in "
            f"{rows_named(strangers)}. Correct tags there, texts in the table itself."
        )
    return replace(labelled, tags=tuple(tags)), settled
