"""The split: both sides of a table with the tags that are trained, chosen on the training side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tagger.columns import TITLES_ALONE
from tagger.errors import FaultyRows, TooLittleData
from tagger.records import Data, Params
from tagger.wording import counted, listed
from training.data import Dataset, last_part
from training.labelled import Labelled, rows_named
from training.sides import Sides, sides_of

MOST_AMBIGUOUS = 0.05
"""Share of the texts that may bear several tags where each is to have one, and be left out.

People who tag a text twice do not always agree; where more texts bear several, it may be meant.
"""

FEWEST_WITHOUT = 2
"""Training texts that do not bear a tag: with fewer there is nothing to learn it from."""


@dataclass(frozen=True, slots=True)
class Split(Sides):
    """Both sides with none but the tags that are trained."""

    tags: tuple[str, ...]
    rare: Mapping[str, int]
    """Tags left out, with the number of training texts that bear each."""
    everywhere: tuple[str, ...]
    """Tags left out because all training texts bear them, or all but one."""
    untagged: int
    """Texts that bear no trained tag: kept as true negatives, or left out where each needs one."""

    def describe(self, dataset: Dataset, *, licence: str | None) -> Data:
        """Describe for a run what it was trained on."""
        return Data(
            source=last_part(dataset.source),
            sha256=dataset.sha256,
            rows=len(dataset.labelled),
            training_rows=len(self.training),
            test_rows=len(self.test),
            near_duplicates_left_out=len(self.near_duplicates),
            licence=licence,
        )


def split(dataset: Dataset, params: Params) -> Split:
    """Divide a dataset, and choose the tags that are trained."""
    return choose_tags(dataset, sides_of(dataset, params), params)


def choose_tags(dataset: Dataset, sides: Sides, params: Params) -> Split:
    """Choose the tags to train on the training side.

    Raises
    ------
    FaultyRows
        More than `MOST_AMBIGUOUS` of the texts bear several tags where the task is single.
    TooLittleData
        A side would be empty, or fewer than two tags have ``min_support`` training texts, and
        `FEWEST_WITHOUT` that do not bear them.
    """
    _refuse_ambiguous(dataset, sides.ambiguous)
    support = Counter(tag for tags in sides.training.tags for tag in tags)
    tags, everywhere = trained_tags(support, len(sides.training), params)
    of_table = {tag for some in dataset.labelled.tags for tag in some}
    rare = {tag: support[tag] for tag in sorted(of_table.difference(tags, everywhere))}
    _refuse_few_texts(dataset, sides, params)
    _refuse_few_tags(dataset, tags, rare, everywhere, params)
    training, test = (_with_tags(side, set(tags)) for side in (sides.training, sides.test))
    _refuse_untested(dataset, test)
    untagged = sum(not some for some in (*training.tags, *test.tags))
    if params.task == "single":
        training, test = (
            side.take([place for place, some in enumerate(side.tags) if some])
            for side in (training, test)
        )
    near, ambiguous = sides.near_duplicates, sides.ambiguous
    return Split(training, test, near, ambiguous, tags, rare, everywhere, untagged)


def trained_tags(
    support: Mapping[str, int], texts: int, params: Params
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose the tags to train, and tell which have support enough but stand on every text.

    ``support`` is how many of so many training texts bear each.
    """
    frequent = sorted(tag for tag, count in support.items() if count >= params.min_support)
    tags = tuple(tag for tag in frequent if support[tag] <= texts - FEWEST_WITHOUT)
    return tags, tuple(tag for tag in frequent if tag not in tags)


def _with_tags(labelled: Labelled, tags: set[str]) -> Labelled:
    kept = tuple(tuple(tag for tag in some if tag in tags) for some in labelled.tags)
    return replace(labelled, tags=kept)


def _refuse_ambiguous(dataset: Dataset, several: Sequence[int]) -> None:
    if len(several) > MOST_AMBIGUOUS * len(dataset.labelled):
        titles = f" {TITLES_ALONE}" if dataset.columns.titles_alone else ""
        raise FaultyRows(
            f"{dataset.source} gives the same text several tags where the task is single, in "
            f"{rows_named(several)}. Correct them (`check` names the rows that contradict each "
            f"other), or train with --task multi.{titles}"
        )


def _refuse_few_texts(dataset: Dataset, sides: Sides, params: Params) -> None:
    training, test, near = len(sides.training), len(sides.test), len(sides.near_duplicates)
    needed = params.folds * 2
    if training < needed or not test:
        raise TooLittleData(
            f"{dataset.source} has {counted(len(dataset.labelled), 'different text')}, "
            f"{training} for training and {test} for the test: training needs "
            f"{needed} or more, the test one or more. "
            + (f"Left out as near duplicates of texts of the test: {near}. " if near else "")
            + "Add rows."
        )


def _refuse_few_tags(
    dataset: Dataset,
    tags: Sequence[str],
    rare: Mapping[str, int],
    everywhere: Sequence[str],
    params: Params,
) -> None:
    if len(tags) < 2:
        others = []
        if everywhere:
            others.append(f"On every text or all but one: {listed(everywhere)}.")
        if rare:
            most = sorted(rare.items(), key=lambda item: -item[1])[:5]
            nearest = ", ".join(f"{tag} ({count})" for tag, count in most)
            others.append(f"The most frequent of the others: {nearest}.")
        if tags and not others:
            others.append("Where it is the only one, give the other texts a tag that says so.")
        raise TooLittleData(
            f"{dataset.source} has {counted(len(tags), 'usable tag')}, and "
            f"training needs two: a tag needs {params.min_support} training texts (--min-support). "
            + " ".join(others)
        )


def _refuse_untested(dataset: Dataset, test: Labelled) -> None:
    if not any(test.tags):
        raise TooLittleData(
            f"{dataset.source} has {counted(len(test), 'text')} for the test, and none of them "
            "bears a tag that is trained, so that nothing could be measured. Add rows, or keep "
            "more for the test (--test-share)."
        )
