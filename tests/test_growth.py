"""Growth curves are measured on what they say, and the README shows what was measured."""

from __future__ import annotations

import tomllib
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from load_tests import made_runs
from load_tests.curves import Curve, Growth, Line, Point
from load_tests.panels import Axis, draw
from load_tests.readme import EXPLANATIONS
from load_tests.results import CURVES, read
from load_tests.sections import written
from load_tests.texts import of_length, of_words, read_texts, unknown_words
from tagger.decide import decide
from tagger.store import Store
from tagger.words import words_of
from tests.runs import TABLE, named, put

TEXTS = ["a first text about nothing much", "and a second one of seven more words"]


def test_made_up_words_differ_and_are_unknown() -> None:
    """No word comes twice, and none that is known."""
    first, second = islice(unknown_words(()), 2)
    words = list(islice(unknown_words({first}), 10_000))
    assert len(set(words)) == 10_000
    assert words[0] == second
    assert words_of(" ".join(words)) == words


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_text_has_the_share_of_unknown_words_that_was_asked_for(share: float) -> None:
    """Known words come from the texts, the others from the unknown ones."""
    known = {word for text in TEXTS for word in words_of(text)}
    made = of_words(TEXTS, unknown_words(known), share, 500)
    words = [word for text in made for word in text.split()]
    assert np.mean([word not in known for word in words]) == pytest.approx(share, abs=0.02)


def test_a_text_has_the_length_that_was_asked_for() -> None:
    """To the character."""
    assert {len(text) for text in of_length(TEXTS, 30, 50)} == {30}


def test_a_made_run_has_so_many_tags_and_is_served_like_any_other(tmp_path: Path) -> None:
    """It is read from the store, its check scores confirmed, and gives a text two tags."""
    source, target = Store(tmp_path / "source"), Store(tmp_path / "target")
    put(source, named("first"))
    texts = read_texts(TABLE)
    run_id = made_runs.write_run(source, "first", target, tags=60, texts=texts)
    model = target.model(run_id)
    assert len(model.tags) == 60 == len(target.run(run_id).tags)
    found = decide(model.score(texts), model.policy)
    assert len(found.columns) / len(texts) == pytest.approx(made_runs.TAGS_A_TEXT, abs=1)


def curve() -> Curve:
    """Two points of one line."""
    points = (
        Point(1, 1_000, 1.0, failures=0, cpu_us=100),
        Point(100, 4_000, 50.0, failures=3, cpu_us=90),
    )
    return Curve("connections", "Title", "what grows", "requests", (Line("Tagline", points),))


def test_a_wide_axis_is_logarithmic_and_a_narrow_one_begins_at_zero() -> None:
    """A tenth of the largest stands half-way on the one, at a tenth of the other."""
    assert Axis((1, 10, 100)).place(10) == pytest.approx(0.5)
    assert Axis((10, 100)).place(10) == pytest.approx(0.1)


def test_the_marks_of_an_axis_stand_apart() -> None:
    """Powers of ten between its ends, but for one so close to an end that numbers would meet."""
    assert Axis((7, 300, 1_100)).marks() == [7, 100, 1_100]
    assert Axis((10, 30)).marks() == [0, 15, 30]


def test_a_chart_has_a_dot_a_point_in_each_panel() -> None:
    """Rate and 99th percentile: two panels of two points."""
    assert len(list(draw(curve()).iter("circle"))) == 4


def test_the_table_has_a_row_a_point() -> None:
    """With rate, 99th percentile, processor time and failures."""
    assert curve().table().markdown().splitlines()[-1] == "| 100 | 4,000 | 50.00 | 90 | 3 |"


def test_only_what_is_between_its_comments_is_written_anew() -> None:
    """Words of ours around and in other sections stay."""
    text = (
        "a\n<!-- one: by us -->\nold\n<!-- one end -->\nb\n<!-- two: by us -->\n<!-- two end -->\n"
    )
    assert written(text, "one", ["new", "newer"]) == text.replace("old\n", "\nnew\n\nnewer\n\n")


def test_every_curve_has_its_sentence() -> None:
    """The file of sentences explains each curve that was measured, and no other."""
    explained = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    assert explained.keys() == {curve.name for curve in read(Growth, CURVES).curves}
