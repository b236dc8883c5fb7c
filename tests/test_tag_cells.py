"""A cell of tags is read as what was meant: one tag, several, a list in the way of some program."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tagger.writing import writing
from training.data import read_dataset
from training.labelled import Reading


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(("column", "cells"), [("tag", [0, 1]), ("tags", [[10, 2], [2]])])
def test_whole_numbers_name_tags(
    tmp_path: Path, form: str, column: str, cells: list[int] | list[list[int]]
) -> None:
    """Tags that are numbers are read alike, whether the form of the table knows numbers or not."""
    path = tmp_path / f"table.{form}"
    rows = [{"text": text, column: cell} for text, cell in zip("AB", cells, strict=True)]
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        path.write_text("\n".join([f"text;{column}", *(f"{r['text']};{r[column]}" for r in rows)]))
    expected = (("0",), ("1",)) if column == "tag" else (("10", "2"), ("2",))
    assert read_dataset(str(path), Reading()).labelled.tags == expected


def test_stars_and_yes_or_no_name_tags(tmp_path: Path) -> None:
    """Five stars are written 5.0 in reviews, and true and false are tags as other words are."""
    path = tmp_path / "reviews.jsonl"
    rows = [{"text": text, "tag": tag} for text, tag in (("A", 5.0), ("B", True), ("C", False))]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert read_dataset(str(path), Reading()).labelled.tags == (("5",), ("true",), ("false",))


@pytest.mark.parametrize(
    ("column", "cell", "tags"),
    [
        ("tags", "a|a| b ||", ("a", "b")),
        ("tags", "a|b [c]", ("a", "b [c]")),
        ("tags", "<c#><.net-8>", ("c#", ".net-8")),
        ("tags", "<https://a.org/b> <https://a.org/c>", ("https://a.org/b", "https://a.org/c")),
        ("tags", "[ 3 14]", ("3", "14")),
        ("tags", "['a' 'b']", ("a", "b")),
        ("tags", "\"{'d', 'c', 'b', 'a'}\"", ("d", "c", "b", "a")),
        ("tags", "\"('a',)\"", ("a",)),
        ("tags", "(a)|{b}", ("(a)", "{b}")),
        ("tags", '"{""choices"": [""a"", ""b""]}"', ("a", "b")),
        ("tags", "<b>|a<b>", ("<b>", "a<b>")),
        ("tags", '"{a, ""b c"",""d, \\""e\\"""",f:g}"', ("a", "b c", 'd, "e"', "f:g")),
        ("tags", '"deep learning\nvision"', ("deep learning", "vision")),
        ("tags", "e\u0301te\u0301|\u00e9t\u00e9", ("\u00e9t\u00e9",)),
        ("tag", "a|b", ("a|b",)),
    ],
)
def test_what_a_cell_of_tags_holds(
    tmp_path: Path, column: str, cell: str, tags: tuple[str, ...]
) -> None:
    """Each tag once, brackets within one are its own, and a column of single tags is not split."""
    table = tmp_path / "table.csv"
    table.write_text(f"text,{column}\nwords,{cell}\n")
    assert read_dataset(str(table), Reading()).labelled.tags == (tags,)


def test_blanks_between_tags_may_be_ends_of_lines(tmp_path: Path) -> None:
    """Where blanks separate tags, the ends of lines do too."""
    table = tmp_path / "table.csv"
    table.write_text('text,tags\nwords,"a\nb  c"\n')
    read = read_dataset(str(table), Reading(separator=" "))
    assert read.labelled.tags == (("a", "b", "c"),)


def test_a_name_broken_within_its_cell_is_one_tag_where_others_are_separated(
    tmp_path: Path,
) -> None:
    """A few cells of several lines are no sign that each tag has a line."""
    table = tmp_path / "table.csv"
    table.write_text('text,tags\none,a|b\ntwo,b\nthree,"deep\nlearning"\nfour,a\n')
    tags = read_dataset(str(table), Reading()).labelled.tags
    assert tags == (("a", "b"), ("b",), ("deep learning",), ("a",))


def test_labels_of_an_issue_tracker(tmp_path: Path) -> None:
    """Where tags are objects their names are the tags, in JSON and in a cell of a CSV."""
    labels = [{"id": 7, "name": "bug", "color": "d73a4a"}, {"name": "good first issue"}]
    (tmp_path / "issues.json").write_text(json.dumps([{"text": "words", "tags": labels}]))
    with writing(tmp_path / "issues.csv") as write:
        write({"text": "words", "tags": json.dumps(labels)})
    for name in ("issues.json", "issues.csv"):
        tags = read_dataset(str(tmp_path / name), Reading()).labelled.tags
        assert tags == (("bug", "good first issue"),)
