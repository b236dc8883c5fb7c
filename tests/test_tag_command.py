"""The command `tag`: texts, lines of standard input and tables get the tags of the model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.decide import decide
from tagger.sources import find_source
from tagger.store import Store
from tagger.tables import read_rows
from tests.serving import run_python

TEXTS = ["Whisk the broth", "a saddle and a telescope", "Sterne 🌟", "qqq zzz"]


def test_tag_answers_as_the_model_does(home: Path) -> None:
    """`tag --json` gives the model's scores to the last digit, from arguments and from stdin."""
    told = json.loads(run_python("-m", "tagger", "tag", *TEXTS, "--json", home=home).stdout)
    model = Store(home).model("first")
    assert told["run_id"] == "first"
    for text, answer in zip(TEXTS, told["predictions"], strict=True):
        decisions = decide(model.score([text]), model.policy)
        assert answer["input_text"] == text
        assert [found["score"] for found in answer["scores"]] == decisions.values
        assert answer["predicted_tags"] == [model.tags[i] for i in decisions.columns]
        assert answer["abstained"] == decisions.abstained[0]
    piped = run_python(
        "-m", "tagger", "tag", "--json", home=home, stdin="".join(f"{t}\n" for t in TEXTS)
    )
    assert json.loads(piped.stdout) == told


def test_scores_of_a_text_that_gets_no_tags_are_not_shown_as_tags(home: Path) -> None:
    """Where a threshold is asked for, they stand below the reason why they are none."""
    done = run_python("-m", "tagger", "tag", "qqq zzz", "--threshold", "0", home=home)
    _, reason, *scores = done.stdout.splitlines()
    assert "any tag would be a guess" in reason
    assert scores


@pytest.mark.parametrize("encoding", ["ascii:strict", "latin-1"])
def test_what_a_terminal_cannot_show_is_written_as_its_number(home: Path, encoding: str) -> None:
    """Where stdout is no UTF-8, answers are there all the same, and JSON is the same JSON."""
    tag = ("-m", "tagger", "tag", *TEXTS)
    told = run_python(*tag, home=home, PYTHONIOENCODING=encoding)
    assert (told.returncode, told.stderr) == (0, "")
    assert "Sterne \\U0001f31f" in told.stdout
    as_json = run_python(*tag, "--json", home=home, PYTHONIOENCODING=encoding)
    assert json.loads(as_json.stdout) == json.loads(run_python(*tag, "--json", home=home).stdout)


def test_tag_takes_the_options_of_the_api(home: Path) -> None:
    """--top-k, --threshold, --evidence and --run work as they do over HTTP."""
    options = ("--top-k", "2", "--threshold", "0", "--evidence", "--run", "second", "--json")
    told = json.loads(run_python("-m", "tagger", "tag", TEXTS[0], *options, home=home).stdout)
    (answer,) = told["predictions"]
    assert told["run_id"] == "second"
    assert len(answer["scores"]) == 2
    assert {found["tag"] for found in answer["evidence"]} == set(answer["predicted_tags"])


@pytest.mark.parametrize("out", ["tagged.csv", "tagged.jsonl"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_tag_a_table(home: Path, tmp_path: Path, form: str, out: str) -> None:
    """Every column is kept, the tags that each text gets alone are added, no row is lost."""
    records = [
        {"id": str(number), "title": text, "description": ""} for number, text in enumerate(TEXTS)
    ]
    records.append({"id": "last", "title": "", "description": ""})
    table = tmp_path / f"table.{form}"
    if form == "csv":
        lines = ["id,title,description", *(",".join(record.values()) for record in records)]
    else:
        lines = [json.dumps(record) for record in records]
    table.write_text("\n".join(lines))
    done = run_python("-m", "tagger", "tag", str(table), "--out", str(tmp_path / out), home=home)
    assert done.returncode == 0, done.stderr
    assert "5 rows tagged by first, 1 without text" in done.stdout
    rows = [row.values for row in read_rows(find_source(str(tmp_path / out)))]
    assert [{name: row[name] for name in records[0]} for row in rows] == records
    told = json.loads(run_python("-m", "tagger", "tag", *TEXTS, "--json", home=home).stdout)
    for row, answer in zip(rows[:-1], told["predictions"], strict=True):
        tags = answer["predicted_tags"]
        assert row["predicted_tags"] == (tags if out.endswith("jsonl") else "|".join(tags))
    assert not rows[-1]["predicted_tags"]


def test_titles_without_the_descriptions_beside_them_are_told(home: Path, tmp_path: Path) -> None:
    """Where a table is tagged or measured, too: a run does far worse on titles alone."""
    table, out = tmp_path / "table.csv", str(tmp_path / "out.csv")
    table.write_text("title,body,tags\nSterne,und Planeten,astronomy\nTiere,im Wald,animals\n")
    tag = ("-m", "tagger", "tag", str(table), "--out", out)
    evaluate = ("-m", "training", "evaluate", "first", str(table))
    for command in (tag, evaluate):
        for columns in ((), ("--description-column", "body"), ("--text-column", "title")):
            done = run_python(*command, *columns, home=home)
            assert done.returncode == 0, done.stderr
            assert ("titles alone" in done.stderr) == (not columns), columns


@pytest.mark.parametrize(("letters", "status"), [(b"Br\xfche", 0), (b"\x81\x8d", 2)])
def test_a_table_that_is_not_utf_8_is_told(
    home: Path, tmp_path: Path, letters: bytes, status: int
) -> None:
    """What was read as Windows-1252 may be read wrongly; the way out needs no option of `tag`."""
    table = tmp_path / "table.csv"
    table.write_bytes(b"text\n" + letters + b"\n")
    done = run_python(
        "-m", "tagger", "tag", str(table), "--out", str(tmp_path / "out.csv"), home=home
    )
    assert done.returncode == status
    assert "Windows-1252; " in done.stderr
    assert "save it as UTF-8" in done.stderr


def test_a_tagged_table_is_json_whatever_python_reads(home: Path, tmp_path: Path) -> None:
    """NaN and Infinity, which are no JSON and which pandas' rows hold, come out as null."""
    table, out = tmp_path / "table.jsonl", tmp_path / "tagged.jsonl"
    table.write_text(
        '{"title": "Sterne", "description": NaN, "price": Infinity}\n{"title": NaN, "price": 2.5}\n'
    )
    tag = ("-m", "tagger", "tag", str(table), "--out", str(out))
    done = run_python(*tag, home=home)
    assert "2 rows tagged by first, 1 without text" in done.stdout
    rows = [json.loads(line, parse_constant=pytest.fail) for line in out.read_text().splitlines()]
    assert [row["price"] for row in rows] == [None, 2.5]
    table.write_text('{"text": "Sterne", "price": 1e999}\n')
    done = run_python(*tag, home=home)
    assert done.returncode == 2
    assert "Row 1 of the table: a number larger than any that can be kept" in done.stderr


@pytest.mark.parametrize("rows", ["text,id\n", "[]"])
def test_a_table_without_rows_is_refused_as_training_does(
    home: Path, tmp_path: Path, rows: str
) -> None:
    """A header alone is said to hold no rows, and no empty file is written of it."""
    out = tmp_path / "out.csv"
    for command in (("tagger", "tag", "-", "--out", str(out)), ("training", "train", "-")):
        done = run_python("-m", *command, home=home, stdin=rows)
        assert done.returncode == 2
        assert "Error: standard input holds no rows." in done.stderr
    assert not out.exists()


def test_what_the_first_row_lacks_is_read_in_others(home: Path, tmp_path: Path) -> None:
    """Rows of JSON may leave out what is empty: a description counts wherever it stands."""
    table, out = tmp_path / "table.jsonl", tmp_path / "tagged.jsonl"
    rows = ["{}", *['{"title": "qqq"}'] * 300, '{"title": "qqq", "description": "Whisk the broth"}']
    table.write_text("\n".join(rows))
    done = run_python("-m", "tagger", "tag", str(table), "--out", str(out), home=home)
    assert done.returncode == 0, done.stderr
    tagged = [json.loads(line)["predicted_tags"] for line in out.read_text().splitlines()]
    assert (tagged[0], tagged[1], tagged[-1]) == ([], [], ["cooking"])


def test_who_names_a_file_alone_is_told_how_its_rows_are_tagged(home: Path, tmp_path: Path) -> None:
    """A path is a text like any other; nobody means it to be."""
    (tmp_path / "texts.csv").write_text("text\nSterne\n")
    done = run_python("-m", "tagger", "tag", str(tmp_path / "texts.csv"), "x" * 9_999, home=home)
    assert done.returncode == 0, done.stderr
    assert "add --out" in done.stderr
    assert done.stderr.count("is tagged as a text") == 1
