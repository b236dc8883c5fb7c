"""What is odd about a table's tags: spelling, several in one, too rare, on every text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tagger.wording import counted, listed
from training.data import Dataset
from training.findings import Finding
from training.labelled import Labelled, rows_named
from training.split import FEWEST_WITHOUT

SEPARATORS = ("|", ",", ";", "#")
"""Signs by which many tables separate the tags of a cell."""
NOTHING = {"nan", "NaN", "NA", "N/A", "#N/A", "null", "NULL", "None", r"\N"}
"""What spreadsheets, databases and pandas write where there is no value."""
HASHTAGS = re.compile(r"#[^\s,;]+( #[^\s,;]+)+")
"""Several hashtags, which blanks alone separate."""
TOGETHER_FROM = 5
"""Texts that two tags must share before they are said always to come together."""


def always_together(labelled: Labelled, support: Mapping[str, int]) -> Iterator[Finding]:
    """Find pairs of tags that stand on the very same texts."""
    together = Counter(
        (one, other)
        for tags in labelled.tags
        for one in tags
        for other in tags
        if one < other and support[one] == support[other] >= TOGETHER_FROM
    )
    for (one, other), count in together.items():
        if count == support[one]:
            yield Finding(
                "tags-together",
                f"The tags {one!r} and {other!r} always come together ({count} texts): "
                "one of them says nothing.",
            )


def of_nothing(labelled: Labelled, support: Mapping[str, int]) -> Iterator[Finding]:
    """Find tags that are what programs write where there is no value."""
    for tag in filter(NOTHING.__contains__, support):
        rows = _bearing(labelled, tag)
        without = json.dumps({tag: ""})
        yield Finding(
            "tag-of-nothing",
            f"The tag {tag!r} ({rows_named(rows)}) is what programs write for no value: if it is "
            f"none, leave it out by --aliases FILE that holds {without}, and say by --untagged "
            "what a row without tags is.",
            rows,
        )


def joined(dataset: Dataset, support: Mapping[str, int]) -> Iterator[Finding]:
    """Find tags that look like several, joined by a sign that was not read as their separator."""
    for sign in SEPARATORS:
        parts = {tag: [part.strip() for part in tag.split(sign)] for tag in support}
        seen = Counter(part for found in parts.values() for part in set(found))
        # A tag may hold a comma: it is joined only if each of its parts stands in another tag too.
        tags = [
            tag
            for tag, found in parts.items()
            if sign in tag and all(part and seen[part] > 1 for part in found)
        ]
        if tags:
            # Where there is such a sign, blanks separate nothing.
            yield _named_joined(dataset, tags, sign)
            return
    tags = list(filter(HASHTAGS.fullmatch, support)) or _joined_by_blanks(dataset, support)
    if tags:
        yield _named_joined(dataset, tags, " ")


def _joined_by_blanks(dataset: Dataset, support: Mapping[str, int]) -> list[str]:
    """Find tags of several words, if no row bears two tags and few words make up many of them.

    Names of several words each, which are one tag, have about as many words as there are names.
    """
    words = {word for tag in support for word in tag.split()}
    several = sum(len(tags) > 1 for tags in dataset.labelled.tags)
    if several > len(dataset.repeated) or len(words) > len(support) / 2:
        return []
    return [tag for tag in support if " " in tag]


def _named_joined(dataset: Dataset, joined: Sequence[str], sign: str) -> Finding:
    rows = _bearing(dataset.labelled, *joined)
    # A cell of the column `tag` is one tag, whatever it holds, unless the column is named.
    column = "--tags-column tag " if dataset.task == "single" else ""
    return Finding(
        "joined-tags",
        f"Tags such as {joined[0]!r}, {len(joined)} in all ({rows_named(rows)}), look like "
        f"several joined by {sign!r}: name what separates them, {column}--separator {sign!r}.",
        rows,
    )


def _bearing(labelled: Labelled, *tags: str) -> tuple[int, ...]:
    """Return the numbers of the rows that bear any of these tags."""
    wanted = set(tags)
    return tuple(
        number
        for number, some in zip(labelled.numbers, labelled.tags, strict=True)
        if not wanted.isdisjoint(some)
    )


def spelt_in_several_ways(labelled: Labelled, aliases: Mapping[str, str]) -> Iterator[Finding]:
    """Tell each tag that looks like another spelt otherwise."""
    rows_of: dict[str, list[int]] = {other: [] for other in aliases}
    for number, tags in zip(labelled.numbers, labelled.tags, strict=True):
        for tag in aliases.keys() & tags:
            rows_of[tag].append(number)
    for other, usual in aliases.items():
        rows = tuple(rows_of[other])
        yield Finding(
            "spelling",
            f"The tag {other!r} ({rows_named(rows)}) looks like {usual!r} spelt otherwise.",
            rows,
        )


def rare(support: Mapping[str, int], min_support: int) -> Iterator[Finding]:
    """Find tags of too few texts to learn from."""
    tags = [f"{tag} ({count})" for tag, count in sorted(support.items()) if count < min_support]
    if tags:
        yield Finding(
            "rare-tags",
            f"{len(tags)} of {counted(len(support), 'tag')} will not be trained, for want of "
            f"{min_support} texts to learn from (--min-support): {listed(tags)}.",
        )


def too_few(
    trained: Sequence[str], in_test: Mapping[str, int], min_support: int
) -> Iterator[Finding]:
    """Tell where too few tags are left to train, or none that could be measured."""
    if len(trained) < 2:
        yield Finding(
            "too-few-tags",
            f"{len(trained) or 'No'} tag can be trained, and training needs two: a tag needs "
            f"{min_support} texts to learn from that bear it (--min-support), and "
            f"{FEWEST_WITHOUT} that do not.",
        )
    elif not any(in_test[tag] for tag in trained):
        yield Finding(
            "untested",
            "No text that is kept for the test bears a tag that would be trained, so that nothing "
            "could be measured, and training refuses the table: add rows.",
        )


def everywhere(tags: Sequence[str]) -> Iterator[Finding]:
    """Tell which tags stand on all texts to learn from, or all but one."""
    if tags:
        yield Finding(
            "tag-everywhere",
            f"{counted(len(tags), 'tag')} will not be trained, found on every text to learn from, "
            f"or on all but one: {listed(tags)}.",
        )
