"""What all tests of the image need: two homes with a run each, and an image of each."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.image_test.callers import Predictions, predictions_of
from deploy.image_test.containers import PODMAN, Container, Image, run, serve
from tests.conftest import TrainedHome, trained_home
from tests.runs import TABLE
from tests.serving import PROJECT, run_python

__all__ = ["trained_home"]


@pytest.fixture(scope="session")
def second_home(trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory) -> TrainedHome:
    """Give a home that holds the run of ``trained_home`` and a second one, which is promoted."""
    home = tmp_path_factory.mktemp("second") / "home"
    shutil.copytree(trained_home.path, home)
    asked = ["train", str(TABLE), "--regularization", "0.1", "--promote", "--force", "--json"]
    done = run_python("-m", "training", *asked, home=home)
    assert done.returncode == 0, done.stderr
    return TrainedHome(home, json.loads(done.stdout)["run_id"])


@pytest.fixture(scope="session")
def base() -> str:
    """Name the base image: BASE, or the one made from Debian's packages."""
    if named := os.environ.get("BASE"):
        return named
    made = run([PROJECT / "deploy" / "base-image.sh"])
    assert made.status == 0, made.output
    return made.output.splitlines()[-1]


def build(home: TrainedHome, name: str, base: str) -> Image:
    """Build the image of a home's promoted run as `make image` does."""
    built = run(
        [PROJECT / "deploy" / "image.sh"],
        BENTOML_HOME=str(home.path),
        BENTOML_DO_NOT_TRACK="true",
        NAME=name,
        BASE=base,
        ENGINE=str(PODMAN),
    )
    assert built.status == 0, built.output
    return Image(built.output.splitlines()[-1], home.run_id)


@pytest.fixture(scope="session")
def image(trained_home: TrainedHome, base: str) -> Image:
    """Build the image that most tests look at and run."""
    return build(trained_home, "localhost/tagline-test", base)


@pytest.fixture(scope="session")
def next_image(second_home: TrainedHome, base: str) -> Image:
    """Build the image of the second run, to update to."""
    return build(second_home, "localhost/tagline-next", base)


@pytest.fixture(scope="session")
def server(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """Serve the image under all restrictions; tests that break something start their own."""
    with serve(image, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture(scope="session")
def known(
    server: Container, next_image: Image, image: Image, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Predictions]:
    """Ask both images, one after the other, what their run predicts."""
    log: Path = tmp_path_factory.mktemp("next") / "log"
    with serve(next_image, log) as other:
        return {
            image.run_id: predictions_of(server.url),
            next_image.run_id: predictions_of(other.url),
        }
