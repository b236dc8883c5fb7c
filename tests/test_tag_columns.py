"""A table with a column for each tag is worth what the same rows with a column of tags are."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tagger.columns import TextColumns
from tagger.errors import MissingColumns
from tagger.store import Store
from tests.runs import TABLE
from tests.serving import run_python
from training.data import read_dataset
from training.labelled import Reading
from training.suspects import Suspect, write_suspects


@pytest.mark.parametrize(
    "written",
    [
        "id,text,cooking,music,stars\n1,A pan,1,0,3\n2,A song,0,1,0\n3,Both,1,1,1\n",
        "text;cooking;music\nA pan;True;False\nA song;False;True\nBoth;True;True\n",
        "text,cooking,music\nA pan,x,\nA song,,X\nBoth,x,x\n",
        "text,cooking,music\nA pan,\u2713,\nA song,,\u2714\nBoth,\u2713,\u2713\n",
        "cooking,music,text\n1.0,0.0,A pan\n0.0,1.0,A song\n1.0,1.0,Both\n",
        (
            '{"text": "A pan", "cooking": true}\n{"text": "A song", "music": 1, "cooking": null}\n'
            '{"text": "Both", "cooking": 1, "music": true}\n'
        ),
    ],
)
def test_each_way_to_say_yes_and_no(written: str, tmp_path: Path) -> None:
    """Ones, truths and crosses name the tags of a row, as a column of tags does."""
    plain = tmp_path / "plain.csv"
    plain.write_text("text,tags\nA pan,cooking\nA song,music\nBoth,cooking|music\n")
    table = tmp_path / ("table.jsonl" if written.startswith("{") else "table.csv")
    table.write_text(written)
    dataset = read_dataset(str(table), Reading())
    assert dataset.sha256 == read_dataset(str(plain), Reading()).sha256
    assert dataset.task == "multi"
    assert set(dataset.columns.tags.names) == {"cooking", "music"}


def test_columns_of_one_name_hold_a_tag_each(tmp_path: Path) -> None:
    """Issue trackers write a column `Labels` for each label, empty where an issue has fewer."""
    plain, table = tmp_path / "plain.csv", tmp_path / "table.csv"
    plain.write_text("text,tags\nA pan,cooking\nA song,music\nBoth,cooking|music\n")
    table.write_text(
        "Summary,Labels,Labels,Key\nA pan,cooking,,1\nA song,,music,2\nBoth,cooking,music\n"
    )
    reading = Reading(columns=TextColumns(text="Summary"), tags="Labels")
    found = read_dataset(str(table), reading)
    assert found.labelled == read_dataset(str(plain), Reading()).labelled


@pytest.mark.parametrize(
    "written",
    [
        "text,music\nA,0\nB,1\n",  # one column may be anything
        "text,music,cooking\nA,0,0\nB,1,0\n",  # nobody cooks
        "text,music,stars\nA,0,2\nB,1,1\n",
        "text,0,1\nA,2,2\nB,1,1\n",
    ],
)
def test_what_may_be_no_tag_is_not_taken_for_one(written: str, tmp_path: Path) -> None:
    """Fewer than two columns of yes and no are no tags: how to name those is told."""
    table = tmp_path / "table.csv"
    table.write_text(written)
    with pytest.raises(MissingColumns, match="--tags-column NAME"):
        read_dataset(str(table), Reading())


def test_a_column_of_tags_comes_first(tmp_path: Path) -> None:
    """Beside `tags` other columns are none, whatever they hold."""
    table = tmp_path / "table.csv"
    table.write_text("text,tags,read,answered\nA,a|b,1,0\nB,c,0,1\n")
    dataset = read_dataset(str(table), Reading())
    assert dataset.labelled.tags == (("a", "b"), ("c",))
    assert not dataset.columns.tags.one_for_each


def test_texts_of_no_tag_are_examples_of_none(tmp_path: Path) -> None:
    """Training keeps rows of zeros, says which columns it took, and leaves out what it is told."""
    with TABLE.open() as file:
        records = list(csv.DictReader(file))
    table, aliases = tmp_path / "table.csv", tmp_path / "aliases.json"
    borne = [set(record["tags"].split("|")) for record in records]
    names = sorted(set().union(*borne))
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", *names, "checked"])
        for record, some in zip(records, borne, strict=True):
            writer.writerow([record["text"], *(int(name in some) for name in names), 1])
        writer.writerows([f"of nothing, number {n}", *[0] * len(names), 0] for n in range(40))
    aliases.write_text(json.dumps({"checked": ""}))
    command = ("-m", "training", "train", str(table), "--fast", "--json")
    done = run_python(*command, "--aliases", str(aliases), home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert f"yes or no: {names[0]}, " in done.stderr
    assert '--aliases FILE that holds {"checked": ""}' in done.stderr
    made = json.loads(done.stdout)
    run = Store(tmp_path / "home").run(made["run_id"])
    assert set(run.tags) <= set(names)
    assert "checked" not in run.tags
    assert made["left_out"]["untagged_texts"] >= 40
    assert run.data.training_rows + run.data.test_rows >= 280


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_suspects_of_no_tag_are_given_back(form: str, tmp_path: Path) -> None:
    """A suspicious row that bears no tag may stay so, or get its tag."""
    table, suspects = tmp_path / "table.csv", tmp_path / f"suspects.{form}"
    table.write_text("text,cooking,music\nA pan,1,0\nA song,0,0\nNothing,0,0\nAll,1,1\n")
    labelled = read_dataset(str(table), Reading()).labelled
    found = [
        Suspect(3, 0.9, missing=("music",), doubtful=(), text="A song", tags=("music",)),
        Suspect(4, 0.8, missing=("music",), doubtful=(), text="Nothing", tags=()),
    ]
    write_suspects(suspects, found)
    corrected = read_dataset(str(table), Reading(corrections=str(suspects))).labelled
    assert corrected.texts == labelled.texts
    assert corrected.tags == (("cooking",), ("music",), (), ("cooking", "music"))
