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
