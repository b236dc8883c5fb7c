"""Whatever is broken in the store is named and refused, and the rest goes on working."""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tagger import files
from tagger.errors import BrokenRun, StoreError, TaglineError, UnknownFormat, UnknownRun
from tagger.records import FORMAT
from tagger.store import Store
from tests.runs import named, put
from tests.serving import run_python


def half_written(folder: Path) -> None:
    """Leave what a copy cut short leaves: some files, no record."""
    (folder / "run.json").unlink()


def without_model_yaml(folder: Path) -> None:
    """Leave only weights, as nobody's tool writes them."""
    (folder / "model.yaml").unlink()
    (folder / "run.json").unlink()


def record_cut_short(folder: Path) -> None:
    """Cut the record in half."""
    record = (folder / "run.json").read_text()
    (folder / "run.json").write_text(record[: len(record) // 2])


def record_of_nonsense(folder: Path) -> None:
    """Keep JSON that is no record."""
    (folder / "run.json").write_text(json.dumps({"run": {"format": FORMAT}, "files": {}}))


def record_nested_too_deeply(folder: Path) -> None:
    """Keep JSON that Python's parser gives up."""
    (folder / "run.json").write_text("[" * 100_000)
    gc.collect()  # what is finalised as deep as that fails, and pytest with it


def another_format(folder: Path, number: int = FORMAT + 1) -> None:
    """Let another version have written it."""
    record = json.loads((folder / "run.json").read_text())
    record["run"]["format"] = number
    (folder / "run.json").write_text(json.dumps(record))


def another_runs_folder(folder: Path) -> None:
    """Put the promoted run's files under this name."""
    shutil.rmtree(folder)
    shutil.copytree(folder.parent / "first", folder)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (half_written, BrokenRun),
        (without_model_yaml, BrokenRun),
        (record_cut_short, BrokenRun),
        (record_of_nonsense, BrokenRun),
        (record_nested_too_deeply, BrokenRun),
        (another_format, UnknownFormat),
        (another_runs_folder, BrokenRun),
    ],
)
def test_a_broken_version_stands_in_nobodys_way(
    home: Path, damage: Callable[[Path], None], kind: type[TaglineError]
) -> None:
    """Beside a broken version the store works on; it is named, refused, and can be deleted."""
    store = Store(home)
    damage(store.folder / "second")
    readable, unreadable = store.survey()
    assert [run.run_id for run in readable] == ["first"]
    assert isinstance(unreadable["second"], kind)
    assert "second" in str(unreadable["second"])
    with pytest.raises(kind):
        store.promote("second")
    assert store.promoted() == "first"
    put(store, named("third"))
    store.promote("third")
    listed = run_python("-m", "tagger", "list", home=home)
    assert listed.returncode == 0
    assert "delete second" in " ".join(listed.stderr.split())
    assert run_python("-m", "tagger", "delete", "second", home=home).returncode == 0
    assert store.run_ids() == ["first", "third"]


def test_a_store_of_broken_runs_alone_is_not_called_empty(home: Path) -> None:
    """Where no run can be read, the list says so, and names them."""
    for run_id in ("first", "second"):
        another_format(Store(home).folder / run_id)
    listed = run_python("-m", "tagger", "list", home=home)
    assert listed.returncode == 0
    assert "None of the runs can be read. Train one" in listed.stderr
    assert "no run of Tagline" not in listed.stderr
    assert "delete first" in listed.stderr


@pytest.mark.parametrize("number", [FORMAT - 1, FORMAT + 1])
def test_a_run_of_another_format_says_what_to_do(store: Store, number: int) -> None:
    """A run of an earlier or later format is refused by its number: train it again."""
    another_format(store.folder / "second", number)
    with pytest.raises(UnknownFormat) as refusal:
        store.model("second")
    told = str(refusal.value)
    assert f"second was written in format {number}; this version of Tagline reads" in told
    assert f"format {FORMAT}. Train it anew" in told


@pytest.mark.parametrize("content", ["[]", "{}", '{"run": 3}', "3", ""])
def test_a_record_of_another_kind_is_named(store: Store, content: str) -> None:
    """A record that is JSON but no run is refused, whatever it holds."""
    (store.folder / "second" / "run.json").write_text(content)
    (fault,) = store.survey()[1].values()
    assert isinstance(fault, BrokenRun)
    assert "second is not a whole run of Tagline: run.json cannot be read" in str(fault)


def cut_short(path: Path) -> None:
    """Cut a file in half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def swapped(path: Path) -> None:
    """Put other arrays of the same names and shapes in its place."""
    with np.load(path) as stored:
        arrays = {name: stored[name][::-1] for name in stored.files}
    np.savez(path, **arrays)


def object_array(path: Path) -> None:
    """Plant an array of objects, which numpy would unpickle."""
    np.savez(path, words=np.array([{"run": "me"}], dtype=object))


def pickled(path: Path) -> None:
    """Plant a pickle."""
    np.array([{"run": "me"}], dtype=object).dump(path)


def missing(path: Path) -> None:
    """Take the file away."""
    path.unlink()


def record_it(folder: Path, name: str) -> None:
    """Let the record agree with a file."""
    record = json.loads((folder / "run.json").read_text())
    record["files"][name] = files.sha256(folder / name)
    (folder / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize("name", ["model/weights.npz", "exam/test.npz", "exam/training.npz"])
@pytest.mark.parametrize("damage", [cut_short, swapped, object_array, pickled, missing])
@pytest.mark.parametrize("records_it", [False, True])
def test_a_damaged_array_file_is_refused(
    store: Store, name: str, damage: Callable[[Path], None], *, records_it: bool
) -> None:
    """Arrays cut short, swapped, pickled or of objects are refused, even if the digests agree."""
    folder = store.folder / "second"
    damage(folder / name)
    if records_it and damage not in (missing, swapped):
        record_it(folder, name)
    read = store.promote if name.startswith("model") else store.exam
    with pytest.raises(BrokenRun, match=Path(name).name):
        read("second")
    assert store.promoted() == "first"
    assert store.model("first").tags


def test_a_run_serves_without_its_exam(store: Store) -> None:
    """A damaged exam does not keep a run from serving, nor a damaged model from being compared."""
    (store.folder / "first" / "model" / "weights.npz").unlink()
    (store.folder / "second" / "exam" / "test.npz").unlink()
    assert len(store.exam("first").test.truth)
    assert store.promote("second")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("true_tags", lambda array: array + 100),
        ("familiarity", lambda array: array[:-1]),
        ("fingerprints", lambda array: array.astype(np.int64)),
    ],
)
def test_an_exam_that_fits_no_run_is_refused(
    store: Store, name: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    """An exam with other tags, missing figures or numbers of another type is refused."""
    path = store.folder / "second" / "exam" / "test.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays[name] = change(arrays[name])
    np.savez(path, **arrays)
    record_it(store.folder / "second", "exam/test.npz")
    with pytest.raises(BrokenRun, match="exam"):
        store.exam("second")


@pytest.mark.parametrize(
    ("name", "content"),
    [("latest", b"\xff"), ("history", b"no JSON\n"), ("history", b"{}\n"), ("history", None)],
)
def test_a_damaged_history_is_named(store: Store, name: str, content: bytes | None) -> None:
    """A damaged `latest` or `history`, or a folder in its place, is refused by its path."""
    path = store.folder / name
    path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=f"{name} cannot be read"):
        store.moved_by_others()


def test_a_folder_whose_name_is_no_text_is_no_run(store: Store) -> None:
    """A folder whose name is not UTF-8 is ignored, since no answer could name it."""
    (store.folder / os.fsdecode(b"\xff")).mkdir()
    assert store.run_ids() == ["first", "second"]
    with pytest.raises(UnknownRun) as told:
        store.run("third")
    assert str(told.value).encode()


def test_a_history_whose_last_line_has_no_end_is_added_to(store: Store) -> None:
    """A promotion starts a new line even where an editor left the last one without a line feed."""
    history = store.folder / "history"
    history.write_bytes(history.read_bytes().rstrip(b"\n"))
    store.promote("second")
    assert [line.run_id for line in store.history()] == ["first", "second"]


def test_a_file_in_the_place_of_the_store_is_named(store: Store) -> None:
    """A file where the store's folder should be is refused, not taken for an empty store."""
    shutil.rmtree(store.folder)
    store.folder.touch()
    with pytest.raises(StoreError, match="tagline cannot be read: Not a directory"):
        store.runs()


def test_a_run_that_gives_other_scores_is_refused(store: Store) -> None:
    """A run of intact files that gives its check texts other scores is refused."""
    folder = store.folder / "second"
    check = folder / "model" / "check.json"
    written = json.loads(check.read_text())
    written["scores"][-1][-1] += 2e-5
    check.write_text(json.dumps(written))
    record_it(folder, "model/check.json")
    with pytest.raises(BrokenRun, match="does not give the scores"):
        store.promote("second")
    assert store.promoted() == "first"
