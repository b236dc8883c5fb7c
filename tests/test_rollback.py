"""A rollback goes back to what was promoted before, by a history that may be cut off or damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.errors import BrokenRun
from tagger.store import Store
from tests.runs import named, put
from tests.serving import run_python


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store in which ``good`` is promoted."""
    put(Store(tmp_path), named("good"))
    return tmp_path


def test_rollback_goes_back_one_after_another(home: Path) -> None:
    """Each rollback goes back one promotion, past runs that are deleted; then there is none."""
    store = Store(home)
    for name in ("b", "c", "d"):
        put(store, named(name))
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
        put(store, named(name))
    store.promote("b")
    (store.folder / "latest").write_text("imported")
    for name in ("imported", "c"):
        store.promote(name)
    assert [store.rollback().run_id for _ in range(3)] == ["imported", "b", "good"]


def test_rollback_undoes_the_last_change_alone(home: Path) -> None:
    """A run promoted anew counts anew, one that was confirmed in its place does not."""
    store = Store(home)
    put(store, named("b"))
    store.promote("b")
    store.promote("good")
    assert store.rollback().run_id == "b"
    put(store, named("imported"))
    (store.folder / "latest").write_text("imported\n")
    assert store.promote("b", instead_of="b")
    assert store.rollback().run_id == "good"


def test_a_history_that_lost_a_line_leads_back(home: Path) -> None:
    """Where a line was damaged and taken out, the others hold."""
    store = Store(home)
    put(store, named("b"))
    store.promote("b")
    store.rollback()
    lines = (store.folder / "history").read_text().splitlines(keepends=True)
    (store.folder / "history").write_text("".join(lines[1:]))
    assert store.rollback().run_id == "b"


def test_a_promotion_that_was_cut_off_is_told(home: Path) -> None:
    """`history` shows which promotions took effect, where a kill came between line and deed."""
    store = Store(home)
    put(store, named("b"))
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
    put(store, named("second"))
    store.promote("second")
    (store.folder / "good" / "model" / "policy.json").write_text("{}")
    with pytest.raises(BrokenRun, match="good"):
        store.rollback()
    assert store.promoted() == "second"
