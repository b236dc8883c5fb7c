"""A training is one command: told step by step, reproducible, measured by the code that serves."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from tagger.compare import policy_of, predicted_tags
from tagger.decide import decide, predictions
from tagger.model import Scored
from tagger.store import Store
from tests.runs import TABLE, made_run
from tests.serving import run_python
from training.data import Reading, normalise, read_dataset
from training.evaluate import measure, truth_of
from training.split import split


def train(home: Path, table: Path = TABLE, *options: str) -> dict[str, object]:
    """Train by the command line; what it printed as JSON."""
    done = run_python("-m", "training", "train", str(table), "--json", *options, home=home)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_json_stands_alone_on_stdout(tmp_path: Path) -> None:
    """--json prints run, promotion and performance on stdout; the steps are lines on stderr."""
    done = run_python("-m", "training", "train", str(TABLE), "--json", home=tmp_path)
    told = json.loads(done.stdout)
    store = Store(tmp_path)
    assert told["run_id"] == store.promoted()
    assert told["promoted"] is True
    assert told["performance"]["overall"]["f1"] == store.runs()[0].performance.overall.f1
    assert set(told["performance"]["class"]) == set(store.runs()[0].tags)
    assert "Read the table" in done.stderr
    assert "Write the run" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_person_is_told_how_good_the_run_is_and_what_to_type_next(tmp_path: Path) -> None:
    """Performance, what was left out, the run and the next command stand on stdout."""
    table = tmp_path / "table.csv"
    more = [f"Some words about number {i} and nothing else,rare-{i}" for i in range(30)]
    table.write_text(TABLE.read_text() + "\n".join(more) + "\n")
    done = run_python("-m", "training", "train", str(table), home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    run = Store(tmp_path / "home").runs()[0]
    for words in (
        "precision",
        "macro f1",
        "cycling",
        "rare-1",
        "20 more",
        "bear none",
        run.run_id,
    ):
        assert words in done.stdout
    assert done.stdout.rstrip().endswith("Next: make serve")
    second = run_python("-m", "training", "train", str(table), home=tmp_path / "home")
    newest = Store(tmp_path / "home").runs()[0].run_id
    assert second.stdout.rstrip().endswith(f"Next: python -m training promote {newest}")


def test_a_store_that_holds_a_run_needs_no_first_one(tmp_path: Path) -> None:
    """--if-empty trains where the store is empty and does nothing where it is not."""
    train(tmp_path, TABLE, "--if-empty")
    done = run_python("-m", "training", "train", str(TABLE), "--if-empty", home=tmp_path)
    assert done.returncode == 0
    assert done.stdout == ""
    assert len(Store(tmp_path).run_ids()) == 1


def test_the_same_table_params_and_seed_give_the_same_files(tmp_path: Path) -> None:
    """Two trainings of the same differ in nothing but their name and time."""
    for _ in range(2):
        train(tmp_path)
    one, other = (tmp_path / "models" / "tagline" / run_id for run_id in Store(tmp_path).run_ids())
    for part in ("model", "exam"):
        names = [path.name for path in (one / part).iterdir()]
        for name in names:
            assert (one / part / name).read_bytes() == (other / part / name).read_bytes(), name


def test_the_performance_is_that_of_the_served_answers(tmp_path: Path) -> None:
    """The run's figures are scikit-learn's, over what the stored model predicts for the test."""
    run_id = str(train(tmp_path)["run_id"])
    store = Store(tmp_path)
    run, model = store.run(run_id), store.model(run_id)
    dataset = read_dataset(str(TABLE), Reading())
    test = split(dataset, run.params).test
    decisions = decide(model.score(test.texts), model.policy)
    answered = predictions(model, test.texts, decisions)
    predicted = truth_of([answer.predicted_tags for answer in answered], run.tags)
    truth = truth_of(test.tags, run.tags)
    expected = precision_recall_fscore_support(truth, predicted, average="weighted")
    overall = run.performance.overall
    assert (overall.precision, overall.recall, overall.f1) == pytest.approx(expected[:3])
    assert overall.accuracy == pytest.approx(accuracy_score(truth, predicted))
    assert overall.texts == len(test)
    by_tag = np.array(precision_recall_fscore_support(truth, predicted, zero_division=0))
    for column, tag in enumerate(run.tags):
        found = run.performance.by_tag[tag]
        shown = (found.precision, found.recall, found.f1, found.support)
        assert shown == pytest.approx(by_tag[:, column])


def test_measures_are_scikit_learns() -> None:
    """Precision, recall, F1 and their means equal scikit-learn's on drawn decisions."""
    chance = np.random.default_rng(2)
    for _ in range(20):
        truth, predicted = chance.random((2, 60, 5)) < chance.random(5) * 0.6
        tags = tuple("abcde")
        found = measure(truth, predicted, tags)
        borne = np.flatnonzero(truth.any(axis=0))
        for average, f1 in (
            ("weighted", found.overall.f1),
            ("micro", found.overall.micro_f1),
            ("macro", found.overall.macro_f1),
        ):
            labels = borne if average == "macro" else None
            expected = precision_recall_fscore_support(
                truth, predicted, average=average, labels=labels, zero_division=0
            )
            assert f1 == pytest.approx(expected[2])


def test_the_exam_decides_as_the_run_did() -> None:
    """From the exam alone come the very decisions that the performance was measured on."""
    made = made_run()
    test = made.exam.test
    decisions = decide(Scored(test.scores, test.familiarity), policy_of(made.run))
    predicted = predicted_tags(decisions, len(made.run.tags))
    found = measure(test.truth, predicted, made.run.tags)
    assert found.overall == made.run.performance.overall
    assert dict(found.by_tag) == dict(made.run.performance.by_tag)


def test_the_exam_holds_no_text(tmp_path: Path) -> None:
    """No text of the table is kept in a run; its vocabulary is of single words and pairs."""
    train(tmp_path)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in read_dataset(str(TABLE), Reading()).labelled.texts:
        assert text.encode() not in kept
        assert normalise(text).encode() not in kept


def test_near_duplicates_of_the_test_are_not_trained_on(tmp_path: Path) -> None:
    """A training text that is nearly one of the test is left out and counted."""
    dataset = read_dataset(str(TABLE), Reading())
    parts = split(dataset, made_run().run.params)
    table = tmp_path / "table.csv"
    copies = [
        f"{text} {word},{'|'.join(tags)}"
        for text, tags in zip(parts.test.texts, parts.test.tags, strict=True)
        for word in ("extra", "more", "again", "now")
    ]
    table.write_text(TABLE.read_text() + "\n".join(copies) + "\n")
    again = split(read_dataset(str(table), Reading()), made_run().run.params)
    last_of_before = len(dataset.labelled) + 1
    assert len(again.near_duplicates) > len(parts.test)
    assert all(ours > last_of_before for ours, _ in again.near_duplicates)
    assert set(parts.training.texts) <= set(again.training.texts)
    kept_copies = {number for number in again.training.numbers if number > last_of_before}
    assert len(kept_copies) < len(copies) / 10


def test_a_growing_table_moves_no_text_to_the_other_side(tmp_path: Path) -> None:
    """More rows and another order leave every text on its side."""
    params = made_run().run.params
    header, *rows = TABLE.read_text().splitlines()
    random.Random(3).shuffle(rows)  # noqa: S311 - a test's own order
    table = tmp_path / "table.csv"
    table.write_text(
        "\n".join((header, *rows, *(f"new words number {i},music" for i in range(99))))
    )
    before = split(read_dataset(str(TABLE), Reading()), params)
    after = split(read_dataset(str(table), Reading()), params)
    assert set(before.test.texts) <= set(after.test.texts)
    assert not set(before.test.texts) & set(after.training.texts)


def test_a_table_of_single_tags(tmp_path: Path) -> None:
    """A column `tag` makes a run that predicts one tag a text."""
    table = tmp_path / "table.csv"
    with TABLE.open() as rows, table.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "tag"])
        writer.writerows(
            (row["text"], row["tags"]) for row in csv.DictReader(rows) if "|" not in row["tags"]
        )
    run_id = str(train(tmp_path / "home", table)["run_id"])
    store = Store(tmp_path / "home")
    run, model = store.run(run_id), store.model(run_id)
    assert run.task == "single"
    texts = ["Whisk the broth in the skillet", "Comet in the telescope"]
    answered = predictions(model, texts, decide(model.score(texts), model.policy))
    assert [answer.predicted_tags for answer in answered] == [("cooking",), ("astronomy",)]


def test_free_tags_of_which_most_are_rare(tmp_path: Path) -> None:
    """Tags of too few texts are left out and told; their texts stay, as bearing none."""
    table = tmp_path / "table.jsonl"
    lines = []
    for number, row in enumerate(csv.DictReader(TABLE.open())):
        tags = [*row["tags"].split("|"), f"free-{number % 200}"]
        lines.append(json.dumps({"text": row["text"], "tags": tags}))
    lines += [json.dumps({"text": f"plain talk {i} of things", "tags": ["odd"]}) for i in range(9)]
    table.write_text("\n".join(lines))
    told = train(tmp_path / "home", table)
    assert isinstance(told["left_out"], dict)
    assert isinstance(told["data"], dict)
    assert len(told["left_out"]["rare_tags"]) == 201
    assert told["left_out"]["untagged_texts"] == 9
    assert told["data"]["training_rows"] + told["data"]["test_rows"] == 259
    assert len(Store(tmp_path / "home").runs()[0].tags) == 6
