"""Another table to learn from as well: its texts, for the tags that both tables have."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from tagger.errors import MissingColumns, TooLittleData
from tagger.records import Auxiliary
from training.data import Dataset, last_part, normalise, read_dataset
from training.duplicates import near_duplicates
from training.labelled import Labelled, Reading
from training.split import Split

CATALOGUE = Path(__file__).parent / "catalogue.csv"
"""Tagline's own table."""

FEWEST_TEXTS = 2
"""Of the other table that bear a tag, or it does not lend the tag."""
SHARE_OF_TAGS = 1 / 3
"""Of a table's tags that Tagline's own must have to be tried unasked."""


@dataclass(frozen=True, slots=True)
class Lent:
    """What another table lends to a training."""

    labelled: Labelled
    """Its texts, with those of their tags that both tables have: of these a text without one is
    known not to bear it, of the table's other tags nothing is known."""
    described: Auxiliary


def lent_by(table: str, dataset: Dataset, parts: Split, reading: Reading) -> Lent:
    """Read another table, by the columns of the first, and return what it lends.

    Raises
    ------
    TooLittleData
        No tag that is trained has `FEWEST_TEXTS` of its texts that are not in ``dataset`` too.
    MissingColumns, UnreadableTable, FaultyRows
    """
    try:
        other = read_dataset(table, replace(reading, encoding=None, corrections=None))
    except MissingColumns as fault:
        raise MissingColumns(f"--also {table} is read as TABLE is. {fault}") from fault
    lent = _lent(other, dataset, parts)
    if not lent.described.tags:
        raise TooLittleData(
            f"{other.source} lends nothing: none of the {len(parts.tags)} tags that are trained "
            f"stands at {FEWEST_TEXTS} or more of its texts that {dataset.source} does not hold. "
            "Leave out --also, or give the tags one spelling by --aliases."
        )
    return lent


def lent_unasked(dataset: Dataset, parts: Split, reading: Reading) -> Lent | None:
    """Return what Tagline's own table lends, if it has enough of the tags."""
    own = read_dataset(str(CATALOGUE), Reading(aliases=reading.aliases))
    known = {tag for tags in own.labelled.tags for tag in tags}
    if len(known.intersection(parts.tags)) < SHARE_OF_TAGS * len(parts.tags):
        return None
    lent = _lent(own, dataset, parts)
    return lent if lent.described.tags else None


def _lent(other: Dataset, dataset: Dataset, parts: Split) -> Lent:
    """Leave out texts that the table itself holds, on either side, and tags that it has not."""
    near = near_duplicates(other.labelled.texts, dataset.labelled.texts)
    # Texts of signs alone hold no words by which to find them near.
    held = {normalise(text) for text in dataset.labelled.texts}
    left = other.labelled.take(
        [
            at
            for at, text in enumerate(other.labelled.texts)
            if at not in near and normalise(text) not in held
        ]
    )
    support = Counter(tag for tags in left.tags for tag in tags)
    shared = tuple(tag for tag in parts.tags if support[tag] >= FEWEST_TEXTS)
    tags = tuple(tuple(tag for tag in some if tag in shared) for some in left.tags)
    described = Auxiliary(last_part(other.source), other.sha256, len(left), shared)
    return Lent(replace(left, tags=tags), described)
