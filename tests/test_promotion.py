"""Promotion makes nothing worse unnoticed: the gate, its noise, --force, the history, rollback."""

from __future__ import annotations

import itertools
import json
import os
import pwd
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.compare import compare
from tagger.errors import BrokenRun, PromotionRefused
from tagger.paired import beyond_noise, differences
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


def test_rollback_goes_back_one_after_another(home: Path) -> None:
    """Each rollback goes back one promotion, past runs that are deleted; then there is none."""
    store = Store(home)
    for name in ("b", "c", "d"):
        put(store, run(name, truth()))
        store.promote(name)
    for expected in ("c", "b"):
        done = run_python("-m", "tagger", "rollback", home=home)
        assert done.returncode == 0
        assert f"{expected} is promoted" in done.stdout
        assert store.promoted() == expected
    store.promote("d")
    assert store.rollback().run_id == "b"
    store.promote("c")
    store.delete("b")
    assert store.rollback().run_id == "good"
    done = run_python("-m", "tagger", "rollback", home=home)
    assert done.returncode == 3
    assert "no earlier promoted run" in done.stderr
    assert store.promoted() == "good"


def test_rollback_goes_by_what_was_confirmed(home: Path) -> None:
    """A run that others made tagline:latest counts once it is promoted, as those before it do."""
    store = Store(home)
    for name in ("b", "imported", "c"):
        put(store, run(name, truth()))
    store.promote("b")
    (store.folder / "latest").write_text("imported")
    for name in ("imported", "c"):
        store.promote(name)
    assert [store.rollback().run_id for _ in range(3)] == ["imported", "b", "good"]


def test_rollback_undoes_the_last_change_alone(home: Path) -> None:
    """A run promoted anew counts anew, one that was confirmed in its place does not."""
    store = Store(home)
    put(store, run("b", truth()))
    store.promote("b")
    store.promote("good")
    assert store.rollback().run_id == "b"
    put(store, run("imported", truth()))
    (store.folder / "latest").write_text("imported\n")
    assert store.promote("b", instead_of="b")
    assert store.rollback().run_id == "good"


def test_a_history_that_lost_a_line_leads_back(home: Path) -> None:
    """Where a line was damaged and taken out, the others hold."""
    store = Store(home)
    put(store, run("b", truth()))
    store.promote("b")
    store.rollback()
    lines = (store.folder / "history").read_text().splitlines(keepends=True)
    (store.folder / "history").write_text("".join(lines[1:]))
    assert store.rollback().run_id == "b"


def test_a_promotion_that_was_cut_off_is_told(home: Path) -> None:
    """`history` shows which promotions took effect, where a kill came between line and deed."""
    store = Store(home)
    put(store, run("b", truth()))
    store.promote("b")
    (store.folder / "latest").write_text("good\n")
    store.promote("b")
    shown = run_python("-m", "tagger", "history", home=home)
    hows = [line.split()[4:-1] for line in shown.stdout.splitlines()[1:]]
    assert hows == [["promote"], ["promote,", "cut", "off", "or", "undone"], []]
    told = run_python("-m", "tagger", "history", "--json", home=home)
    lines = json.loads(told.stdout)["history"]
    assert [line["took_effect"] for line in lines] == [True, False, True]


def test_nobody_goes_back_to_a_broken_run(home: Path) -> None:
    """What serves stays where the files of the run before it are damaged."""
    store = Store(home)
    put(store, run("second", wrong(0.01, seed=2)))
    store.promote("second")
    (store.folder / "good" / "model" / "policy.json").write_text("{}")
    with pytest.raises(BrokenRun, match="good"):
        store.rollback()
    assert store.promoted() == "second"


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


def test_intervals_cover_the_difference() -> None:
    """The 95% intervals of F1 hold the true difference about so often, overall and of a tag."""
    chance = np.random.default_rng(5)
    covered = np.zeros(2)
    rounds = 300
    # Wrong in a of the answers, at a share of positives p: F1 = 2(1-a)p / ((1-a)p + a(1-p) + p).
    true = {a: 2 * (1 - a) * 0.3 / ((1 - a) * 0.3 + a * 0.7 + 0.3) for a in (0.05, 0.15)}
    gap = true[0.15] - true[0.05]
    for _ in range(rounds):
        borne = chance.random((300, 3)) < 0.3
        first, second = (borne ^ (chance.random(borne.shape) < share) for share in (0.05, 0.15))
        overall, by_tag = differences(borne, first, second)
        covered += [found.low <= gap <= found.high for found in (overall, by_tag[0])]
    assert (covered / rounds > 0.9).all()
    assert (covered / rounds < 0.99).all()


@pytest.mark.parametrize("seed", range(3))
def test_what_chance_makes_of_a_tag_is_counted(seed: int) -> None:
    """A tag's difference is as likely by chance as the share of all swaps that look as bad."""
    borne, first, second = np.random.default_rng(seed).random((3, 12)) < 0.5
    swaps = np.array(list(itertools.product((False, True), repeat=len(borne))))

    def f1(predicted: np.ndarray) -> Any:
        return 2 * (predicted & borne).sum(axis=1) / (predicted.sum(axis=1) + borne.sum())

    gaps = f1(np.where(swaps, second, first)) - f1(np.where(swaps, first, second))
    (tag,) = differences(*(marks[:, np.newaxis] for marks in (borne, first, second)))[1]
    assert tag.worse_by_chance == pytest.approx((gaps >= gaps[0] - 1e-9).mean())


def called_worse(rounds: int, first_wrong: float, second_wrong: float) -> float:
    """Say how often a run is called worse than another, by chance drawn anew each time."""
    chance = np.random.default_rng(7)
    refused = 0
    for _ in range(rounds):
        borne = chance.random((200, 5)) < 0.3
        first, second = (
            borne ^ (chance.random(borne.shape) < share) for share in (first_wrong, second_wrong)
        )
        overall, by_tag = differences(borne, first, second)
        refused += bool(beyond_noise(overall, {str(i): tag for i, tag in enumerate(by_tag)}))
    return refused / rounds


def test_a_run_as_good_is_refused_in_at_most_one_case_of_twenty() -> None:
    """Of equally good runs the gate refuses at most 5%, of 1,000 drawn and up to their noise."""
    chance_adds = 3 * (0.05 * 0.95 / 1000) ** 0.5
    assert called_worse(1000, 0.1, 0.1) <= 0.05 + chance_adds


def test_a_run_much_worse_is_refused_nearly_always() -> None:
    """Of runs that are wrong twice as often the gate refuses nearly all."""
    assert called_worse(40, 0.1, 0.2) > 0.9
