"""A table split several times: of one split's figure chance has too large a share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from tagger.records import Params
from training.data import Dataset
from training.split import Split, split


def splits_of(
    dataset: Dataset, usual: Params, *, salt: str, count: int
) -> Iterator[tuple[Params, Split]]:
    """Yield each split with its params, which differ in their salt, and tell of each on stderr."""
    for number in range(count):
        params = replace(usual, salt=f"{salt} {number}")
        yield params, split(dataset, params)
        click.echo(f"{Path(dataset.source).stem}: split {number + 1} of {count}", err=True)
