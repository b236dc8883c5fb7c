"""Which columns of a table hold its texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tagger.errors import MissingColumns
from tagger.features import join_title

TITLES_ALONE = (
    "Texts are titles alone, for there is no column 'description': name it, "
    "--description-column NAME; or --text-column title if they are to be so."
)


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Which columns hold a text: one, or a title with or without a description."""

    text: str | None = None
    title: str | None = None
    description: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of these columns."""
        return tuple(filter(None, (self.text, self.title, self.description)))

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
            text = find_column(names, self.text, "text")
            if text is not None:
                return TextColumns(text=text)
        title = find_column(names, self.title, "title")
        if title is None:
            raise MissingColumns(
                "The table has no column 'text', nor 'title' and 'description'. Name the right "
                "one: --text-column NAME, or --title-column NAME and --description-column NAME.",
                names,
            )
        description = find_column(names, self.description, "description")
        # Not found in the names of some rows, it may stand in others.
        description = description or self.description or "description"
        return TextColumns(title=title, description=description)

    def titles_alone(self, names: Collection[str]) -> bool:
        """Tell whether a table has titles, and no column of descriptions."""
        return self.title is not None and self.description not in names

    def text_of(self, values: Mapping[str, object]) -> str | None:
        """Give the text of a row, without blanks around it; None where there is none.

        Raises
        ------
        MissingColumns
            Several columns bear the name of one that holds texts.
        """
        if self.text is not None:
            return _filled(values, self.text)
        title = _filled(values, self.title)
        description = _filled(values, self.description)
        if title and description:
            return join_title(title, description)
        return title or description


def find_column(names: Sequence[str], given: str | None, usual: str) -> str | None:
    """Find the column that was named, else the usual one, in capitals or not.

    Raises
    ------
    MissingColumns
        There is none of the name that was given.
    """
    wanted = given or usual
    found = [name for name in names if name == wanted] or [
        name for name in names if name.lower() == wanted.lower()
    ]
    if given is not None and not found:
        raise MissingColumns(f"The table has no column {wanted!r}.", names)
    return found[0] if found else None


def _filled(values: Mapping[str, object], name: str | None) -> str | None:
    value = values.get(name or "")
    if isinstance(value, tuple):
        raise MissingColumns(
            f"Several columns are named {name!r}, and a text stands in one: rename the others."
        )
    return (value.strip() or None) if isinstance(value, str) else None
