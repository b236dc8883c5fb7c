"""Which columns of a table hold what: its texts, its tags, and what is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tagger.columns import TextColumns, find_column
from tagger.errors import MissingColumns
from tagger.tables import Row
from tagger.wording import LONGEST_SHOWN, listed
from training.tag_columns import TagColumns


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
    def found_in(
        cls, rows: Sequence[Row], *, texts: TextColumns, tags: str | None, separator: str
    ) -> Columns:
        """Find them among the names in all rows.

        Parameters
        ----------
        texts, tags
            What was named; what was not is looked for by its usual name.
        separator
            Between the tags of a cell that is no list.

        Raises
        ------
        MissingColumns
        """
        names = names_in(rows)
        found, problems = TextColumns(), []
        try:
            found = texts.found_in(names)
        except MissingColumns as fault:
            problems.append(fault.problem)
        others = [name for name in names if name not in found.names]
        try:
            of_tags = TagColumns.found_in(rows, others, given=tags, separator=separator)
        except MissingColumns as fault:
            problems.append(fault.problem)
        if problems:
            raise MissingColumns(" ".join((*problems, *_nested(rows, names))), names)
        rest = [name for name in others if name not in of_tags.names]
        title = find_column(rest, None, "title")
        unread = (
            found.text is not None
            and texts.text is None
            and any(says_something(row.values.get(title or "")) for row in rows)
        )
        return cls(
            found,
            of_tags,
            titles_alone=bool(rest) and found.titles_alone(names),
            unread_title=title if unread else None,
        )

    def lack_of_text(self, row: Row) -> str:
        """Say what a row holds that has no text where its text should stand."""
        cells = [row.values.get(name) for name in self.texts.names]
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


def says_something(value: object) -> bool:
    """Tell whether a cell is filled: below a table spreadsheets write rows of which none is."""
    return bool(value.strip()) if isinstance(value, str) else value not in (None, (), [])
