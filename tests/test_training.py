"""A training is one command: told step by step, reproducible, measured by the code that serves."""

from __future__ import annotations

import csv
import json
import os
import pty
import shlex
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from tagger.compare import decide_exam, predicted_tags
from tagger.decide import decide, predictions
from tagger.exam import without_idle_scores
from tagger.model import Scored
from tagger.paired import differences
from tagger.policy import Policy
from tagger.records import Params
from tagger.store import Store
from tests.conftest import TrainedHome
from tests.runs import TABLE, made_run, put
from tests.serving import PROJECT, environment, run_command, run_python, shown_on
from training.data import normalise, read_dataset
from training.evaluate import (
    SLICE_FROM,
    measure,
    slices_by_answer,
    slices_by_length,
    truth_of,
)
from training.labelled import Reading
from training.runs import make_run
from training.split import split
from training.train_summary import tell_made, tell_next


@dataclass(frozen=True)
class Trained:
    """A training by the command line: where, and what it printed."""

    store: Store
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train on the tests' table, in an empty store, as `make serve` does."""
    home = tmp_path_factory.mktemp("trained")
    # A Python of its own, for other hashes of strings than other trainings' here.
    train = [sys.executable, "-m", "training", "train", str(TABLE)]
    done = run_command(*train, "--json", "--if-empty", home=home)
    assert done.returncode == 0, done.stderr
    return Trained(Store(home), done.stdout, done.stderr)


def test_json_stands_alone_on_stdout(trained: Trained) -> None:
    """--json prints run, promotion and performance on stdout; the steps are lines on stderr."""
    told = json.loads(trained.stdout)
    (run,) = trained.store.runs()
    assert told["run_id"] == run.run_id == trained.store.promoted()
    assert told["promoted"] is True
    assert told["performance"]["overall"]["f1"] == run.performance.overall.f1
    assert set(told["performance"]["class"]) == set(run.tags)
    assert "Read the table" in trained.stderr
    assert "Write the run" in trained.stderr
    assert "\x1b" not in trained.stderr


def test_a_terminal_shows_a_bar_with_named_steps(tmp_path: Path) -> None:
    """On a terminal the steps show one after another on one line, and stdout stays clean."""
    terminal, end = pty.openpty()
    table = tmp_path / "table.csv"
    table.write_text(TABLE.read_text())
    with subprocess.Popen(
        [sys.executable, "-m", "training", "train", str(table), "--min-support", "99", "--json"],
        cwd=PROJECT,
        env=environment(tmp_path / "home", TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=end,
    ) as process:
        os.close(end)
        shown = shown_on(terminal)
        assert process.stdout
        assert process.stdout.read() == b""
    assert "Read the table" in shown
    assert "\x1b[2K" in shown
    assert "usable tags" in shown
    assert process.returncode == 2


def test_a_person_is_told_how_good_the_run_is_and_what_to_type_next(tmp_path: Path) -> None:
    """Performance, what was left out, the run and the next command stand on stdout."""
    rows = [f"Some words about number {i} and nothing else,rare-{i}" for i in range(30)]
    table = "\n".join((TABLE.read_text(), *rows))
    done = run_python("-m", "training", "train", "-", home=tmp_path, stdin=table)
    assert done.returncode == 0, done.stderr
    (run,) = Store(tmp_path).runs()
    bearing_none = "Taken as bearing none, without any of the trained tags: 30 texts."
    for words in ("precision", "macro f1", "cycling", "rare-1", "20 more", bearing_none):
        assert words in done.stdout
    assert f"Run {run.run_id} is in the store and promoted." in done.stdout
    assert done.stdout.rstrip().endswith("Next: make serve")
    assert run.data.source == "standard input"


def test_a_run_that_is_not_promoted_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    """A later run ends with the command that promotes it."""
    tell_next("a-run", promoted=False, refused=False)
    told = capsys.readouterr().out
    assert told.rstrip().endswith("Next: python -m training promote a-run")


def test_make_serve_tells_nobody_to_type_it(capsys: pytest.CaptureFixture[str]) -> None:
    """What goes on after its first run names no next command."""
    tell_next("a-run", promoted=True, refused=False, goes_on=True)
    assert capsys.readouterr().out == "Run a-run is in the store and promoted.\n"


def test_findings_are_told_by_their_rows(tmp_path: Path) -> None:
    """What `check` finds is told in rows, and so is a command that finds the same."""
    table = tmp_path / "table.csv"
    rows = TABLE.read_text().replace("text,tags", "my words,tags").splitlines()
    table.write_text("\n".join((*rows, *rows[1:8])))
    arguments = ("train", str(table), "--text-column", "my words", "--folds", "2", "--strict")
    done = run_python("-m", "training", *arguments, home=tmp_path / "home")
    assert done.returncode == 1
    command = f"python -m training check {table} --text-column 'my words' --folds 2"
    assert f"Found: duplicates (7 rows). See: {command}\n" in done.stderr
    seen = run_python(*shlex.split(command)[1:], home=tmp_path / "home")
    assert seen.stdout.count("\n") == 2
    assert "duplicates: Rows 252, 253" in seen.stdout


@pytest.mark.parametrize(
    ("several", "told"),
    [
        (0, "No text bears two tags"),
        (1, "1 of 250 texts bears two tags"),
        (2, "2 of 250 texts bear two tags"),
        (3, ""),
    ],
)
def test_tags_that_come_one_by_one_are_told_of_the_other_task(
    several: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no text bears two tags, or a slip in a hundred does, it is said."""
    made = made_run()
    parts = split(read_dataset(str(TABLE), Reading()), made.run.params)
    tags = tuple(("cooking", "music")[: 1 + (n < several)] for n in range(len(parts.training)))
    test = replace(parts.test, tags=tuple(some[:1] for some in parts.test.tags))
    tell_made(made, replace(parts, training=replace(parts.training, tags=tags), test=test))
    hints = [line for line in capsys.readouterr().out.splitlines() if "--task single" in line]
    assert [hint.partition(":")[0] for hint in hints] == [told] * bool(told)


def test_tags_and_texts_are_shown_as_they_are_spelt(tmp_path: Path) -> None:
    """Brackets and colons are no markup and no emoji, in whatever is printed."""
    spelt = {"cooking": "[bug]", "cycling": "[/wontfix]", "music": ":memo:"}
    table = "text,tag\n" + "".join(
        f"{row['text']},{spelt[row['tags']]}\n"
        for row in csv.DictReader(TABLE.open())
        if row["tags"] in spelt
    )
    done = run_python("-m", "training", "train", "-", "--fast", home=tmp_path, stdin=table)
    assert done.returncode == 0, done.stderr
    text = "Whisk the broth in the [/red] skillet :fire: and garlic"
    tagged = run_python("-m", "tagger", "tag", text, home=tmp_path).stdout
    assert text in tagged
    assert "[bug]" in tagged
    for told in (done.stdout, run_python("-m", "tagger", "show", home=tmp_path).stdout):
        assert all(tag in told for tag in spelt.values())


def test_a_store_that_holds_a_run_needs_no_first_one(trained: Trained) -> None:
    """--if-empty does nothing, at once, where there is a run."""
    home = trained.store.folder.parent.parent
    done = run_python("-m", "training", "train", str(TABLE), "--if-empty", home=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(trained.store.run_ids()) == 1


def test_the_same_table_params_and_seed_give_the_same_files(
    trained: Trained, trained_home: TrainedHome
) -> None:
    """Two trainings of the same differ in nothing but their name and time."""
    (run_id,) = trained.store.run_ids()
    one = trained.store.folder / run_id
    other = Store(trained_home.path).folder / trained_home.run_id
    for part in ("model", "exam"):
        names = sorted(path.name for path in (one / part).iterdir())
        assert names == sorted(path.name for path in (other / part).iterdir())
        for name in names:
            assert (one / part / name).read_bytes() == (other / part / name).read_bytes(), name


def test_the_performance_is_that_of_the_served_answers(trained: Trained) -> None:
    """The run's figures are scikit-learn's, over what the stored model predicts for the test."""
    (run,) = trained.store.runs()
    model = trained.store.model(run.run_id)
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


def test_slices_hold_the_texts_that_their_names_say() -> None:
    """By words, by tags borne, and abstained from; those of too few texts are left out."""
    by_length = slices_by_length(["word " * words for words in (10, 11, 50, 51)])
    truth = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.bool_)
    scored = Scored(np.zeros((4, 2), np.float32), np.array([0, 2, 2, 2], np.float32))
    decisions = decide(scored, Policy("multi", np.array([0.5, 0.5]), abstain_below=1))
    found = by_length | slices_by_answer(truth, decisions)
    assert {name: np.flatnonzero(chosen).tolist() for name, chosen in found.items()} == {
        "short-texts": [0],
        "long-texts": [3],
        "one-tag": [1, 2],
        "several-tags": [3],
        "no-tag": [0],
        "abstained": [0],
    }
    all_right = np.ones((SLICE_FROM + 1, 1), np.bool_)
    places = np.arange(len(all_right))
    slices = {"enough": places < SLICE_FROM, "few": places < SLICE_FROM - 1}
    measured = measure(all_right, all_right, ["tag"], slices).slices
    assert {name: overall.texts for name, overall in measured.items()} == {"enough": SLICE_FROM}


def test_parts_are_not_all_better_than_the_whole() -> None:
    """A tag that is given wrongly where no text of a part bears it counts against the part."""
    half = np.arange(2 * SLICE_FROM) < SLICE_FROM
    truth, predicted = np.stack([half, ~half], axis=1), np.ones((2 * SLICE_FROM, 2), np.bool_)
    measured = measure(truth, predicted, ["one", "other"], {"first": half, "second": ~half})
    assert measured.overall.micro_f1 == pytest.approx(2 / 3)
    for part in measured.slices.values():
        assert (part.precision, part.recall, part.f1) == pytest.approx((0.5, 1, 2 / 3))


def test_a_faultless_run_has_an_f1_of_exactly_one() -> None:
    """The mean by support of ones is 1, not 0.9999999999999999, in a comparison too."""
    draw = np.random.default_rng(8)
    for n_tags in range(1, 40):
        truth = draw.random((90, n_tags)) < 0.3
        overall = measure(truth, truth, [f"tag {i}" for i in range(n_tags)]).overall
        assert (overall.precision, overall.recall, overall.f1) == (1, 1, 1)
        compared, _ = differences(truth, truth, truth)
        assert (compared.first, compared.second) == (1, 1)


def test_an_exam_keeps_the_scores_that_can_decide() -> None:
    """Those from half a threshold or 0.01 on, those of true tags, and the best of each text."""
    scores = np.array([[0.9, 0.006, 0.011], [0.009, 0.004, 0.008], [0.9, 0.004, 0.009]], np.float32)
    truth = np.zeros((3, 3), np.bool_)
    truth[2, 1] = True
    kept = without_idle_scores(scores, truth, np.array([0.5, 0.01, 0.5])) > 0
    assert kept.tolist() == [[True, True, True], [True, False, False], [True, True, False]]


def test_the_exam_decides_as_the_run_did() -> None:
    """From the exam alone come the very decisions that the performance was measured on."""
    made = made_run()
    test = made.exam.test
    predicted = predicted_tags(decide_exam(made.run, test))
    found = measure(test.truth, predicted, made.run.tags)
    assert found.overall == made.run.performance.overall
    assert dict(found.by_tag) == dict(made.run.performance.by_tag)


def test_a_table_of_any_name(tmp_path: Path) -> None:
    """A file whose name is not UTF-8 is trained on, its name being told as far as it is."""
    table = tmp_path / os.fsdecode(b"caf\xe9.csv")
    table.write_bytes(TABLE.read_bytes())
    done = run_python("-m", "training", "train", str(table), "--fast", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    (run,) = Store(tmp_path / "home").runs()
    assert run.data.source == "caf?.csv"


def test_a_run_holds_no_text(trained: Trained) -> None:
    """No text of the table is kept in a run; its vocabulary is of single words and pairs."""
    parts: list[bytes] = []
    for path in trained.store.folder.rglob("*"):
        if path.suffix == ".npz":  # compressed
            with zipfile.ZipFile(path) as arrays:
                parts += map(arrays.read, arrays.namelist())
        elif path.is_file():
            parts.append(path.read_bytes())
    kept = b"".join(parts)
    assert b"skillet" in kept
    for text in read_dataset(str(TABLE), Reading()).labelled.texts:
        assert text.encode() not in kept
        assert normalise(text).encode() not in kept


def test_a_run_tells_no_key_of_its_tables_address() -> None:
    """A run travels, so of an address it holds the name of the file alone."""
    address = "https://tables.example/folder/table.csv?key=secret"
    dataset = replace(read_dataset(str(TABLE), Reading()), source=address)
    assert split(dataset, Params()).describe(dataset, licence=None).source == "table.csv"


def test_a_table_of_single_tags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A column `tag` makes a run that predicts one tag a text."""
    table = tmp_path / "table.csv"
    with TABLE.open() as rows, table.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "tag"])
        writer.writerows(
            (row["text"], row["tags"]) for row in csv.DictReader(rows) if "|" not in row["tags"]
        )
        writer.writerows((f"words on {one} alone", "rare") for one in ("a cart", "an owl", "a fig"))
        writer.writerows(("some say this and some that", tag) for tag in ("astronomy", "cooking"))
    dataset = read_dataset(str(table), Reading())
    params = Params(task=dataset.task)
    parts = split(dataset, params)
    made = make_run(dataset, parts, params)
    assert made.run.task == "single"
    assert made.run.data.not_of_one_tag == 4
    tell_made(made, parts)
    told = capsys.readouterr().out
    assert "Left out, without any of the trained tags: 3 texts." in told
    assert "--task single" not in told
    (row,) = parts.ambiguous
    assert f"Left out, given several tags where each text is to have one: row {row}." in told
    assert dataset.labelled.numbers.index(row) == len(dataset.labelled) - 1
    put(Store(tmp_path), made)
    model = Store(tmp_path).model(made.run.run_id)
    texts = ["Whisk the broth in the skillet", "Comet in the telescope"]
    answered = predictions(model, texts, decide(model.score(texts), model.policy))
    assert [answer.predicted_tags for answer in answered] == [("cooking",), ("astronomy",)]
