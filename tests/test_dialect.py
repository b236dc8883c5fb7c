"""However a CSV is written, its cells are read as they were: delimiters, quoting, long cells."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tagger.sources import find_source
from tagger.tables import read_rows
from training.data import read_dataset
from training.labelled import Reading


def test_commas_in_the_header_of_a_form(tmp_path: Path) -> None:
    """A question asked with commas divides no table whose rows are divided by tabs."""
    path = tmp_path / "form.tsv"
    path.write_text("What, if any, or not\ttext\ttag\nno\tA\tb\nyes\tC, or D\te\n")
    assert read_dataset(str(path), Reading()).labelled.tags == (("b",), ("e",))


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r\n", exclude_categories=("Cs", "Cc")),
    min_size=1,
    max_size=20,
).filter(lambda text: text.strip())


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=30),
    delimiter=st.sampled_from(",;\t"),
)
@example(rows=[(" indented", 'he said, "so"')], delimiter=",")
@example(rows=[(" indented", "and so on, ")], delimiter=",")
def test_any_cells_of_any_csv(tmp_path: Path, rows: list[tuple[str, str]], delimiter: str) -> None:
    """Whatever the cells of a CSV hold, they are read as they were written."""
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["text", "note"])
        writer.writerows(rows)
    read = [tuple(row.values.values()) for row in read_rows(find_source(str(path)))]
    assert read == rows


@pytest.mark.parametrize("lines", [1, 40, 400, 2_000])
def test_cells_of_several_lines(tmp_path: Path, lines: int) -> None:
    """Delimiter and quoting are found in cells of lines, also where what is looked at ends in one.

    A quote at the end of a line, and a backslash somewhere, are no other way to quote.
    """
    path = tmp_path / "table.csv"
    cell = 'A "word" (C:\\files); and, at the end, "of a line"\r\n' * lines + "the end"
    rows = [(f"{number} {cell}", "tag") for number in range(20)]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "tag"), *rows])
    read = [tuple(row.values.values()) for row in read_rows(find_source(str(path)))]
    assert read == rows


@pytest.mark.parametrize("before", [0, 20_000])
def test_tabs_without_quoting(tmp_path: Path, before: int) -> None:
    """A text that begins with a mark takes no rows along, as in collections of messages."""
    path = tmp_path / "messages.tsv"
    lines = [
        "tag\ttext",
        *(f"ham\tSay {number}" for number in range(before)),
        'ham\t"Well he said',
        "spam\tA prize for you",
        'ham\tSo he said"',
        'spam\t"Free" prizes',
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    read = read_dataset(str(path), Reading()).labelled
    assert len(read) == before + 4
    assert read.texts[-4:] == tuple(line.split("\t")[1] for line in lines[-4:])


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ("'one, two',a\n'it''s three',b\n", ["one, two", "it's three"]),
        ("'tis one,a\nit's two,b\n", ["'tis one", "it's two"]),
    ],
)
def test_an_apostrophe_may_be_a_quotation_mark(
    tmp_path: Path, written: str, texts: list[str]
) -> None:
    """Where cells are quoted by it, it is none of the text; else it is."""
    table = tmp_path / "table.csv"
    table.write_text(f"text,tag\n{written}")
    assert [row.values["text"] for row in read_rows(find_source(str(table)))] == texts


@pytest.mark.parametrize(
    ("first", "columns"),
    [
        ("sep=;", {"text", "tags"}),
        ("SEP=\t", {"text", "tags"}),
        ("sep=s", {"sep=s"}),
    ],
)
def test_only_a_separator_is_named_before_the_header(
    tmp_path: Path, first: str, columns: set[str]
) -> None:
    """`sep=` and a sign or a tab stand before the header; with a letter, it is the header."""
    table = tmp_path / "table.csv"
    between = first[-1]
    table.write_text(f"{first}\ntext{between}tags\none{between}two\n")
    assert next(read_rows(find_source(str(table)))).values.keys() == columns


@pytest.mark.parametrize("before", ["", "sep=;\n", "\n\n"])
def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path, before: str) -> None:
    """The header is a row, so is a blank line, and a cell of several lines is in one."""
    table = tmp_path / "table.csv"
    table.write_text(f'{before}text;tags\n"one\nof two";a\n\nthree;b\n')
    header = 1 + before.count("\n")
    rows = read_rows(find_source(str(table)))
    assert [row.number for row in rows] == [header + 1, header + 3]
