"""Rows of a table -> texts and their tags; whatever is wrong with rows is told at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tagger.columns import TextColumns
from tagger.errors import FaultyRows
from tagger.tables import Row
from tagger.wording import counted, listed
from training.columns import Columns, names_in, says_something

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
    faults: defaultdict[str, list[int]] = defaultdict(list)
    if not names_in(rows):
        for row in rows:
            faults[row.fault or "no columns"].append(row.number)
        _refuse_faulty(name, faults)
    columns = Columns.found_in(
        rows, texts=reading.columns, tags=reading.tags, separator=reading.separator
    )
    untagged = reading.untagged or ("none" if columns.tags.one_for_each else "refuse")
    numbers, texts, tags_of_each = [], [], []
    skipped = 0
    for row in rows:
        if row.fault:
            faults[row.fault].append(row.number)
            continue
        if not any(map(says_something, row.values.values())):
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
        for kind in _faults_of(text or "", tags, untagged):
            faults[kind].append(row.number)
        numbers.append(row.number)
        texts.append(text or "")
        tags_of_each.append(tags)
    _refuse_faulty(name, faults)
    labelled = Labelled(tuple(numbers), tuple(texts), tuple(tags_of_each))
    return Read(labelled, columns, untagged, skipped)


def _faults_of(text: str, tags: Sequence[str], untagged: Untagged) -> Iterator[str]:
    """Say what is wrong with a text that was found, and with its tags."""
    if forbidden := _forbidden(text):
        yield f"{forbidden} in the text"
    if not tags and untagged == "refuse":
        yield NO_TAGS
    elif forbidden := _forbidden("".join(tags)):
        yield f"{forbidden} in the tags"


def _forbidden(words: str) -> str | None:
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
