"""The store keeps runs whole, works with BentoML's own commands, and survives what it finds."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from tagger.errors import (
    AmbiguousRun,
    NoRun,
    PromotionRefused,
    ProtectedRun,
    StoreError,
    TaglineError,
    UnknownRun,
)
from tagger.store import Store
from tests.runs import made_run, named, put
from tests.serving import run_python
from tests.test_bento import bentoml


def test_what_was_written_is_read(store: Store) -> None:
    """A run, its model and its exam are read as they were written."""
    made = named("second")
    assert store.run("second") == made.run
    texts = ["Bread and a saddle", "", "Sterne über dem Segel 🌟"]
    assert (store.model("second").score(texts).scores == made.model.score(texts).scores).all()
    exam = store.exam("second")
    for read, written in ((exam.test, made.exam.test), (exam.training, made.exam.training)):
        assert (read.fingerprints == written.fingerprints).all()
        assert (read.truth == written.truth).all()
        assert (read.scores == written.scores).all()
        assert (read.familiarity == written.familiarity).all()


def test_the_first_run_is_promoted_by_itself(store: Store) -> None:
    """The first run is promoted when it is written, the second is not."""
    assert store.promoted() == "first"
    assert [(line.run_id, line.kind) for line in store.history()] == [("first", "first")]


def test_an_empty_store_is_read(tmp_path: Path) -> None:
    """A store that does not exist yet holds nothing, and reading it makes nothing."""
    store = Store(tmp_path / "nowhere")
    assert (store.runs(), store.promoted(), store.history()) == ([], None, [])
    assert not store.moved_by_others()
    with pytest.raises(NoRun, match="python -m training train"):
        store.resolve("promoted")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(NoRun, match="python -m training train"):
        store.rollback()


def test_a_run_is_named_by_a_unique_beginning(store: Store) -> None:
    """A beginning that fits one run names it; one that fits several, or none, says which exist."""
    put(store, named("first-too"))
    assert store.resolve("sec") == "second"
    assert store.resolve("first") == "first"
    assert store.resolve("promoted") == store.resolve("latest") == "first"
    with pytest.raises(AmbiguousRun, match="first-too"):
        store.resolve("fir")
    for name in ("", "third", "../first"):
        with pytest.raises(UnknownRun, match="second"):
            store.resolve(name)


def test_an_empty_name_names_no_run(store: Store) -> None:
    """Even where there is only one run, an empty beginning does not stand for it."""
    store.delete("second")
    assert store.resolve("f") == "first"
    with pytest.raises(UnknownRun, match="first"):
        store.resolve("")


def test_a_promoted_run_that_was_removed_is_not_promoted(store: Store) -> None:
    """After it is removed by hand no run is promoted, and the next one written is."""
    shutil.rmtree(store.folder / "first")
    assert store.promoted() is None
    assert not store.moved_by_others()
    with pytest.raises(UnknownRun, match=r"second\. None is promoted.* tagger promote RUN"):
        store.resolve("promoted")
    assert put(store, named("third"))
    assert store.promoted() == "third"


@pytest.mark.parametrize(
    "name", ["../first", "second/../first", "/etc", ".", "", "latest", "history"]
)
def test_only_versions_are_runs(store: Store, name: str) -> None:
    """A name that leads out of the store, or to a file, names no run."""
    with pytest.raises(UnknownRun):
        store.run(name)


def test_bentoml_lists_and_gets_runs(home: Path) -> None:
    """BentoML's own commands list the runs and take the promoted one for tagline:latest."""
    listed = json.loads(bentoml("models", "list", "-o", "json", home=home))
    assert {model["tag"] for model in listed} == {"tagline:first", "tagline:second"}
    got = json.loads(bentoml("models", "get", "tagline:latest", "-o", "json", home=home))
    assert got["version"] == "first"
    assert got["metadata"]["f1"] == pytest.approx(made_run().run.performance.overall.f1, abs=1e-6)
    Store(home).promote("second")
    got = json.loads(bentoml("models", "get", "tagline", "-o", "json", home=home))
    assert got["version"] == "second"


def test_bentoml_exports_and_imports_runs(home: Path, tmp_path: Path) -> None:
    """A run that BentoML exported and imported answers the same, and is told as not promoted."""
    bentoml("models", "export", "tagline:second", str(tmp_path / "run.bentomodel"), home=home)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bentoml("models", "import", str(tmp_path / "run.bentomodel"), home=elsewhere)
    store = Store(elsewhere)
    texts = ["A saddle for the kettle"]
    assert (store.model("second").score(texts).scores == made_run().model.score(texts).scores).all()
    assert store.promoted() == "second"
    assert store.moved_by_others()
    with pytest.raises(PromotionRefused, match=r"second is tagline:latest without.*promote RUN"):
        store.rollback()
    confirmed = run_python("-m", "tagger", "promote", "second", home=elsewhere)
    assert confirmed.stdout == "second is promoted. Servers take it up by themselves.\n"
    assert not store.moved_by_others()


def test_a_move_of_latest_by_bentoml_is_told(home: Path) -> None:
    """After `bentoml models delete` moved tagline:latest, `list` says so and names the remedy."""
    store = Store(home)
    store.promote("second")
    store.promote("first")
    bentoml("models", "delete", "tagline:first", "--yes", home=home)
    put(store, named("third"))
    (store.folder / "latest").write_text("third")
    told = run_python("-m", "tagger", "list", home=home)
    assert told.returncode == 0
    assert "third" in told.stdout
    assert "without a promotion" in told.stderr
    assert "promote third" in " ".join(told.stderr.split())


def test_bentoml_does_not_undo_a_rollback(home: Path) -> None:
    """BentoML's delete of a run makes the newest run `latest`, which counts as no promotion."""
    store = Store(home)
    new = named("new")
    put(store, replace(new, run=replace(new.run, created_at="2099-01-01T00:00:00.000+00:00")))
    store.promote("new")
    assert store.rollback().run_id == "first"
    bentoml("models", "delete", "tagline:second", "--yes", home=home)
    assert store.promoted() == "new"
    assert store.moved_by_others()
    with pytest.raises(PromotionRefused, match=r"new is tagline:latest without.*promote RUN"):
        store.rollback()


def test_the_promoted_run_is_not_deleted(store: Store) -> None:
    """Deleting removes the folder of any run but the promoted one."""
    with pytest.raises(ProtectedRun, match="Promote another"):
        store.delete("first")
    store.delete("second")
    assert store.run_ids() == ["first"]
    assert not any(store.folder.parent.parent.joinpath("unfinished").iterdir())
    with pytest.raises(UnknownRun):
        store.delete("second")


def test_what_a_linked_run_points_to_is_not_deleted(store: Store, tmp_path: Path) -> None:
    """Deleting a run that is a symbolic link removes the link alone."""
    kept = (store.folder / "second").rename(tmp_path / "second")
    (store.folder / "second").symlink_to(kept)
    store.delete("second")
    assert store.run_ids() == ["first"]
    assert (kept / "run.json").exists()
    put(store, named("third"))


def test_a_backup_of_hard_links_stays_as_it_was(home: Path, tmp_path: Path) -> None:
    """No change of a store shows in a copy of it that was made by `cp -al`."""
    shutil.copytree(home, tmp_path / "backup", copy_function=os.link)
    Store(home).promote("second")
    Store(home).delete("first")
    backup = Store(tmp_path / "backup")
    assert (backup.promoted(), len(backup.history())) == ("first", 1)
    assert backup.survey()[1] == {}
    assert backup.model("first").tags


def test_all_who_link_to_a_store_change_it_in_turn(home: Path, tmp_path: Path) -> None:
    """Homes whose models folder links to the same store share its lock and its unfinished runs."""
    for name in ("mine", "yours"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "models").symlink_to(home / "models")
    Store(tmp_path / "mine").promote("second")
    Store(tmp_path / "yours").rollback()
    assert Store(home).promoted() == "first"
    assert [path.name for path in tmp_path.glob("*/*")].count("unfinished") == 1


def test_a_name_is_given_once(store: Store) -> None:
    """A run never replaces another of the same name."""
    before = store.run("second")
    with pytest.raises(StoreError):
        put(store, named("second"))
    assert store.run("second") == before


ACTIONS: dict[str, Callable[[Store], object]] = {
    "promote second": lambda store: store.promote("second"),
    "promote third": lambda store: store.promote("third"),
    "rollback": Store.rollback,
    "delete first": lambda store: store.delete("first"),
    "delete third": lambda store: store.delete("third"),
}


def _act_after_another(home: Path, action: str, before: str) -> None:
    """Act, but let another process get the lock just before; either may be refused."""
    turns = iter([before])

    def hear(event: str, _: object) -> None:
        if event == "fcntl.flock" and (other := next(turns, None)):
            with suppress(TaglineError):
                ACTIONS[other](Store(home))

    sys.addaudithook(hear)
    with suppress(TaglineError):
        ACTIONS[action](Store(home))
    assert next(turns, None) is None


@pytest.mark.parametrize("action", ACTIONS)
def test_who_waits_for_the_lock_acts_on_what_is_there_then(
    store: Store, home: Path, tmp_path: Path, action: str
) -> None:
    """Whatever changed meanwhile, the promoted run is there, and the history names it last."""
    put(store, named("third"))
    store.promote("second")
    for before in ACTIONS:
        copied = shutil.copytree(home, tmp_path / before)
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
            pool.submit(_act_after_another, copied, action, before).result()
        after = Store(copied)
        history = after.history()
        assert after.promoted() == history[-1].run_id, before
        assert [line.previous for line in history[1:]] == [line.run_id for line in history[:-1]]


def _survey_while_one_goes(home: Path) -> tuple[list[str], list[str]]:
    """Look through a store; a run is deleted the moment before its record is opened."""
    turns = iter(["second"])

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]).endswith("second/run.json"):
            for run_id in turns:
                Store(home).delete(run_id)

    sys.addaudithook(hear)
    readable, unreadable = Store(home).survey()
    return [run.run_id for run in readable], list(unreadable)


def test_a_run_that_is_deleted_meanwhile_is_not_called_broken(home: Path) -> None:
    """A run that is deleted while runs are listed is not told of as broken."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        assert pool.submit(_survey_while_one_goes, home).result() == (["first"], [])


def _write(arguments: tuple[Path, str]) -> bool:
    home, run_id = arguments
    return put(Store(home), named(run_id))


def _promote_often(arguments: tuple[Path, list[str]]) -> int:
    home, run_ids = arguments
    return sum(Store(home).promote(run_id) is not None for run_id in run_ids)


def test_many_trainings_and_promotions_at_once(tmp_path: Path) -> None:
    """Of runs written at once all are there, one as the first, and no promotion's line is lost."""
    home = tmp_path / "home"
    made_run()
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        firsts = list(pool.map(_write, [(home, f"run-{i}") for i in range(8)]))
        store = Store(home)
        assert sum(firsts) == 1
        assert store.run_ids() == [f"run-{i}" for i in range(8)]
        turns = [(home, [f"run-{(i + j) % 8}" for j in range(5)]) for i in range(4)]
        writing = pool.map(_write, [(home, f"more-{i}") for i in range(4)])
        promoted = sum(pool.map(_promote_often, turns))
        assert list(writing) == [False] * 4
    history = store.history()
    assert len(history) == 1 + promoted
    assert [line.previous for line in history] == [None, *(line.run_id for line in history[:-1])]
    assert store.promoted() == history[-1].run_id
    assert len(store.runs()) == 12
