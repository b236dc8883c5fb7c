"""Whatever form, encoding or packing an honest table comes in, the same rows are read."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tagger.columns import TextColumns
from tagger.errors import MissingColumns, UnreadableTable
from tagger.sources import find_source
from tagger.tables import read_rows
from tagger.writing import writing
from training.data import Dataset, normalise, read_dataset, rows_of
from training.labelled import Reading
from training.parquet import parquet_rows

RECORDS = [
    {
        "title": "Grüße aus Köln",
        "description": 'He said "hi", and left; so|so',
        "tags": ["a", "b c"],
    },
    {"title": "Second\nline", "description": "tab\there 🌟", "tags": ["b c"]},
    {"title": "No description", "description": "", "tags": ["d's"]},
]
COLUMNS = ["title", "description", "tags"]


def as_csv(*, delimiter: str = ",", end: str = "\n", tags: str = "|", escape: bool = False) -> str:
    """Write the records as CSV in some dialect."""
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=delimiter,
        lineterminator=end,
        doublequote=not escape,
        escapechar="\\" if escape else None,
        quoting=csv.QUOTE_ALL if escape else csv.QUOTE_MINIMAL,
    )
    writer.writerow(COLUMNS)
    for record in RECORDS:
        cell = {
            "|": "|".join(record["tags"]),
            "json": json.dumps(record["tags"]),
            "python": str(record["tags"]),
            "numpy": str(np.array(record["tags"])),
        }[tags]
        writer.writerow([record["title"], record["description"], cell])
    return out.getvalue()


def as_parquet() -> bytes:
    """Write the records as Parquet."""
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(RECORDS), out)
    return out.getvalue()


LINES = "\n".join(json.dumps(record) for record in RECORDS)
FORMS: dict[str, bytes] = {
    "plain.csv": as_csv().encode(),
    "windows.csv": as_csv(end="\r\n").encode(),
    "mark.csv": as_csv(end="\r\n").encode("utf-8-sig"),
    "old-mac.csv": as_csv().replace("\n", "\r").encode(),
    "semicolons.csv": as_csv(delimiter=";").encode(),
    "excel.csv": ("sep=;\r\n" + as_csv(delimiter=";", end="\r\n")).encode("utf-8-sig"),
    "tabs.tsv": as_csv(delimiter="\t").encode(),
    "bars.csv": as_csv(delimiter="|", tags="json").encode(),
    "unicode.txt": as_csv(delimiter="\t", end="\r\n").encode("utf-16"),
    "unicode-without-mark.csv": as_csv().encode("utf-16-le"),
    "unicode-without-mark.jsonl": LINES.encode("utf-16-be"),
    "unicode-32.csv": as_csv().encode("utf-32"),
    "latin.csv": as_csv().replace("🌟", "").encode("cp1252"),
    "json-lists.csv": as_csv(tags="json").encode(),
    "python-lists.csv": as_csv(tags="python").encode(),
    "numpy-lists.csv": as_csv(tags="numpy").encode(),
    "escaped.csv": as_csv(escape=True).encode(),
    "blank-lines.csv": ("\n\n" + as_csv(delimiter=";") + "\n\n").encode(),
    "lines.jsonl": LINES.encode(),
    "lines-named.json": LINES.encode(),
    "windows.jsonl": LINES.replace("\n", "\r\n").encode("utf-8-sig"),
    "blanks.csv": as_csv(escape=True).replace('","', '", "').encode(),
    "one-after-another.json": "\n".join(json.dumps(one, indent=2) for one in RECORDS).encode(),
    "lists-one-after-another.json": (
        json.dumps(RECORDS[:1]) + "\n" + json.dumps(RECORDS[1:])
    ).encode(),
    "array.json": json.dumps(RECORDS, indent=2).encode(),
    "table.parquet": as_parquet(),
    **{
        f"{name}.gz": gzip.compress(content)
        for name, content in {
            "packed.csv": as_csv().encode(),
            "packed.jsonl": LINES.encode(),
            "packed.parquet": as_parquet(),
        }.items()
    },
}


def same_rows(dataset: Dataset) -> None:
    """Hold that a dataset holds the records, however they were written."""
    texts = [normalise(text).replace(" 🌟", "") for text in dataset.labelled.texts]
    assert texts == [
        'grüsse aus köln. he said "hi", and left; so|so',
        "second line. tab here",
        "no description",
    ]
    assert dataset.labelled.tags == (("a", "b c"), ("b c",), ("d's",))


@pytest.mark.parametrize("name", FORMS)
def test_a_table_in_any_form(name: str, tmp_path: Path) -> None:
    """Delimiters, quoting, line ends, encodings, JSON, JSON lines, Parquet and gzip are found."""
    path = tmp_path / name
    path.write_bytes(FORMS[name])
    same_rows(read_dataset(str(path), Reading()))


def test_a_mark_tells_the_encoding_whatever_is_named(tmp_path: Path) -> None:
    """A table that Excel marks as UTF-8 is read where its encoding is named utf-8, or wrongly."""
    path = tmp_path / "mark.csv"
    path.write_bytes(FORMS["mark.csv"])
    for encoding in ("utf-8", "latin-1"):
        same_rows(read_dataset(str(path), Reading(encoding=encoding)))


def test_times_of_parquet_that_python_lacks(tmp_path: Path) -> None:
    """A column of nanoseconds, as pandas writes it, or of the far future hinders nothing."""
    path = tmp_path / "table.parquet"
    table = pa.Table.from_pylist(RECORDS)
    for name, unit in (("made", "ns"), ("until", "s")):
        times = pa.array([1, 10**15 + 1, None], pa.timestamp(unit))
        table = table.append_column(name, times)
    parquet.write_table(table, path)
    same_rows(read_dataset(str(path), Reading()))


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve a folder over HTTP."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_numbers_that_hugging_face_has_names_for_are_these(tmp_path: Path) -> None:
    """One a row or a list of them; -1 is no class, and what is said of no column is passed over."""
    path = tmp_path / "table.parquet"
    label = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    features = {"label": label, "more": {"feature": label, "_type": "List"}, "gone": label}
    table = pa.Table.from_pylist(
        [{"text": "a", "label": 1, "more": [0, 1]}, {"text": "b", "label": -1, "more": [2]}]
    )
    held = json.dumps({"info": {"features": features}})
    parquet.write_table(table.replace_schema_metadata({"huggingface": held}), path)
    rows = [row.values for row in parquet_rows(find_source(str(path)))]
    assert [row["label"] for row in rows] == ["pos", None]
    assert [row["more"] for row in rows] == [["neg", "pos"], [2]]


@pytest.mark.parametrize("held", [b"{no JSON", b"\xff\xfe", b"[" * 100_000])
def test_names_of_hugging_face_that_cannot_be_read_are_refused(tmp_path: Path, held: bytes) -> None:
    """Their numbers are no tags; what to do with a table that has none is told."""
    path = tmp_path / "table.parquet"
    table = pa.Table.from_pylist(RECORDS).replace_schema_metadata({"huggingface": held})
    parquet.write_table(table, path)
    with pytest.raises(UnreadableTable, match=r"Hugging Face .* no JSON .*replace_schema_metad"):
        rows_of(find_source(str(path)))
    parquet.write_table(table.replace_schema_metadata(), path)
    assert len(rows_of(find_source(str(path)))) == len(RECORDS)


def test_words_that_parquet_calls_bytes_are_words(tmp_path: Path) -> None:
    """Older programs do not say which columns are texts; what is no text is left as it is."""
    path = tmp_path / "table.parquet"
    rows = [{"text": "Grüße".encode(), "tags": [b"a", b"b c"], "picture": b"\xff\xd8"}]
    parquet.write_table(pa.Table.from_pylist(rows), path)
    labelled = read_dataset(str(path), Reading()).labelled
    assert (labelled.texts, labelled.tags) == (("Grüße",), (("a", "b c"),))


def test_columns_of_one_name_in_parquet_are_refused(tmp_path: Path) -> None:
    """The last of them would be read alone."""
    path = tmp_path / "table.parquet"
    words = pa.array(["a", "b"])
    parquet.write_table(pa.table([words] * 3, names=["text", "tags", "tags"]), path)
    with pytest.raises(UnreadableTable, match="2 of its columns are named 'tags': rename them"):
        rows_of(find_source(str(path)))


@pytest.mark.parametrize("name", ["plain.csv", "packed.csv.gz", "array.json", "table.parquet"])
def test_a_table_by_address(name: str, tmp_path: Path, address: str) -> None:
    """A URL is read as a path is."""
    (tmp_path / name).write_bytes(FORMS[name])
    same_rows(read_dataset(f"{address}/{name}", Reading()))


@pytest.mark.parametrize("name", ["plain.csv", "packed.csv.gz", "table.parquet"])
def test_a_table_that_another_command_writes(name: str, tmp_path: Path) -> None:
    """A pipe, as a shell names one for `<(command)`, is read although that is possible but once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[FORMS[name]], daemon=True)
    writer.start()
    same_rows(read_dataset(str(pipe), Reading()))


def test_parquet_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyarrow is missing, Parquet is refused with the command that installs it."""
    path = tmp_path / "table.parquet"
    path.write_bytes(as_parquet())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UnreadableTable, match=r"pip install .*requirements/parquet\.txt"):
        read_dataset(str(path), Reading())


def test_columns_by_option(tmp_path: Path) -> None:
    """Text and tags are found under the names that were given, in capitals or not."""
    path = tmp_path / "table.csv"
    path.write_text("Headline;Body;Labels\nA;B;x/y\nC;;z\n")
    reading = Reading(
        columns=TextColumns(title="headline", description="body"), tags="labels", separator="/"
    )
    labelled = read_dataset(str(path), reading).labelled
    assert labelled.texts == ("A. B", "C")
    assert labelled.tags == (("x", "y"), ("z",))


@pytest.mark.parametrize(
    "columns", [TextColumns(text="body", title="headline"), TextColumns("body", None, "labels")]
)
def test_columns_of_which_one_would_be_left_out(tmp_path: Path, columns: TextColumns) -> None:
    """A column that was named is read, or refused with the options that go together."""
    path = tmp_path / "table.csv"
    path.write_text("headline,body,labels,tags\nA,B,C,x\n")
    with pytest.raises(MissingColumns, match=r"--text-column.*--title-column, --description"):
        read_dataset(str(path), Reading(columns=columns))


def test_a_description_that_was_named_is_read_beside_a_column_of_texts(tmp_path: Path) -> None:
    """With a description named, a title is looked for, though there is a column `text`."""
    path = tmp_path / "table.csv"
    path.write_text("text,title,body,tags\nT,A,B,x\n")
    dataset = read_dataset(str(path), Reading(columns=TextColumns(description="body")))
    assert dataset.labelled.texts == ("A. B",)


def test_the_same_rows_are_the_same_data(tmp_path: Path) -> None:
    """The fingerprint of a table is that of its rows, whatever the form."""
    digests = set()
    for name in ("plain.csv", "lines.jsonl", "array.json", "table.parquet", "packed.csv.gz"):
        (tmp_path / name).write_bytes(FORMS[name])
        digests.add(read_dataset(str(tmp_path / name), Reading()).sha256)
    assert len(digests) == 1


def test_a_cell_as_long_as_a_book(tmp_path: Path) -> None:
    """A text of a million characters is read from CSV as from JSON lines."""
    text = "some words " * 100_000
    for name in ("table.csv", "table.jsonl"):
        with writing(tmp_path / name) as write:
            write({"text": text, "tags": ["a"]})
        assert read_dataset(str(tmp_path / name), Reading()).labelled.texts == (text.strip(),)


VALUES = st.dictionaries(
    st.sampled_from(["text", "a", "b"]), st.text(st.characters(codec="utf-8")), min_size=3
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(VALUES, min_size=1, max_size=10))
def test_json_lines_come_back_as_they_were_written(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    """Rows written as JSON lines are read as they were."""
    path = tmp_path / "table.jsonl"
    with writing(path) as write:
        for row in rows:
            write(row)
    assert [row.values for row in read_rows(find_source(str(path)))] == rows


def test_cells_of_a_csv_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Line ends of any kind within a cell end no row."""
    path = tmp_path / "table.csv"
    rows = [{"text": f"one{end}two", "note": "a"} for end in ("\n", "\r", "\r\n")]
    with writing(path) as write:
        for row in rows:
            write(row)
    assert [row.values for row in read_rows(find_source(str(path)))] == rows


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where writing fails in the middle, the file of before stays."""
    path = tmp_path / "out.csv"
    path.write_text("before")

    def write_and_fail() -> None:
        with writing(path) as write:
            write({"text": "a"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
