"""Promotion makes nothing worse unnoticed: the gate, --force, and what cannot be compared."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.compare import compare
from tagger.errors import PromotionRefused
from tagger.printing import print_comparison
from tagger.store import Store
from tests.runs import FAMILIAR, TABLE, answering, answers, made_run, named, put
from tests.serving import run_python
from training.runs import Made

TEXTS = 400


def truth() -> np.ndarray:
    """Draw which of the run's tags each text bears: a quarter of the texts bear each."""
    return np.random.default_rng(1).random((TEXTS, len(made_run().run.tags))) < 0.25


def wrong(share: float, *, seed: int, tags: slice = slice(None)) -> np.ndarray:
    """Answer as the truth is, but wrongly in this share of the answers to ``tags``."""
    predicted = truth()
    flipped = np.random.default_rng(seed).random(predicted.shape) < share
    predicted[:, tags] ^= flipped[:, tags]
    return predicted


def run(name: str, predicted: np.ndarray, **changes: Any) -> Made:
    """Make a run that answered its test in this way."""
    made = answering(named(name), answers(truth()[: len(predicted)], predicted))
    return replace(made, run=replace(made.run, **changes))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store in which ``good``, wrong in 5% of its answers, is promoted."""
    put(Store(tmp_path), run("good", wrong(0.05, seed=1)))
    return tmp_path


def promote(home: Path, *arguments: str) -> tuple[int, str, str]:
    """Promote by the command line; status, stdout and stderr."""
    done = run_python("-m", "tagger", "promote", *arguments, home=home)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, " ".join(done.stderr.split())


def test_a_better_run_passes(home: Path) -> None:
    """A run as good or better is promoted, with the table of what was compared."""
    put(Store(home), run("better", wrong(0.01, seed=2)))
    status, out, _ = promote(home, "better")
    assert status == 0
    assert "better is promoted in place of good" in out
    assert "400 texts" in out
    assert Store(home).promoted() == "better"


def test_a_run_worse_overall_is_refused_with_the_table(home: Path) -> None:
    """A run worse beyond noise ends in status 3, a table and a sentence; nothing changes."""
    put(Store(home), run("worse", wrong(0.2, seed=2)))
    status, out, err = promote(home, "worse")
    assert status == 3
    assert "overall" in out
    assert "95% interval" in out
    assert "worse than the promoted run good beyond noise: overall" in err
    assert "on overall" not in err
    assert "--force" in err
    assert Store(home).promoted() == "good"
    assert len(Store(home).history()) == 1
    status, out, _ = promote(home, "worse", "--json")
    assert status == 3
    told = json.loads(out)
    assert told["promotion"] is None
    assert told["comparison"]["worse"][0] == "overall"


def test_an_imported_run_goes_through_the_gate(home: Path) -> None:
    """BentoML's import makes it tagline:latest; it is compared with what was promoted before."""
    store = Store(home)
    put(store, run("worse", wrong(0.2, seed=2)))
    (store.folder / "latest").write_text("worse")
    status, _, err = promote(home, "worse")
    assert status == 3
    assert "worse than the promoted run good beyond noise: overall" in err
    status, out, _ = promote(home, "worse", "--force")
    assert status == 0
    assert "worse is promoted." in out
    assert store.rollback().run_id == "good"


def test_a_run_worse_on_one_tag_is_refused(home: Path) -> None:
    """A run that is better overall but much worse on one tag is refused for that tag."""
    put(Store(home), run("lame", wrong(0.25, seed=2, tags=slice(2, 3))))
    status, _, err = promote(home, "lame")
    assert status == 3
    assert f"on {made_run().run.tags[2]}." in err
    assert "overall" not in err


def test_a_tag_that_is_gone_counts(home: Path) -> None:
    """A run that does not know a tag of the promoted one is refused for it."""
    made = run("fewer", truth())
    tags = made.run.tags
    test = answers(truth()[:, 1:], truth()[:, 1:])
    fewer = replace(
        answering(made, test),
        run=replace(made.run, tags=tags[1:], thresholds=made.run.thresholds[1:]),
    )
    store = Store(home)
    put(store, fewer)
    found = compare(store.run("good"), store.exam("good"), fewer.run, fewer.exam)
    assert found.lost == (tags[0],)
    assert tags[0] in found.worse
    assert found.by_tag[tags[0]].second == 0
    back = compare(fewer.run, fewer.exam, store.run("good"), store.exam("good"))
    assert back.added == (tags[0],)
    assert tags[0] not in back.by_tag
    assert found.relabelled == back.relabelled == 0


def test_texts_without_tags_count(home: Path) -> None:
    """Each run abstains as its own limit says, so that one that always does finds nothing."""
    shy = run("shy", truth(), abstain_below=2 * FAMILIAR)
    found = compare(Store(home).run("good"), Store(home).exam("good"), shy.run, shy.exam)
    assert found.overall.first > 0.8
    assert found.overall.second == 0


def test_tags_that_were_corrected_in_between_count(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both runs are judged by what the second one's table says, and so many texts are told."""
    corrected = truth()
    corrected[:10, 0] ^= True
    made = answering(named("corrected"), answers(corrected, corrected))
    store, tag = Store(home), made.run.tags[0]
    found = compare(store.run("good"), store.exam("good"), made.run, made.exam)
    assert (found.relabelled, found.by_tag[tag].second) == (10, 1)
    back = compare(made.run, made.exam, store.run("good"), store.exam("good"))
    assert back.relabelled == 10
    assert back.by_tag[tag].first < 1
    for comparison in (found, back):
        print_comparison(comparison)
        words = f"tables tag 10 texts differently; {comparison.second}'s tags count."
        assert words in capsys.readouterr().out


def test_force_goes_through_and_is_written_down(home: Path) -> None:
    """--force promotes what the gate refuses; the history says so, and by whom."""
    put(Store(home), run("worse", wrong(0.2, seed=2)))
    status, _, err = promote(home, "worse", "--force")
    assert status == 0
    assert "Forced" in err
    assert "--force" not in err
    told = run_python("-m", "tagger", "history", "--json", home=home)
    first, last = json.loads(told.stdout)["history"]
    assert (first["run_id"], first["kind"], first["previous"]) == ("good", "first", None)
    assert (last["run_id"], last["previous"], last["forced"]) == ("worse", "good", True)
    assert last["user"] == pwd.getpwuid(os.getuid()).pw_name
    assert last["at"].endswith("+00:00")
    assert " when (UTC) " in run_python("-m", "tagger", "history", home=home).stdout


def test_force_where_the_gate_lets_pass_is_not_forced(home: Path) -> None:
    """--force on a run that needs none is not written as forced."""
    put(Store(home), run("better", truth()))
    assert promote(home, "better", "--force")[0] == 0
    assert not Store(home).history()[-1].forced


def test_a_user_without_a_name_is_written_down_by_number(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, which may run as any number."""
    put(Store(home), run("better", truth()))
    monkeypatch.setattr("pwd.getpwuid", dict[int, object]().__getitem__)
    Store(home).promote("better")
    assert Store(home).history()[-1].user == str(os.getuid())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("few", ["49 test texts", "needs 50", "training evaluate good few TABLE"]),
        ("single", ["task multi", "task single"]),
        ("salted", ["salt", "training evaluate good salted TABLE"]),
    ],
)
def test_what_cannot_be_compared_is_refused(home: Path, name: str, words: list[str]) -> None:
    """Too few common texts, another task or another salt refuse with what to do."""
    params = made_run().run.params
    put(
        Store(home),
        {
            "few": run("few", truth()[:49]),
            "single": run("single", truth(), params=replace(params, task="single")),
            "salted": run("salted", truth(), params=replace(params, salt="other")),
        }[name],
    )
    status, _, err = promote(home, name)
    assert status == 3
    for word in (*words, f"promote {name} --force"):
        assert word in err
    status, _, err = promote(home, name, "--force")
    assert status == 0
    assert "Forced" in err
    assert "--force" not in err
    assert Store(home).promoted() == name


def test_a_broken_promoted_run_can_be_replaced(home: Path) -> None:
    """Where the promoted run is broken, the gate says so and --force goes through."""
    store = Store(home)
    put(store, run("next", truth()))
    (store.folder / "good" / "exam" / "test.npz").write_bytes(b"")
    status, _, err = promote(home, "next")
    assert status == 3
    assert "test.npz" in err
    assert promote(home, "next", "--force")[0] == 0


def test_promoting_the_promoted_run_changes_nothing(home: Path) -> None:
    """Promoting what is promoted says so and writes no line."""
    status, out, _ = promote(home, "promoted")
    assert status == 0
    assert "good is the promoted run already" in out
    assert len(Store(home).history()) == 1


def test_where_nothing_is_promoted_the_gate_is_open(home: Path) -> None:
    """There is nothing that could become worse."""
    put(Store(home), run("worse", wrong(0.2, seed=2)))
    (Store(home).folder / "latest").unlink()
    status, out, _ = promote(home, "worse")
    assert status == 0
    assert "worse is promoted" in out


def test_a_promotion_in_between_is_noticed(home: Path) -> None:
    """A run compared with one that is no longer promoted is refused."""
    store = Store(home)
    for name in ("b", "c"):
        put(store, run(name, truth()))
    store.promote("b", instead_of="good")
    with pytest.raises(PromotionRefused, match="Meanwhile b"):
        store.promote("c", instead_of="good")


def test_a_training_goes_through_the_same_gate(tmp_path: Path) -> None:
    """`train --promote` of a worse run ends in status 3 and keeps the run; --force promotes it.

    Nothing tells to promote what was just refused, but for the refusal and its --force.
    """
    store = Store(tmp_path)
    fingerprints = made_run().exam.test.fingerprints
    truth_of_test = made_run().exam.test.truth
    perfect = replace(answers(truth_of_test, truth_of_test), fingerprints=fingerprints)
    put(store, answering(named("perfect"), perfect))
    bad = ("--regularization", "0.0001", "--min-support", "30")
    command = ("-m", "training", "train", str(TABLE), *bad)
    done = run_python(*command, "--promote", home=tmp_path)
    assert done.returncode == 3, done.stderr
    (run_id,) = set(store.run_ids()) - {"perfect"}
    assert done.stdout.rstrip().endswith(f"Run {run_id} is in the store.")
    assert done.stderr.rstrip().endswith(f"promote {run_id} --force")
    assert store.promoted() == "perfect"
    done = run_python(*command, "--force", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert store.promoted() == json.loads(done.stdout)["run_id"]
    assert store.history()[-1].forced
