"""The borders between the rooms hold: who imports whom, and that importing changes nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import PROJECT

ROOMS = ("tagger", "training", "runners", "app", "bulk", "load_tests")
MAY_IMPORT = {
    "tagger": {"tagger"},
    "training": {"training", "tagger"},
    "runners": {"runners", "tagger"},
    "app": {"app", "tagger"},
    "bulk": {"bulk", "tagger", "load_tests"},
    "load_tests": {"load_tests", "tagger"},
}


def sources(room: str) -> list[Path]:
    """Every Python file of a room."""
    found = sorted((PROJECT / room).rglob("*.py"))
    assert found, room
    return found


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def users_of(package: str) -> set[str]:
    """Files, relative to the project, that import a package."""
    files = [path for room in ROOMS for path in sources(room)] + [PROJECT / "service.py"]
    return {
        path.relative_to(PROJECT).as_posix()
        for path in files
        if any(name.split(".")[0] == package for name in imported(path))
    }


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room: str) -> None:
    """A room imports itself and tagger, never one of its neighbours.

    The servers that are measured stand where service.py does, above them all.
    """
    for path in sources(room):
        if path.is_relative_to(PROJECT / "load_tests" / "servers"):
            continue
        rooms = {name.split(".")[0] for name in imported(path)} & {*ROOMS, "service"}
        assert rooms <= MAY_IMPORT[room], f"{path} imports {rooms - MAY_IMPORT[room]}"


@pytest.mark.parametrize("room", ["tagger", "training", "app", "load_tests"])
def test_the_map_of_a_room_names_every_file(room: str) -> None:
    """Who carries on finds each file and folder in the docstring of the room, once."""
    described = ast.get_docstring(ast.parse((PROJECT / room / "__init__.py").read_text())) or ""
    _, _, drawn = described.partition("::")
    rows = [line.rpartition("  ")[2] for line in drawn.split("\n") if line]
    named = [name for row in rows for name in row.split(", ")]
    files = {path.stem for path in (PROJECT / room).glob("*.py")} - {"__init__"}
    folders = {f"{path.parent.name}/" for path in (PROJECT / room).glob("*/__init__.py")}
    assert sorted(named) == sorted(files | folders)


def test_scikit_learn_lives_in_training_alone() -> None:
    """No file outside training/ imports scikit-learn, scipy or joblib."""
    for package in ("sklearn", "scipy", "joblib"):
        assert all(user.startswith("training/") for user in users_of(package)), package
    assert users_of("sklearn")


def test_only_the_folder_of_a_run_knows_bentoml() -> None:
    """Within tagger/, BentoML and pydantic are imported by run_folder.py alone."""
    assert "tagger/run_folder.py" in users_of("bentoml")
    for package in ("bentoml", "_bentoml_sdk", "_bentoml_impl", "pydantic"):
        users = {user for user in users_of(package) if user.startswith("tagger/")}
        assert users <= {"tagger/run_folder.py"}, f"{package}: {users}"


def test_the_tagger_knows_no_http() -> None:
    """Neither tagger/ nor runners/ imports anything of the web."""
    for package in ("fastapi", "starlette", "uvicorn", "http", "orjson", "requests"):
        for user in users_of(package):
            assert not user.startswith(("tagger/", "runners/")), f"{user} imports {package}"


def test_the_environment_is_read_at_the_doors_only() -> None:
    """Three files alone read os.environ: for the Service, for settings, and for commands."""
    doors = {
        "service.py",
        "app/settings.py",
        "tagger/environment.py",
    }
    for room in ROOMS[:-1]:
        for path in sources(room):
            text = path.read_text()
            if path.relative_to(PROJECT).as_posix() not in doors:
                assert "os.environ" not in text, path
                assert "getenv" not in text, path


PROBE = """
import importlib, logging, os, signal, sys, threading
def state():
    return (
        dict(os.environ),
        [(name, tuple(map(id, getattr(l, "handlers", []))), getattr(l, "level", 0))
         for name, l in sorted(logging.Logger.manager.loggerDict.items())
         if getattr(l, "handlers", []) or getattr(l, "level", 0)],
        [id(h) for h in logging.root.handlers], logging.root.level,
        [signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)],
        threading.active_count(), os.getcwd(),
    )
for name in sys.argv[1].split():
    importlib.import_module(name)
for name in sys.argv[2].split():
    before = state()
    importlib.import_module(name)
    after = state()
    assert before == after, (name, [pair for pair in zip(before, after) if pair[0] != pair[1]])
"""

LIBRARIES = (
    "bentoml fastapi pydantic_settings click rich.console rich.progress numpy uvicorn "
    "uvicorn.protocols.http.auto prometheus_client orjson sklearn sklearn.svm"
)
"""Imported first: what they set up on import is theirs."""


def modules() -> list[str]:
    """Every module of the rooms that serve and train."""
    return [
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
        for room in ("tagger", "training", "runners", "app")
        for path in sources(room)
        if path.stem != "__main__"
    ]


FIRST_NUMPY = """
import os, runpy, sys
class Watch:
    def find_spec(self, name, *_):
        if name == "numpy":
            sys.exit(os.environ.get("OMP_NUM_THREADS") != "1")
sys.meta_path.insert(0, Watch())
runpy.run_module(sys.argv.pop(1), run_name="__main__")
"""

DOORS = [
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for room in ("tagger", "training", "bulk")
    for path in sources(room)
    if '__name__ == "__main__"' in path.read_text()
]


@pytest.mark.parametrize("door", DOORS)
def test_every_command_sets_the_number_of_threads_before_numpy(door: str) -> None:
    """Numpy reads it when it is imported; of small arrays its threads cost more than they give."""
    environment = {"PATH": "/usr/bin:/bin"}
    door_is_opened = [sys.executable, "-c", FIRST_NUMPY, door, "--help"]
    done = subprocess.run(
        door_is_opened, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_importing_changes_nothing(tmp_path: Path) -> None:
    """No import but that of service.py sets a variable, a log, a signal handler or a thread."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, LIBRARIES, " ".join(modules())],
        cwd=PROJECT,
        env={"BENTOML_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
