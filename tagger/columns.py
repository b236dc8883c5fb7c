"""Which columns of a table hold its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagger.errors import MissingColumns
from tagger.features import join_title


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Which columns hold a text: one, or a title with or without a description."""

    text: str | None = None
    title: str | None = None
    description: str | None = None

    def found_in(self, names: Sequence[str]) -> TextColumns:
        """Find the columns among a table's, by their usual names where none was given.

        Raises
        ------
        MissingColumns
        """
        if self.text and (self.title or self.description):
            raise MissingColumns(
                "A text is one column (--text-column), or a title and a description "
                "(--title-column, --description-column): name the one or the others."
            )
        if not (self.title or self.description):
            text = find_column(names, self.text or "text", needed=self.text is not None)
            if text is not None:
                return TextColumns(text=text)
        title = find_column(names, self.title or "title", needed=self.title is not None)
        if title is None:
            raise MissingColumns(
                "The table has no column 'text', nor 'title' and 'description'; "
                f"its columns are {', '.join(map(repr, names)) or 'none'}. "
                "Name the right one: --text-column NAME."
            )
        wanted = self.description or "description"
        description = find_column(names, wanted, needed=self.description is not None)
        # Not found in the names of some rows, it may stand in others.
        return TextColumns(title=title, description=description or wanted)

    def text_of(self, values: Mapping[str, object]) -> str | None:
        """Give the text of a row, without blanks around it; None where there is none."""
        if self.text is not None:
            return _filled(values.get(self.text))
        title = _filled(values.get(self.title or ""))
        description = _filled(values.get(self.description or ""))
        if title and description:
            return join_title(title, description)
        return title or description


def find_column(names: Sequence[str], wanted: str, *, needed: bool) -> str | None:
    """Find a column by its name, in capitals or not; MissingColumns if it is ``needed``."""
    found = [name for name in names if name == wanted] or [
        name for name in names if name.lower() == wanted.lower()
    ]
    if needed and not found:
        raise MissingColumns(
            f"The table has no column {wanted!r}; its columns are "
            f"{', '.join(map(repr, names)) or 'none'}."
        )
    return found[0] if found else None


def _filled(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None
