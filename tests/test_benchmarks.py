"""Benchmarks tell the truth: stale figures are known, and pages show what was measured."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest

from bulk import measure
from load_tests.chart import bars
from load_tests.hot_path import HOT_PATH, digest
from load_tests.readme import SECTIONS, pictures
from load_tests.results import BENCH, Comparison, load_before, read
from load_tests.sections import written
from tests.serving import PROJECT, run_python


@pytest.mark.parametrize("command", ["bench", "growth", "memory", "costs", "sizing.measure"])
def test_a_machine_that_cannot_measure_is_refused(tmp_path: Path, command: str) -> None:
    """Without wrk nothing is started, and a sentence says what is missing and how to get it."""
    done = run_python("-m", f"load_tests.{command}", home=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "and wrk: make system-packages installs it" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_core_cannot_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Server and callers would take turns on it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    with pytest.raises(click.ClickException, match="Measuring needs two cores"):
        load_before()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of the hot path, to change."""
    for name in HOT_PATH:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_words_do_not_change_the_digest_of_the_hot_path(copy: Path) -> None:
    """A comment, a blank line and a docstring leave the digest as it is."""
    decide = copy / "tagger" / "decide.py"
    decide.write_text(f'"""Other words."""\n\n# a comment\n{decide.read_text()}')
    assert digest(copy) == digest()


@pytest.mark.parametrize("name", HOT_PATH)
def test_code_changes_the_digest_of_the_hot_path(copy: Path, name: str) -> None:
    """One more statement in any file of the hot path changes the digest."""
    (copy / name).write_text((copy / name).read_text() + "\nadded = 1\n")
    assert digest(copy) != digest()


def test_the_chart_draws_each_row_in_proportion() -> None:
    """A server of twice the ratio has a bar of twice the length, and its figure beside it."""
    row = read(Comparison, BENCH).rows[0]
    rows = (replace(row, name="one", ratio=1.5), replace(row, name="two", ratio=3.0))
    drawn = bars(rows, "Title")
    one, two = (float(bar.get("width", "")) for bar in drawn.iter("rect"))
    assert two == pytest.approx(2 * one, rel=0.01)
    assert {"1.50", "3.00"} <= {text.text for text in drawn.iter("text")}


def test_pages_and_charts_show_the_results_that_lie_beside_them() -> None:
    """What `python -m load_tests.readme` would write and draw is what is there."""
    for section in SECTIONS:
        text = section.page.read_text(encoding="utf-8")
        assert f"<!-- {section.name} end -->" in text
        assert written(text, section.name, section.write()) == text, section.name
    for path, picture in pictures():
        assert ET.tostring(picture, "unicode") == path.read_text(encoding="utf-8"), path


def test_the_page_of_bulk_shows_its_results() -> None:
    """What `make bulk` would write from the results that lie there is what is there."""
    found = measure.section(read(measure.Measured, measure.RESULTS))
    text = measure.README.read_text(encoding="utf-8")
    assert f"<!-- {measure.SECTION} end -->" in text
    assert written(text, measure.SECTION, found) == text
