"""A table is split by its texts alone, and tags are chosen on the side that is trained on."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import TooLittleData
from tagger.records import Params
from tests.runs import TABLE, made_run
from training.data import read_dataset
from training.labelled import Reading
from training.sides import fingerprints, on_test_side
from training.split import split


@given(st.text(min_size=1))
def test_a_texts_side_is_its_own(text: str) -> None:
    """Blanks around a text and other texts beside it change nothing, whatever it holds."""
    (alone,) = fingerprints([text], "tagline")
    assert fingerprints([f"  {text}\n", "beside it"], "tagline")[0] == alone


def test_a_texts_side_hangs_on_its_words_and_the_salt() -> None:
    """Other capitals leave a text where it was; of another salt another fifth is kept back."""
    texts = [f"Text number {number}" for number in range(5_000)]
    marks, others = fingerprints(texts, "tagline"), fingerprints(texts, "other")
    assert (fingerprints([text.upper() for text in texts], "tagline") == marks).all()
    one, other = (on_test_side(some, 0.2) for some in (marks, others))
    assert 900 < one.sum() < 1_100
    assert 120 < (one & other).sum() < 280
    assert on_test_side(marks, 0.5)[one].all(), "whoever keeps back more keeps back these too"


def test_a_texts_side_is_the_same_in_every_version() -> None:
    """Runs of today are compared with those of before by these numbers."""
    assert fingerprints(["A text"], "tagline").tolist() == [15_637_522_893_458_298_600]
    ends = np.array([0, 2**64 // 5 - 2**12, 2**64 // 5 + 2**12, 2**64 - 1], np.uint64)
    assert on_test_side(ends, 0.2).tolist() == [True, True, False, False]


def test_near_duplicates_of_the_test_are_not_trained_on(tmp_path: Path) -> None:
    """A training text that is nearly one of the test is left out and counted."""
    dataset = read_dataset(str(TABLE), Reading())
    parts = split(dataset, made_run().run.params)
    table = tmp_path / "table.csv"
    copies = [
        f"{text} {word},{'|'.join(tags)}"
        for text, tags in zip(parts.test.texts, parts.test.tags, strict=True)
        for word in ("extra", "more", "again", "now")
    ]
    table.write_text(TABLE.read_text() + "\n".join(copies) + "\n")
    again = split(read_dataset(str(table), Reading()), made_run().run.params)
    last_of_before = len(dataset.labelled) + 1
    assert len(again.near_duplicates) > len(parts.test)
    assert all(ours > last_of_before for ours, _ in again.near_duplicates)
    assert set(parts.training.texts) <= set(again.training.texts)
    described = again.describe(dataset, licence=None)
    assert described.near_duplicates_left_out == len(again.near_duplicates)
    kept_copies = {number for number in again.training.numbers if number > last_of_before}
    assert len(kept_copies) < len(copies) / 10


def test_tags_are_chosen_on_the_training_side() -> None:
    """What the test's texts bear has no say in it; a tag of just so many texts is trained."""
    dataset = read_dataset(str(TABLE), Reading())
    support = Counter(tag for tags in split(dataset, Params()).training.tags for tag in tags)
    least = support.most_common(2)[1][1]
    enough = {tag for tag, count in support.items() if count >= least}
    assert set(split(dataset, Params(min_support=least)).tags) == enough


def test_where_no_tag_has_texts_enough_the_nearest_are_named() -> None:
    """Who is refused for that sees what to ask of --min-support."""
    dataset = read_dataset(str(TABLE), Reading())
    support = Counter(tag for tags in split(dataset, Params()).training.tags for tag in tags)
    (tag, count), *_ = support.most_common(1)
    with pytest.raises(TooLittleData, match=rf"of the others: {tag} \({count}\), "):
        split(dataset, Params(min_support=1000))


@pytest.mark.parametrize(
    ("params", "told"),
    [(Params(test_share=1e-6), "0 for the test"), (Params(folds=200), "needs 400 or more")],
)
def test_a_side_of_too_few_texts_is_refused(params: Params, told: str) -> None:
    """A test of none measures nothing, and a fold needs two texts."""
    with pytest.raises(TooLittleData, match=told):
        split(read_dataset(str(TABLE), Reading()), params)


def test_a_growing_table_moves_no_text_to_the_other_side(tmp_path: Path) -> None:
    """More rows and another order leave every text on its side."""
    params = made_run().run.params
    header, *rows = TABLE.read_text().splitlines()
    random.Random(3).shuffle(rows)
    table = tmp_path / "table.csv"
    table.write_text(
        "\n".join((header, *rows, *(f"new words number {i},music" for i in range(99))))
    )
    before = split(read_dataset(str(TABLE), Reading()), params)
    after = split(read_dataset(str(table), Reading()), params)
    assert set(before.test.texts) <= set(after.test.texts)
    assert not set(before.test.texts) & set(after.training.texts)


def test_free_tags_of_which_most_are_rare(tmp_path: Path) -> None:
    """Tags of too few texts are left out and told; their texts stay, as bearing none."""
    table = tmp_path / "table.jsonl"
    lines = []
    for number, row in enumerate(csv.DictReader(TABLE.open())):
        tags = [*row["tags"].split("|"), f"free-{number % 200}"]
        lines.append(json.dumps({"text": row["text"], "tags": tags}))
    lines += [json.dumps({"text": f"plain talk {i} of things", "tags": ["odd"]}) for i in range(9)]
    table.write_text("\n".join(lines))
    parts = split(read_dataset(str(table), Reading()), Params())
    assert len(parts.tags) == 6
    assert len(parts.rare) == 201
    assert parts.untagged == 9
    assert len(parts.training) + len(parts.test) == 259
    assert {tag for tags in parts.training.tags for tag in tags} == set(parts.tags)
