"""Rows whose tags look missing or wrong: found by a training, corrected, and given back."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tagger.columns import TextColumns
from tagger.writing import writing
from tests.runs import TABLE
from tests.serving import run_python
from training.data import read_dataset
from training.labelled import Reading
from training.suspects import Suspect, write_suspects


def test_suspects_are_found_corrected_and_given_back(tmp_path: Path) -> None:
    """Of labels spoilt on purpose most are among the first suspects; corrected, they are right."""
    with TABLE.open() as file:
        records = list(csv.DictReader(file))
    spoilt = {}
    for number in range(20, 220, 20):
        record = records[number]
        if "|" in record["tags"]:
            spoilt[record["text"]] = record["tags"]
            record["tags"] = record["tags"].split("|")[0]
    table, suspects, home = tmp_path / "table.csv", tmp_path / "suspects.csv", tmp_path / "home"
    with writing(table) as write:
        for record in records:
            write(record)
    command = ("-m", "training", "train", str(table))
    done = run_python(*command, "--suspects", str(suspects), home=home)
    assert done.returncode == 0, done.stderr
    with suspects.open() as file:
        listed = list(csv.DictReader(file))
    assert [float(row["suspicion"]) for row in listed] == sorted(
        (float(row["suspicion"]) for row in listed), reverse=True
    )
    first = {row["text"]: row for row in listed[: 2 * len(spoilt)]}
    caught = [text for text in spoilt if text in first]
    assert len(spoilt) >= 3
    assert len(caught) >= 0.7 * len(spoilt)
    for text in caught:
        assert first[text]["missing"] in spoilt[text].split("|")
        assert records[int(first[text]["row"]) - 2]["text"] == text
    with writing(suspects) as write:
        for row in listed:
            write(row | {"tags": spoilt.get(row["text"], row["tags"])})
    corrected = read_dataset(str(table), Reading(corrections=str(suspects))).labelled
    tags = dict(zip(corrected.texts, corrected.tags, strict=True))
    for text in caught:
        assert set(tags[text]) == set(spoilt[text].split("|"))


def test_suspects_overwrite_nothing_that_is_read(tmp_path: Path) -> None:
    """Neither the table nor the owner's corrections are lost to the next list of suspects."""
    table, corrections = tmp_path / "table.csv", tmp_path / "suspects.csv"
    for path in (table, corrections):
        path.write_text(TABLE.read_text())
        done = run_python(
            *("-m", "training", "train", str(table), "--corrections", str(corrections)),
            *("--suspects", str(tmp_path / "." / path.name)),
            home=tmp_path,
        )
        assert done.returncode == 2
        assert f"--suspects would overwrite {path}" in done.stderr


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_suspects_are_given_back_whatever_form_the_table_has(tmp_path: Path, form: str) -> None:
    """Columns, separator and encoding that were named are the table's, not the suspects'."""
    table, suspects = tmp_path / "table.csv", tmp_path / f"suspects.{form}"
    tags = [("Küche", "a|b"), ("[bug]", "x"), ("Küche",)]
    texts = ["Brühe one", "saddle two", "skillet three"]
    rows = [f"{text};{'/'.join(some)}" for text, some in zip(texts, tags, strict=True)]
    table.write_text("\n".join(("Betreff;Marken", *rows)), encoding="cp1252")
    reading = Reading(
        columns=TextColumns(title="Betreff"), tags="Marken", separator="/", encoding="cp1252"
    )
    labelled = read_dataset(str(table), reading).labelled
    assert labelled.tags == tuple(tags)
    swapped = tags[::-1]
    write_suspects(
        suspects,
        [
            Suspect(row, 0.9, missing=(), doubtful=some, text=text, tags=some)
            for row, text, some in zip(labelled.numbers, texts, swapped, strict=True)
        ],
    )
    corrected = read_dataset(str(table), replace(reading, corrections=str(suspects)))
    assert corrected.labelled.tags == tuple(swapped)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "tags",
    [
        ("<b>",),
        ("<", ">"),
        ("[b]",),
        ("{'b'}",),
        ("('b')",),
        ('{"choices": 1}',),
        ('"b"', "b,c"),
        ("b|c", "d"),
    ],
)
def test_a_suspects_tags_are_read_as_they_were_written(
    tmp_path: Path, form: str, tags: tuple[str, ...]
) -> None:
    """Whatever signs they hold: what looks like several tags, or a list of them, is one."""
    suspects = tmp_path / f"suspects.{form}"
    write_suspects(suspects, [Suspect(2, 0.9, (), tags, "some text", tags)])
    assert read_dataset(str(suspects), Reading()).labelled.tags == (tags,)
