"""Which columns of a table hold its tags: one with all of them, or one for each tag."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tagger.columns import find_column
from tagger.errors import MissingColumns
from tagger.tables import Row
from training.tag_cells import stand_in_lines, tags_of

YES = {"1", "1.0", "true", "t", "yes", "y", "x", "\N{CHECK MARK}", "\N{HEAVY CHECK MARK}"}
"""What stands in a tag's own column where a text bears it, in capitals or not."""
NO = {"0", "0.0", "false", "f", "no", "n", ""}
"""What stands there where it does not."""


@dataclass(frozen=True, slots=True)
class TagColumns:
    """Where the tags are, and how a row's are read."""

    names: tuple[str, ...]
    """One column, whose cells name tags; or several, each of which says of the tag it is named for
    whether a text bears it."""
    many: bool
    """Whether a text may bear several."""
    separator: str
    """Between the tags of a cell that is no list."""
    in_lines: bool = False
    """Whether each line of a cell is a tag, if it holds no separator."""

    @classmethod
    def found_in(
        cls, rows: Sequence[Row], names: Sequence[str], *, given: str | None, separator: str
    ) -> TagColumns:
        """Find the columns among those of a table that do not hold its texts.

        Raises
        ------
        MissingColumns
        """
        if tags := find_column(names, given, "tags"):
            in_lines = stand_in_lines([row.values.get(tags) for row in rows], separator)
            return cls((tags,), many=True, separator=separator, in_lines=in_lines)
        if tag := find_column(names, None, "tag"):
            return cls((tag,), many=False, separator=separator)
        own = tuple(name for name in names if name and _says_yes_or_no(rows, name))
        if len(own) < 2:
            raise MissingColumns(
                "The table has no column 'tags' (several a row; or several columns of that name, "
                "one tag in each) or 'tag' (one a row), nor two that say of a tag, by 1 or 0, "
                "which texts bear it. Name the right one: --tags-column NAME.",
                names,
            )
        return cls(own, many=True, separator=separator)

    @property
    def one_for_each(self) -> bool:
        """Tell whether each tag has a column, so that a text without any is known to bear none."""
        return len(self.names) > 1

    def tags_of(self, values: Mapping[str, object], aliases: Mapping[str, str]) -> tuple[str, ...]:
        """Give the tags of a row, each once.

        Raises
        ------
        ValueError
            Says what the row holds instead.
        """
        if self.one_for_each:
            borne = [name for name in self.names if _word(values.get(name)) in YES]
            return tuple(tags_of(borne, separator=None, aliases=aliases))
        separator = self.separator if self.many else None
        cell = values.get(self.names[0])
        return tuple(tags_of(cell, separator=separator, aliases=aliases, in_lines=self.in_lines))


def _says_yes_or_no(rows: Collection[Row], name: str) -> bool:
    words = (_word(row.values.get(name)) for row in rows)
    return all(word in YES or word in NO for word in words) and any(
        _word(row.values.get(name)) in YES for row in rows
    )


def _word(value: object) -> str:
    return "" if value is None else str(value).strip().lower()
