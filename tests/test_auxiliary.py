"""Training learns from another table too, for the tags that both have, where that helps."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import TABLE
from tests.serving import PROJECT, run_python

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
    assert told["performance"] == {
        **train(tmp_path, own, "--fast")["performance"],
    }


def test_a_table_that_misleads_is_left_out(tmp_path: Path) -> None:
    """Where models are compared, the best one learns from it only if folds are answered better."""
    own = own_table(tmp_path)
    swapped = {"cooking": WORDS["cycling"], "cycling": WORDS["cooking"]}
    other = write(tmp_path / "other.csv", texts_of(swapped, each=300, seed=6))
    command = ("-m", "training", "train", str(own), "--also", str(other))
    done = run_python(*command, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Nothing was learnt from the other table" in done.stdout
    assert "with other.csv" in done.stdout


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
