"""A table of what was measured: printed where it is measured, and written into pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import rich.table
from rich.console import Console


@dataclass(frozen=True)
class Table:
    """Columns of words first, to the left, then those of figures, to the right."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1

    def without(self, *columns: str) -> Table:
        """Leave out the columns of these heads."""
        kept = [number for number, column in enumerate(self.head) if column not in columns]
        lines = [[line[number] for number in kept] for line in (self.head, *self.rows)]
        return Table(lines[0], lines[1:], self.words)

    def show(self, title: str) -> None:
        """Print it."""
        printed = rich.table.Table(title=title)
        for number, column in enumerate(self.head):
            printed.add_column(column, justify="left" if number < self.words else "right")
        for row in self.rows:
            printed.add_row(*row)
        Console(width=150).print(printed)

    def markdown(self) -> str:
        """Write it for a page."""
        rule = ["---"] * self.words + ["--:"] * (len(self.head) - self.words)
        return "\n".join(f"| {' | '.join(line)} |" for line in (self.head, rule, *self.rows))
