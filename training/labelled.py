"""Rows of a table -> texts and their tags; whatever is wrong with rows is told at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tagger.columns import TextColumns, find_column
from tagger.errors import FaultyRows, MissingColumns
from tagger.tables import Row
from tagger.wording import LONGEST_SHOWN, counted, listed
from training.tag_columns import TagColumns

Untagged = Literal["refuse", "skip", "none"]
"""A row without tags is a fault, or no example at all, or one that is known to bear no tag."""
NO_TAGS = "no tags"


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
class Columns:
    """Which columns of a table hold what."""

    texts: TextColumns
    tags: TagColumns
    titles_alone: bool
    """Whether no column of descriptions was found, nor named, beside the titles."""
    unread_title: str | None
    """A column of titles, if that of the texts, which nobody named, is read without it."""

    @classmethod
    def found_in(cls, table: str, rows: Sequence[Row], reading: Reading) -> Columns:
        """Find them among the names in all rows.

        Raises
        ------
        MissingColumns, FaultyRows
        """
        names = names_in(rows)
        if not names:
            faults: defaultdict[str, list[int]] = defaultdict(list)
            for row in rows:
                faults[row.fault or "no columns"].append(row.number)
            _refuse_faulty(table, faults)
        texts, problems = TextColumns(), []
        try:
            texts = reading.columns.found_in(names)
        except MissingColumns as fault:
            problems.append(fault.problem)
        of_texts = {texts.text, texts.title, texts.description}
        others = [name for name in names if name not in of_texts]
        try:
            tags = TagColumns.found_in(
                rows, others, given=reading.tags, separator=reading.separator
            )
        except MissingColumns as fault:
            problems.append(fault.problem)
        if problems:
            raise MissingColumns(" ".join((*problems, *_nested(rows, names))), names)
        rest = [name for name in others if name not in tags.names]
        title = find_column(rest, None, "title")
        unread = (
            texts.text is not None
            and reading.columns.text is None
            and any(_says_something(row.values.get(title or "")) for row in rows)
        )
        return cls(
            texts,
            tags,
            titles_alone=bool(rest) and texts.titles_alone(names),
            unread_title=title if unread else None,
        )

    def lack_of_text(self, row: Row) -> str:
        """Say what a row holds that has no text where its text should stand."""
        names = (self.texts.text, self.texts.title, self.texts.description)
        cells = [row.values.get(name) for name in names if name]
        if any(isinstance(cell, list | dict) for cell in cells):
            return "a list or an object in place of the text"
        number = any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)
        return "a number in place of the text" if number else "no text"


def names_in(rows: Sequence[Row]) -> list[str]:
    """Return the names of a table's columns; a row of JSON may lack what is empty."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def _nested(rows: Sequence[Row], names: Sequence[str]) -> Iterator[str]:
    """Say that what is looked for may stand in columns of objects."""
    found = [
        repr(name[:LONGEST_SHOWN])
        for name in names
        if any(isinstance(row.values.get(name), dict) for row in rows)
    ]
    if found:
        yield (
            f"Objects stand in {listed(found)}: give what they hold columns of its own, as "
            "pandas.json_normalize does."
        )


@dataclass(frozen=True, slots=True)
class Read:
    """What the rows of a table hold, and how that was found."""

    labelled: Labelled
    columns: Columns
    untagged: Untagged
    """What rows without tags were taken for."""
    skipped: int
    """Rows without tags that were left out."""


def label(name: str, rows: Sequence[Row], reading: Reading) -> Read:
    """Read the texts and tags of a table's rows, or tell all that is wrong with them.

    Raises
    ------
    MissingColumns
    FaultyRows
        Names every kind of fault and the rows that have it.
    """
    columns = Columns.found_in(name, rows, reading)
    untagged = reading.untagged or ("none" if columns.tags.one_for_each else "refuse")
    faults: defaultdict[str, list[int]] = defaultdict(list)
    numbers, texts, tags_of_each = [], [], []
    skipped = 0
    for row in rows:
        if row.fault:
            faults[row.fault].append(row.number)
            continue
        if not any(map(_says_something, row.values.values())):
            skipped += 1
            continue
        try:
            tags = columns.tags.tags_of(row.values, reading.aliases)
        except ValueError as fault:
            faults[str(fault)].append(row.number)
            continue
        if not tags and untagged == "skip":
            skipped += 1
            continue
        text = columns.texts.text_of(row.values)
        if text is None:
            faults[columns.lack_of_text(row)].append(row.number)
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
    labelled = Labelled(tuple(numbers), tuple(texts), tuple(tags_of_each))
    return Read(labelled, columns, untagged, skipped)


def _says_something(value: object) -> bool:
    """Tell whether a cell is filled: below a table spreadsheets write rows of which none is."""
    return bool(value.strip()) if isinstance(value, str) else value not in (None, (), [])


def _strange(words: str) -> str | None:
    """Name what no run can keep or no text has, if the words hold it."""
    if "\x00" in words:
        return "a NUL character"
    try:
        words.encode()
    except UnicodeEncodeError:
        return "half a surrogate pair"
    return None


def _refuse_faulty(source: str, faults: Mapping[str, Sequence[int]]) -> None:
    """Tell all that is wrong with rows at once, given the rows of every kind of fault."""
    if faults:
        faulty = len({number for numbers in faults.values() for number in numbers})
        kinds = "; ".join(f"{kind} in {rows_named(rows)}" for kind, rows in faults.items())
        meant = " (or say what no tags mean: --untagged skip, or none)" if NO_TAGS in faults else ""
        raise FaultyRows(
            f"{source} has {counted(faulty, 'faulty row')}: {kinds}. "
            f"Correct or remove them{meant}; nothing was written."
        )


def rows_named(numbers: Sequence[int]) -> str:
    """Name rows by their numbers, the first ten of them."""
    return f"row{'s' if len(numbers) > 1 else ''} {listed([str(number) for number in numbers])}"
