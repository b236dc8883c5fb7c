"""A table that cannot be used is refused in one sentence with its rows; the store is untouched."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tagger.store import Store
from tests.runs import TABLE
from tests.serving import PROJECT, run_python

GOOD = TABLE.read_text(encoding="utf-8")
HEADER, *ROWS = GOOD.splitlines()


def refused(content: bytes | str | None, name: str, tmp_path: Path, *options: str) -> str:
    """Train on a table that must be refused; the sentence on stderr."""
    table = tmp_path / name
    if content is not None:
        table.write_bytes(content.encode() if isinstance(content, str) else content)
    home = tmp_path / "home"
    done = run_python("-m", "training", "train", str(table), "--json", *options, home=home)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert not (home / "models").exists()
    assert "Traceback" not in done.stderr
    *steps, sentence = done.stderr.strip().splitlines()
    assert sentence.startswith("Error: ")
    assert all(step and not step.startswith("Error") for step in steps)
    return sentence


def rows(*more: str) -> str:
    """Give the tests' table with more rows after its own 250."""
    return "\n".join((HEADER, *ROWS, *more)) + "\n"


def test_faulty_rows_are_named_all_together(tmp_path: Path) -> None:
    """Rows without text, without tags, of too many cells are told in one sentence, by number."""
    sentence = refused(
        rows(",cooking", "A text without a tag,", '"  ",|', "one,two,three", ",sailing"),
        "table.csv",
        tmp_path,
    )
    assert "5 faulty rows" in sentence
    assert "no text in rows 252, 254 and 256" in sentence
    assert "no tags in rows 253 and 254" in sentence
    assert "more cells than columns in row 255" in sentence
    assert "nothing was written" in sentence


def test_many_faulty_rows_are_counted(tmp_path: Path) -> None:
    """Of a thousand faulty rows ten are named and all are counted."""
    sentence = refused(rows(*["a text,"] * 1000), "table.csv", tmp_path)
    assert "1000 faulty rows" in sentence
    assert (
        "no tags in rows 252, 253, 254, 255, 256, 257, 258, 259, 260, 261 and 990 more" in sentence
    )


def test_faulty_json_lines_are_named(tmp_path: Path) -> None:
    """Lines that are no JSON, no object, or hold no text or tags are named by their line."""
    good = [json.dumps({"text": row, "tags": ["a"]}) for row in ROWS[:5]]
    bad = ['{"text": ', "[1]", '{"text": 5, "tags": ["a"]}', '{"text": "x", "tags": [1.5]}']
    sentence = refused("\n".join((*good, *bad)), "table.jsonl", tmp_path)
    assert "not JSON in row 6" in sentence
    assert "no JSON object in row 7" in sentence
    assert "a number in place of the text in row 8" in sentence
    assert "tags that are neither words nor whole numbers in row 9" in sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("",), "A table's name is empty"),
        ((str(TABLE), "--corrections", ""), "A table's name is empty"),
        ((str(TABLE), "--also", ""), "A table's name is empty"),
        ((str(TABLE.parent),), "it is a folder: give one file"),
        (("-", "--corrections", "-"), "standard input is empty; it can be read once"),
        (("-", "--also", "-"), "standard input is empty; it can be read once"),
    ],
)
def test_a_table_that_is_not_named_is_told_so(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    """No table is no folder, and two cannot come from standard input."""
    command = ("-m", "training", "train", *arguments)
    done = run_python(*command, home=tmp_path, stdin=GOOD)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (None, "missing.csv", ["missing.csv", "No such file"]),
        ("", "empty.csv", ["empty"]),
        ("text,tags\n", "header.csv", ["no rows"]),
        ("text,tags\n,\n", "blank.csv", ["no rows but 1 empty or untagged row."]),
        ("words,labels\na,b\n", "names.csv", ["'text'", "--title-column", "'words' and 'labels'"]),
        ('[{"fields": {"text": "a", "tags": ["b"]}}]', "nested.json", ["stand in 'fields':"]),
        (
            json.dumps([{f"field {n}": {"text": "a"} for n in range(99)}]),
            "wide.json",
            ["Objects stand in 'field 0', ", " and 89 more: give"],
        ),
        (f"A{'n' * 10_000} end\tb\nA text\tb\n", "headless.tsv", ["first row must name"]),
        ("__label__a __label__b words\n__label__a more\n", "x.train", ["write each line as {"]),
        ("3,A title\n1,Another\n", "classes.csv", ["write one above it, such as text,tags"]),
        ("\n<!DOCTYPE html>\n<html>", "table.csv", ["a page of the web", "of the file itself"]),
        (b"SQLite format 3\0", "table.db", ["a database or an archive", "write the table as CSV"]),
        ("标题,tags\n".encode("utf-16-le"), "unmarked.csv", ["UTF-16 without its mark"]),
        ("version https://git-lfs.github.com/spec/v1\n", "pointer.csv", ["git lfs pull"]),
        ('{"text": ["a"], "tags": ["b"]}\n' * 2, "words.jsonl", ["a list or an object in place"]),
        (b"BZh91AY&SY", "table.csv.bz2", ["packed", "unpack it"]),
        ('[{"text": true, "tags": ["b"]}]', "yes.json", ["no text in row 1"]),
        ('text,tags\na,"{""b"": 1}"\n', "counts.csv", ["objects without a name"]),
        ('[{"text": {"en": "a"}, "tags": ["b"]}]', "object.json", ["an object in place of the te"]),
        ("text,tags\na,\n", "untagged.csv", ["--untagged skip, or none"]),
        ("text,labels\na,b\n", "tags.csv", ["'tags'", "'labels'", "--tags-column"]),
        ("title,title,tags\na,b,c\n", "twice.csv", ["Several columns are named 'title'"]),
        ('text,tags\n"open,a\nb,c\n', "quote.csv", ["row 2 is no CSV", "quotation mark"]),
        ('text,tags\na,b\nc,"open" d\n', "late.csv", ["row 3 is no CSV"]),
        ('sep=;\n"text;tags\na;b\n', "header.csv", ["row 2 is no CSV"]),
        (b"text,tags\nZero \0 byte,a\nb,c\nd,\0e\n", "zero.csv", ["in the text in row 2", "row 4"]),
        (
            json.dumps({"rows": [{"text": "a"}]}, indent=1),
            "one.json",
            ["one object", "a list of rows"],
        ),
        (
            '{"text": {"0": "a", "1": "b"}, "tags": {"0": ["c"], "1": ["d"]}}',
            "pandas.json",
            ["one object", 'to_json(orient="records")'],
        ),
        ('{"data": [{"text": "a", "tags": ["b"]}]}', "wrapped.json", ["one object"]),
        ('{"text": ["a", "b"], "tags": [["c"], ["d"]]}', "columns.json", ["one object"]),
        ('{"total": 1, "rows": [{"text": "a", "tags": ["b"]}]}', "page.json", ["one object"]),
        (
            '[{"text": "a", "tags": [{"label": "b"}]}]',
            "nameless.json",
            ['objects without a name where tags are words, as in ["a", "b"], in row 1'],
        ),
        ('{"tags": ["b"]}\n{"text": "a", "tags": ["b"]}\n', "first.jsonl", ["no text in row 1"]),
        ("[1, 2", "cut.json", ["not JSON"]),
        ("text,tags\na,b\n", "other.json", ["not JSON"]),
        ("a line of prose\n", "prose.jsonl", ["not JSON in row 1"]),
        ("[1, 2]", "numbers.json", ["numbers.json has 2 faulty rows: no JSON object"]),
        ('{"text": "\\ud800", "tags": ["a"]}', "half.jsonl", ["surrogate", "in row 1"]),
        (f'text,tags\na,"{"[" * 100_000}]"\n', "deep.csv", ["no list in row 2"]),
        ('text,tags\na,"[""\\ud800""]"\n', "half.csv", ["surrogate pair in the tags in row 2"]),
        (
            "text,art,music\na,0,1\n",
            "columns.csv",
            ["several columns of that name", "nor two that say of a tag, by 1 or 0"],
        ),
        ("[" * 100_000, "deep.json", ["not JSON"]),
        (b"PAR1 and no more", "bad.parquet", ["bad.parquet"]),
        (gzip.compress(b"text,tags\na,b\n" * 99, mtime=0)[:60], "cut.csv.gz", ["cut.csv.gz"]),
        (b"text,tags\n\x81\x8d,a\n", "bytes.csv", ["UTF-8", "encoding"]),
        (
            "Treść;tags\na;b\n".encode("cp1250"),
            "polish.csv",
            ["Windows-1252; if", "--encoding NAME"],
        ),
        ("| text | tags |\n|:--- | ---:|\n| a | b |\n", "drawn.csv", ["as Markdown is: write"]),
        ("-- a dump\nINSERT INTO table VALUES ('a', 'b');\n", "dump.SQL", ["is SQL: write the"]),
        (b"PK\x03\x04 a workbook", "table.xlsx", ["Excel", "CSV", "unpacked"]),
        (b"PK\x03\x04 a workbook", "renamed.csv", ["Excel", "CSV"]),
    ],
)
def test_what_cannot_be_read_is_named(
    content: bytes | str | None, name: str, words: list[str], tmp_path: Path
) -> None:
    """A file that is missing, empty, damaged, or of other columns says what is wrong with it."""
    sentence = refused(content, name, tmp_path)
    assert sentence.count("columns are") <= 1
    assert len(sentence) < 1_000
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--separator", ""), "It is empty"),
        (("--objective", "precision=2"), "Choose f1, precision=P or recall=R"),
        (("--model", "svc", "--fast"), "either --model or --fast"),
        (("--regularization", "nan"), "'nan' is no number"),
        (("--test-share", "nan"), "'nan' is no number"),
        (("--seed", "4294967296"), "not in the range"),
        (("--suspects", "suspects.tsv"), "end suspects.tsv in .csv or .jsonl"),
        (("--salt", "\udcff"), "It is not UTF-8"),
        (("--licence", "\udcff"), "It is not UTF-8"),
        (("--aliases", str(TABLE)), "is no JSON"),
        (("--aliases", str(PROJECT / "tests/postman/package.json")), "must hold one object"),
        (("--encoding", "base64"), "not a text encoding"),
        (("--encoding", "ascii"), "the byte 0xc3 is wrong in ascii"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(
    options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    """What was typed wrongly is blamed on the option, not on the rows of the table."""
    table, home = tmp_path / "table.csv", tmp_path / "home"
    table.write_text(rows("Brühe,cooking"), encoding="utf-8")
    done = run_python("-m", "training", "train", str(table), *options, home=home)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert not home.exists()


def test_too_little_is_counted(tmp_path: Path) -> None:
    """Too few rows, and fewer than two tags of enough texts, are refused with their numbers."""
    few = refused("\n".join((HEADER, *ROWS[:6])), "few.csv", tmp_path)
    assert "6 different texts" in few
    one = refused("\n".join((HEADER, *ROWS[:1])), "one.csv", tmp_path)
    assert "1 different text," in one
    music = "\n".join([HEADER, *(f"A verse {n},{'music' * (n % 2)}" for n in range(50))])
    alone = refused(music, "alone.csv", tmp_path, "--untagged", "none")
    assert "1 usable tag" in alone
    assert "give the other texts a tag that says so" in alone
    rare = refused(GOOD, "rare.csv", tmp_path, "--min-support", "500")
    assert "0 usable tags" in rare
    assert "--min-support" in rare
    assert "music" in rare


def test_texts_without_a_word_are_nothing_to_a_model_of_words(tmp_path: Path) -> None:
    """Asked for, it is refused and the one that reads signs is named; unasked, that is taken."""
    smiles = "".join(
        f"{'😀🎉'[length % 2] * length},{'ab'[length % 2]}\n" for length in range(1, 100)
    )
    train = ("-m", "training", "train", "-")
    done = run_python(*train, "--model", "svc", home=tmp_path, stdin=f"text,tags\n{smiles}")
    assert done.returncode == 2
    assert "holds a word" in done.stderr
    assert "--model svc-signs" in done.stderr
    assert "Traceback" not in done.stderr
    assert Store(tmp_path).run_ids() == []
    done = run_python(*train, home=tmp_path, stdin=f"text,tags\n{smiles}")
    assert done.returncode == 0, done.stderr
    assert len(Store(tmp_path).run_ids()) == 1


def test_several_tags_where_one_is_asked_for(tmp_path: Path) -> None:
    """A table of several tags a row is not trained as one of single tags."""
    sentence = refused(GOOD, "table.csv", tmp_path, "--task", "single")
    assert "several tags" in sentence
    assert "row" in sentence
    assert "--task multi" in sentence


def test_titles_alone_that_contradict_each_other(tmp_path: Path) -> None:
    """Where two rows are one text only because a column was not read, the refusal says so."""
    same = "".join(f"the same title,body {number},{'ab'[number % 2]}\n" for number in range(50))
    done = run_python(
        "-m", "training", "train", "-", home=tmp_path, stdin=f"title,body,tag\n{same}"
    )
    assert done.returncode == 2
    assert "several tags" in done.stderr
    assert "--description-column" in done.stderr


@pytest.mark.parametrize("measured", ["anywhere", "quality", "transfer", "unanswered"])
def test_measuring_refuses_as_training_does(measured: str, tmp_path: Path) -> None:
    """The commands that measure what training is worth say what is wrong with a table, too."""
    table = tmp_path / "table.csv"
    table.write_text(rows("a text without a tag,"))
    done = run_python("-m", "training.measuring", measured, str(table), home=tmp_path)
    assert done.returncode == 2
    assert "no tags in row 252" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_subjects_without_their_columns_are_refused(tmp_path: Path) -> None:
    """Before anything is trained."""
    table, others = tmp_path / "table.csv", tmp_path / "others.csv"
    table.write_text(GOOD)
    others.write_text("topic,text\nlaw,The court shall decide.\n")
    command = ("-m", "training.measuring", "unanswered", str(table), "--texts", str(others))
    done = run_python(*command, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        f"Error: {others} has no columns 'kind' and 'text' in row 2. "
        "Its columns are 'topic' and 'text'.\n"
    )


def test_an_address_that_does_not_answer(tmp_path: Path) -> None:
    """A URL that cannot be reached is refused as a file is."""
    home = tmp_path / "home"
    for address in ("http://127.0.0.1:9/table.csv", "http://127.0.0.1:port/table.csv"):
        done = run_python("-m", "training", "train", address, home=home)
        assert done.returncode == 2
        assert f"{address} cannot be read" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_check_with_strict_refuses_what_it_finds(tmp_path: Path) -> None:
    """`check --strict` ends with status 1 where anything is found, with 0 where nothing is."""
    table = tmp_path / "table.csv"
    table.write_text(GOOD)
    home = tmp_path / "home"
    clean = run_python("-m", "training", "check", str(table), "--strict", home=home)
    assert clean.returncode == 0, clean.stdout
    table.write_text(rows(ROWS[0]))
    found = run_python("-m", "training", "check", str(table), "--strict", home=home)
    assert found.returncode == 1
    assert "Row 252" in found.stdout
    trained = run_python("-m", "training", "train", str(table), "--strict", home=home)
    assert trained.returncode == 1
    assert "Not trained: mend what was found, or leave out --strict." in trained.stderr
    assert not (home / "models").exists()
