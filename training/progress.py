"""Named steps of a long command: a bar on a terminal, plain lines on stderr elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Step = Callable[[str], None]
"""Told the name of a step when it begins."""


@contextmanager
def steps(console: Console, *, expected: int) -> Iterator[Step]:
    """Show the steps of a command on stderr as they begin; ``expected`` is about how many."""
    if not console.is_terminal:
        yield console.print
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        bar = progress.add_task("", total=expected)
        begun = 0

        def step(name: str) -> None:
            nonlocal begun
            total = max(expected, begun + 1)
            progress.update(bar, description=name, completed=begun, total=total, refresh=True)
            begun += 1

        yield step
