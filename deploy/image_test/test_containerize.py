"""`bentoml containerize` works with the Bento, as a user of BentoML expects."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.image_test.callers import TEXTS, ask
from deploy.image_test.containers import PODMAN, Image, podman, run, serve
from tests.conftest import TrainedHome
from tests.serving import PROJECT
from tests.test_bento import bentoml

OFFICIAL = "docker.io/library/python:3.11-slim"
"""The base that BentoML's generated Dockerfile names."""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture
def stand_in(base: str, tmp_path: Path) -> Iterator[None]:
    """Give the base image the official name, and the certificates this machine downloads by."""
    shutil.copy(os.environ.get("PIP_CERT", CERTIFICATES), tmp_path / "certificates")
    (tmp_path / "Dockerfile").write_text(
        f"FROM {base}\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends python3-pip adduser\n"
        f"COPY certificates {CERTIFICATES}\n"
        f"ENV PIP_CERT={CERTIFICATES} SSL_CERT_FILE={CERTIFICATES} PIP_BREAK_SYSTEM_PACKAGES=1\n"
    )
    podman("build", "--quiet", "--network=host", "--tag", OFFICIAL, str(tmp_path))
    yield
    podman("rmi", "--force", OFFICIAL)


@pytest.mark.usefixtures("stand_in")
def test_it_containerizes(trained_home: TrainedHome, tmp_path: Path) -> None:
    """The image that `bentoml containerize` makes of the Bento serves the Bento's run."""
    home = tmp_path / "home"
    shutil.copytree(trained_home.path, home)
    built = bentoml("build", "--output", "tag", home=home)
    version = re.findall(r"__tag__:(tagline:\S+)", built)[0]
    engine = tmp_path / "bin"
    engine.mkdir()
    (engine / "podman").write_text(f"#!/bin/sh\nPATH='{os.environ['PATH']}' exec {PODMAN} \"$@\"\n")
    (engine / "podman").chmod(0o755)
    made = run(
        [
            *(PROJECT / ".venv" / "bin" / "bentoml", "containerize", version),
            *("--backend", "podman", "--opt", "network=host"),
            *("--image-tag", "localhost/tagline-by-bentoml"),
        ],
        folder=PROJECT,
        BENTOML_HOME=str(home),
        BENTOML_DO_NOT_TRACK="true",
        PATH=f"{engine}{os.pathsep}{os.environ['PATH']}",
    )
    assert made.status == 0, made.output
    image = Image("localhost/tagline-by-bentoml", trained_home.run_id)
    writable = ["--env", "BENTOML_HOME=/tmp", "--env", "HOME=/tmp"]
    with serve(image, tmp_path / "log", options=writable) as container:
        assert requests.get(f"{container.url}/readyz", timeout=5).ok
        assert ask(container.url, TEXTS[0]).headers["X-Run-ID"] == image.run_id
    podman("rmi", "--force", image.name)
