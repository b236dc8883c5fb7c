"""The Bento holds what serving needs and nothing else, and answers the same elsewhere."""

from __future__ import annotations

import shutil
import sys
from importlib import metadata
from pathlib import Path

import pytest
import requests

from app.bento import run_to_serve
from app.settings import Settings
from load_tests.running import free_port
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server, run_command, serve

ROOMS = ("tagger", "runners", "app")
TEXTS = [{"text": "Simmer the broth with onion and garlic."}, {"text": "A telescope and a comet."}]


def bentoml(*arguments: str, home: Path, folder: Path = PROJECT) -> str:
    """Run a command of BentoML's and return what it printed."""
    done = run_command(sys.executable, "-m", "bentoml", *arguments, home=home, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a Bento in a copy of the trained home; the copy."""
    home = tmp_path_factory.mktemp("build") / "home"
    shutil.copytree(trained_home.path, home)
    bentoml("build", home=home)
    return home


@pytest.fixture(scope="module")
def elsewhere(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the Bento and import it into an empty home in another folder; that home."""
    folder = tmp_path_factory.mktemp("elsewhere")
    bentoml("export", "tagline:latest", str(folder / "tagline.bento"), home=built)
    bentoml("import", str(folder / "tagline.bento"), home=folder / "home", folder=folder)
    return folder / "home"


def test_it_holds_what_serving_needs_and_nothing_else(built: Path) -> None:
    """Its sources are service.py and the files of tagger/, runners/ and app/, all of them."""
    version = (built / "bentos" / "tagline" / "latest").read_text().strip()
    source = built / "bentos" / "tagline" / version / "src"
    held = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    needed = {
        path.relative_to(PROJECT).as_posix()
        for room in ROOMS
        for path in (PROJECT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {"service.py"}
    assert held - {"bentofile.yaml"} == needed


def test_building_installs_nothing() -> None:
    """BentoML installs the uv it asks for where there is none, of any version and unhashed."""
    lock = (PROJECT / "requirements" / "train.txt").read_text()
    assert f"uv=={metadata.version('uv')} " in lock


def test_the_promoted_run_is_inside(built: Path, trained_home: TrainedHome) -> None:
    """The Bento names the promoted run, by its version, as its model."""
    described = bentoml("get", "tagline:latest", "-o", "yaml", home=built)
    assert f"tagline:{trained_home.run_id}" in described


def test_it_serves_its_own_run_unless_told_otherwise(
    built: Path, trained_home: TrainedHome
) -> None:
    """A store that is named has the promoted run, and a run that is named goes before both."""
    version = (built / "bentos" / "tagline" / "latest").read_text().strip()
    source = built / "bentos" / "tagline" / version / "src"
    assert run_to_serve(Settings(run=None, store=None), source) == trained_home.run_id
    assert run_to_serve(Settings(run=None, store=built / "models"), source) is None
    assert run_to_serve(Settings(run="another"), source) == "another"


def test_it_answers_the_same_elsewhere(
    elsewhere: Path, server: Server, tmp_path: Path, trained_home: TrainedHome
) -> None:
    """Imported into an empty home and served from another folder, it gives the same answer.

    Its series name the Bento's version.
    """
    with serve(elsewhere, tmp_path / "log", bento="tagline:latest", folder=tmp_path) as other:
        answers = [
            requests.post(
                f"{url}/predict", json={"texts": TEXTS, "evidence": True}, timeout=10
            ).json()["data"]
            for url in (server.url, other.url)
        ]
        counted = requests.get(f"{other.url}/metrics", timeout=10).text
    version = (elsewhere / "bentos" / "tagline" / "latest").read_text().strip()
    assert f'service_name="tagline",service_version="{version}"}} 1.0' in counted
    assert answers[0] == answers[1]
    assert answers[1]["run_id"] == trained_home.run_id


def test_a_home_that_its_workers_would_not_find_is_refused(elsewhere: Path) -> None:
    """They run in the Bento's folder, in which a path from here leads nowhere."""
    ended = run_command(
        *(sys.executable, "-m", "bentoml", "serve", "tagline:latest", "--port", str(free_port())),
        home=Path(elsewhere.name),
        folder=elsewhere.parent,
    )
    assert ended.returncode == 1
    assert f"BENTOML_HOME={elsewhere.name!r}: give the folder's absolute path" in ended.stderr
