"""Training learns from another table too, for the tags that both have, where that helps."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.records import Params
from tests.runs import TABLE
from tests.serving import PROJECT, run_python
from training import fit as fitting
from training.__main__ import commands
from training.auxiliary import lent_by
from training.data import read_dataset
from training.labelled import Reading
from training.report.examined import Examined
from training.report.more_rows import more_rows_section
from training.report.table import known_texts
from training.report.telling_words import telling_words
from training.runs import make_run
from training.split import split
from training.train_summary import tell_made

WORDS: Mapping[str, str] = {
    "cooking": "broth onion skillet pepper garlic tomato",
    "cycling": "saddle tyre crank handlebar pedal gear",
    "gardening": "trellis mulch hedge bulb pollinate dough",
}
OTHER_WORDS: Mapping[str, str] = {
    "cooking": "saucepan simmer colander ladle stew spatula",
    "cycling": "derailleur peloton velodrome puncture sprint spoke",
}
FILLING = "a the our near over while again carefully slowly with before under"


def texts_of(words: Mapping[str, str], *, each: int, seed: int) -> list[tuple[str, str]]:
    """Make so many texts a tag: three words of it among words of none."""
    chance = np.random.default_rng(seed)
    return [
        (
            " ".join(
                part
                for some, n in ((of_tag, 3), (FILLING, 5))
                for part in chance.choice(some.split(), n, replace=False)
            ),
            tag,
        )
        for tag, of_tag in words.items()
        for _ in range(each)
    ]


def write(path: Path, rows: Iterable[tuple[str, str]]) -> Path:
    """Write a table of texts and tags."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "tags"), *rows])
    return path


def own_table(folder: Path) -> Path:
    """Write the table that is trained on: 60 texts of each of three tags."""
    return write(folder / "own.csv", texts_of(WORDS, each=60, seed=1))


def train(home: Path, *arguments: str | Path) -> dict[str, Any]:
    """Train by the command line; return what it printed."""
    done = run_python("-m", "training", "train", *map(str, arguments), "--json", home=home)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def tags_of(home: Path, run_id: str, text: str) -> list[str]:
    """Tag a text from the command line."""
    done = run_python("-m", "tagger", "tag", text, "--run", run_id, "--json", home=home)
    assert done.returncode == 0, done.stderr
    tags: list[str] = json.loads(done.stdout)["predictions"][0]["predicted_tags"]
    return tags


def arrays_of(home: Path, run_id: str) -> dict[str, str]:
    """Return the hash of each file that a run serves with."""
    folder = home / "models" / "tagline" / run_id / "model"
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def test_words_of_the_other_table_earn_tags(tmp_path: Path) -> None:
    """Its words earn the tags that both have; the run says what it learnt, and is made twice."""
    own = own_table(tmp_path)
    other = write(tmp_path / "other.csv", texts_of(OTHER_WORDS, each=40, seed=2))
    text = "simmer the stew in a saucepan and a ladle"
    alone = train(tmp_path, own, "--fast")
    assert tags_of(tmp_path, alone["run_id"], text) == []
    both, again = (train(tmp_path, own, "--fast", "--also", other) for _ in range(2))
    assert tags_of(tmp_path, both["run_id"], text) == ["cooking"]
    lent = both["data"]["auxiliary"]
    assert (lent["source"], lent["rows"]) == ("other.csv", 80)
    assert lent["tags"] == ["cooking", "cycling"]
    assert alone["data"]["auxiliary"] is None
    assert arrays_of(tmp_path, both["run_id"]) == arrays_of(tmp_path, again["run_id"])
    shown = run_python("-m", "tagger", "show", both["run_id"], "--json", home=tmp_path)
    assert json.loads(shown.stdout)["params"]["auxiliary"] is True
    assert json.loads(shown.stdout)["data"]["auxiliary"] == lent


def test_a_tag_that_the_other_table_has_not_is_left_as_it_is(tmp_path: Path) -> None:
    """Its texts are no examples of texts without the tags that it does not know."""
    own = own_table(tmp_path)
    misleading = {"cooking": f"{WORDS['gardening']} {OTHER_WORDS['cooking']}"}
    rows = texts_of(misleading, each=200, seed=3) + texts_of(
        {"cycling": OTHER_WORDS["cycling"]}, each=20, seed=4
    )
    other = write(tmp_path / "other.csv", rows)
    told = train(tmp_path, own, "--fast", "--also", other)
    assert told["performance"]["class"]["gardening"]["recall"] == 1


def test_texts_of_the_table_itself_are_not_lent(tmp_path: Path) -> None:
    """What stands in both tables, on whichever side, counts once, with the tags of the first."""
    own = own_table(tmp_path)
    with own.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    next_tag = dict(zip(WORDS, [*list(WORDS)[1:], *list(WORDS)[:1]], strict=True))
    wrong = [(f"{text}!", next_tag[tag]) for text, tag in rows]
    other = write(tmp_path / "wrong.csv", wrong)
    refused = run_python(
        *("-m", "training", "train", str(own), "--fast", "--also", str(other)), home=tmp_path
    )
    assert refused.returncode == 2
    assert "wrong.csv lends nothing: none of the 3 tags" in refused.stderr
    added = write(tmp_path / "added.csv", wrong + texts_of(OTHER_WORDS, each=20, seed=5))
    told = train(tmp_path, own, "--fast", "--also", added)
    assert told["data"]["auxiliary"]["rows"] == 40
    assert told["performance"] == train(tmp_path, own, "--fast")["performance"]


def test_what_holds_no_words_is_not_lent_either(tmp_path: Path) -> None:
    """Texts of signs alone, and of letters of another width, count once too."""
    signs = [f"{sign}) {other}" for sign in ":;=8" for other in "!?*+#"]
    wide = [f"\uff53{number}" for number in range(20)]
    rows = [(text, "cooking") for text in (*signs, *wide)]
    own = write(tmp_path / "own.csv", texts_of(WORDS, each=60, seed=1) + rows)
    same = [(text.replace("\uff53", "s"), "cycling") for text, _ in rows]
    other = write(tmp_path / "other.csv", same + texts_of(OTHER_WORDS, each=20, seed=5))
    told = train(tmp_path, own, "--fast", "--also", other)
    assert told["data"]["auxiliary"]["rows"] == 40


def test_the_other_table_is_read_as_the_first_is(tmp_path: Path) -> None:
    """Names of columns and the separator are of both tables, and who misses one is told so."""
    own = tmp_path / "own.csv"
    named = ("--text-column", "body", "--tags-column", "labels", "--separator", ";", "--fast")
    for path, words in ((own, WORDS), (tmp_path / "other.csv", OTHER_WORDS)):
        write(path, [(text, f"{tag};{tag}s") for text, tag in texts_of(words, each=60, seed=1)])
        path.write_text(path.read_text("utf-8").replace("text,tags", "body,labels"), "utf-8")
    told = train(tmp_path, own, *named, "--also", tmp_path / "other.csv")
    assert told["data"]["auxiliary"]["tags"] == ["cooking", "cookings", "cycling", "cyclings"]
    (tmp_path / "usual").mkdir()
    usual = own_table(tmp_path / "usual")
    refused = run_python(
        *("-m", "training", "train", str(own), *named, "--also", str(usual)), home=tmp_path
    )
    assert refused.returncode == 2
    assert f"--also {usual} is read as TABLE is. The table has no column 'body'" in refused.stderr
    assert "The table has no column 'labels'" in refused.stderr


def test_who_measures_a_run_is_told_that_it_learnt_from_another_table(tmp_path: Path) -> None:
    """Of that it has seen texts that fall to the test side too."""
    other = write(tmp_path / "other.csv", texts_of(OTHER_WORDS, each=40, seed=2))
    run = train(tmp_path, own_table(tmp_path), "--fast", "--also", other)["run_id"]
    done = run_python("-m", "training", "evaluate", run, str(other), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "It learnt from other.csv too" in done.stderr


def test_the_report_names_the_other_table(tmp_path: Path) -> None:
    """The card holds what the run learnt from, and the fingerprint by which to know it again."""
    other = write(tmp_path / "other.csv", texts_of(OTHER_WORDS, each=40, seed=2))
    told = train(tmp_path, own_table(tmp_path), "--fast", "--also", other)
    page = tmp_path / "report.html"
    done = run_python(
        *("-m", "training", "report", told["run_id"], "--out", str(page)), home=tmp_path
    )
    assert done.returncode == 0, done.stderr
    lent, card = told["data"]["auxiliary"], page.read_text("utf-8").partition('id="card"')[2]
    assert f"{lent['source']}: 80 texts" in card
    assert lent["sha256"] in card


def test_a_table_that_misleads_is_left_out(tmp_path: Path) -> None:
    """Where models are compared, the best one learns from it only if folds are answered better."""
    own = own_table(tmp_path)
    swapped = {"cooking": WORDS["cycling"], "cycling": WORDS["cooking"]}
    other = write(tmp_path / "other.csv", texts_of(swapped, each=300, seed=6))
    command = ("-m", "training", "train", str(own), "--also", str(other))
    done = run_python(*command, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Nothing was learnt from the other table: with it folds were" in done.stdout
    assert "with other.csv" in done.stdout


def test_a_table_that_helps_is_named_beside_the_model_it_was_chosen_with(tmp_path: Path) -> None:
    """The one that was chosen bears the name that stands among those that were compared."""
    few = texts_of(OTHER_WORDS, each=1, seed=7)
    own = write(tmp_path / "own.csv", texts_of(WORDS, each=60, seed=1) + few)
    other = write(tmp_path / "other.csv", texts_of(OTHER_WORDS, each=200, seed=2))
    command = ("-m", "training", "train", str(own), "--also", str(other))
    told = run_python(*command, home=tmp_path).stdout
    chosen = re.findall(r"^Chosen by .*: (.+)\.$", told, re.MULTILINE)[0]
    assert chosen.endswith(" with other.csv")
    assert f"{chosen} " in told.partition("Compared: ")[2]


def test_a_table_too_large_to_compare_with_is_not_said_to_be_worse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where both together are too large for a further candidate, that is what is told."""
    own, reading = read_dataset(str(own_table(tmp_path)), Reading()), Reading()
    other = write(tmp_path / "other.csv", texts_of(OTHER_WORDS, each=200, seed=6))
    params = Params()
    parts = split(own, params)
    lent = lent_by(str(other), own, parts, reading)
    enough_for_one = sum(map(len, own.labelled.texts)) * len(parts.tags)
    monkeypatch.setattr(fitting, "MOST_COMPARED", enough_for_one)
    others = [replace(params, regularization=1.0)]
    made = make_run(own, parts, params, others=others, lent=lent)
    assert {one.auxiliary for one in made.compared} == {None}
    tell_made(made, parts, compares=True, asked=True)
    assert "the two are too large to compare with and without it" in capsys.readouterr().out


@pytest.mark.parametrize("limit", ["MOST_CHARACTERS", "MOST_COMPARED"])
def test_of_a_large_table_it_is_told_that_nothing_was_compared(
    limit: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither models nor, unless a model is named, what another table is worth."""
    monkeypatch.setattr(fitting, limit, 10)
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "home"))
    table = str(own_table(tmp_path))
    other = str(write(tmp_path / "other.csv", texts_of(OTHER_WORDS, each=200, seed=6)))
    for asked in ([], ["--also", other]):
        commands.main(["train", table, *asked, "--folds", "2"], standalone_mode=False)
        told = capsys.readouterr().out
        assert "Too large to compare models on: svc-signs was taken." in told
        assert ("Nothing was learnt from the other table: the two are too" in told) is bool(asked)
    named = ["--model", "svc-signs", "--also", other, "--folds", "2"]
    commands.main(["train", table, *named], standalone_mode=False)
    told = capsys.readouterr().out
    assert "Too large to compare" not in told
    assert "Learnt from other.csv too" in told


def test_the_curve_of_the_report_is_of_the_table_alone(tmp_path: Path) -> None:
    """What another table taught the run is no merit of the second half of the rows."""
    reading, params = Reading(), Params(auxiliary=True)
    own = read_dataset(str(own_table(tmp_path)), reading)
    parts = split(own, params)
    swapped = {"cooking": WORDS["cycling"], "cycling": WORDS["cooking"]}
    other = write(tmp_path / "other.csv", texts_of(swapped, each=900, seed=6))
    lent = lent_by(str(other), own, parts, reading)
    misled = make_run(own, parts, params, lent=lent)
    assert misled.run.performance.overall.f1 < 0.9
    examined = Examined.of(misled.run, misled.model, misled.exam)
    known = known_texts(own, misled.run, misled.exam)
    section = more_rows_section(examined, known, step=lambda _: None)
    assert section
    assert section.learnt[-1].f1 > 0.9
    assert "without other.csv" in section.lead


def test_words_tell_that_stand_in_the_table_alone(tmp_path: Path) -> None:
    """What is rare among the texts of both tables is not taken for rare in the report."""
    reading, params = Reading(), Params(auxiliary=True)
    own = read_dataset(str(own_table(tmp_path)), reading)
    parts = split(own, params)
    other = write(tmp_path / "other.csv", texts_of(OTHER_WORDS, each=900, seed=6))
    lent = lent_by(str(other), own, parts, reading)
    made = make_run(own, parts, params, lent=lent)
    assert "trellis" in telling_words(made.run, made.model)["gardening"]


def test_taglines_own_table_is_tried_where_it_has_the_tags(tmp_path: Path) -> None:
    """It helps a table of its field unasked, and says so; --alone and other fields go without."""
    with (PROJECT / "training" / "catalogue.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    few = [(f"{row['title']}. {row['description']}", row["tags"]) for row in rows[::12]]
    own = write(tmp_path / "few.csv", few)
    options = ("--min-support", "5", "--folds", "2")
    done = run_python("-m", "training", "train", str(own), *options, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"Learnt from catalogue.csv too, {len(rows) - len(few)} texts" in done.stdout
    assert "--alone leaves it out" in done.stdout
    for arguments in ((own, "--alone"), (own, "--fast"), (TABLE,)):
        told = train(tmp_path, *arguments, *options)
        assert [one["auxiliary"] for one in told["compared"]] == [None] * len(told["compared"])
    both = run_python(
        *("-m", "training", "train", str(own), "--alone", "--also", str(own)), home=tmp_path
    )
    assert both.returncode == 2
    assert "Give either --also or --alone." in both.stderr
