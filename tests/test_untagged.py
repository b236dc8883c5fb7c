"""A row without tags means what the owner says: a fault, no example, or none of the tags."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs import TABLE
from tests.serving import run_python

UNTAGGED = "".join(f"of nothing in particular number {number},\n" for number in range(40))


def tagged() -> int:
    """Count the rows of the tests' table, each of which bears tags."""
    return len(TABLE.read_text(encoding="utf-8").splitlines()) - 1


@pytest.mark.parametrize(
    ("meaning", "rows", "told"),
    [
        ("skip", tagged(), "Skipped, without tags: 40 rows."),
        ("none", tagged() + 40, ""),
    ],
)
def test_what_they_mean_is_said(meaning: str, rows: int, told: str, tmp_path: Path) -> None:
    """They are left out and counted, or kept as examples that bear no tag."""
    table = tmp_path / "table.csv"
    table.write_text(TABLE.read_text(encoding="utf-8") + UNTAGGED, encoding="utf-8")
    command = ("-m", "training", "train", str(table), "--fast", "--json")
    done = run_python(*command, "--untagged", meaning, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert told in done.stderr
    assert ("Skipped" in done.stderr) == bool(told)
    made = json.loads(done.stdout)
    assert made["data"]["rows"] == rows
    assert made["left_out"]["untagged_texts"] == rows - tagged()


def test_unsaid_they_are_faults(tmp_path: Path) -> None:
    """The refusal names the rows, and the option by which to say what they mean."""
    table = tmp_path / "table.csv"
    table.write_text("text,tags\nsome words,a\nother words,\n,\nmore words,\n")
    done = run_python("-m", "training", "check", str(table), home=tmp_path)
    assert done.returncode == 2
    assert "2 faulty rows: no tags in rows 3 and 5" in done.stderr
    assert "--untagged" in done.stderr


def test_a_row_of_nothing_is_skipped_and_one_without_text_is_not(tmp_path: Path) -> None:
    """An empty line of a spreadsheet is no fault, nor is it a text that bears no tag."""
    table = tmp_path / "table.csv"
    table.write_text("text,tags\nsome words,a\n,\n,b\n")
    for options in ((), ("--untagged", "skip"), ("--untagged", "none")):
        done = run_python("-m", "training", "check", str(table), *options, home=tmp_path)
        assert done.returncode == 2
        assert "1 faulty row: no text in row 4" in done.stderr


def test_rows_of_zeros_are_skipped_where_that_is_asked_for(tmp_path: Path) -> None:
    """Where each tag has a column a row of zeros bears none, unless it is to be skipped."""
    table = tmp_path / "table.csv"
    table.write_text("text,art,music\none,1,0\ntwo,0,1\nthree,0,0\n")
    command = ("-m", "training", "check", str(table), "--json")
    for options, texts in (((), 3), (("--untagged", "skip"), 2)):
        done = run_python(*command, *options, home=tmp_path)
        assert json.loads(done.stdout)["texts"] == texts


def test_corrections_take_tags_away_where_a_row_may_lack_them(tmp_path: Path) -> None:
    """A corrected row without tags bears none; where that is a fault, the correction is one."""
    table, corrections = tmp_path / "table.csv", tmp_path / "corrections.csv"
    table.write_text("text,tags\none,a\ntwo,b\n")
    corrections.write_text("text,tags\ntwo,\n")
    command = ("-m", "training", "check", str(table), "--corrections", str(corrections), "--json")
    kept = run_python(*command, "--untagged", "none", home=tmp_path)
    assert json.loads(kept.stdout)["tags"] == {"a": 1}
    assert "Given other tags by --corrections: 1 text." in kept.stderr
    refused = run_python(*command, home=tmp_path)
    assert refused.returncode == 2
    assert "no tags in row 2" in refused.stderr
