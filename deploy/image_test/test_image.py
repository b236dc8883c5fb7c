"""The image holds what serving needs and nothing else, and tells where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.image_test.containers import (
    PODMAN,
    SCRATCH,
    TOOLS,
    Image,
    inside,
    inspect,
    podman,
    run,
)
from deploy.image_test.report import Record
from tests.serving import PROJECT

CHECKOV = ("--skip-download", "--quiet", "--compact")
TRIVY = (
    *("--skip-check-update", "--skip-version-check", "--quiet"),
    *("--exit-code", "1", "--ignorefile", "deploy/image_test/trivyignore"),
)


@pytest.fixture(scope="module")
def files(image: Image) -> list[str]:
    """List every file of the image, the directories' own rights aside."""
    listed = inside(image, "find", "/", "-xdev", "-not", "-type", "d", options=["--user", "0"])
    assert listed.status == 0, listed.output
    return listed.output.splitlines()


@pytest.fixture(scope="module")
def bill(image: Image) -> dict[str, Any]:
    """Make the bill of materials as `make sbom` does."""
    made = run([PROJECT / "deploy" / "sbom.sh"], NAME=image.name, ENGINE=str(PODMAN))
    assert made.status == 0, made.output
    listed: dict[str, Any] = json.loads((PROJECT / "dist" / "tagline.cdx.json").read_text())
    return listed


def test_it_says_what_it_is(image: Image) -> None:
    """OCI labels name title, licence, version, commit, time and base; another the run."""
    labels = inspect(image)["Labels"]
    for name in ("title", "description", "licenses", "version", "revision", "created", "base.name"):
        assert labels[f"org.opencontainers.image.{name}"] not in {"", "unknown"}, name
    assert re.match(r"[0-9a-f]{40}(-changed)?$", labels["org.opencontainers.image.revision"])
    assert labels["tagline.run"] == image.run_id


def test_its_user_is_a_number_and_not_root(image: Image) -> None:
    """The user is numeric, as runAsNonRoot needs, and so is the group; neither is root's."""
    assert inspect(image)["Config"]["User"] == "10001:10001"


def test_nothing_installs_or_compiles(files: list[str]) -> None:
    """There is no compiler, no pip, no other installer, and none hidden in ensurepip."""
    names = {Path(file).name for file in files}
    assert not names & {"gcc", "cc", "g++", "make", "ld", "git", "apt", "apt-get", "uv", "curl"}
    assert not [name for name in names if re.match(r"pip(\d|$|-\d)|ensurepip|setuptools", name)]
    assert not [file for file in files if "/site-packages/pip/" in file]


def test_nothing_trains(files: list[str]) -> None:
    """Neither scikit-learn nor scipy nor the code that trains is inside."""
    packages = {
        file.split("/site-packages/")[1].split("/")[0] for file in files if "site-packages/" in file
    }
    assert not packages & {"sklearn", "scipy", "joblib"}
    assert not [file for file in files if re.search(r"/src/(training|tests|load_tests)/", file)]


def test_nothing_changes_its_user(image: Image) -> None:
    """No file has the bit that runs it as another user or group."""
    found = inside(
        image, "find", "/", "-xdev", "-perm", "/6000", "-type", "f", options=["--user", "0"]
    )
    assert found.output == ""


def test_nobody_but_root_can_write_outside_tmp(image: Image) -> None:
    """The server's user owns nothing and may write nowhere but in the usual scratch folders."""
    script = "find / -xdev \\( -type d -o -type f \\) -writable -not -path '/proc/*' 2>/dev/null"
    found = set(inside(image, "sh", "-c", script).output.splitlines())
    assert found <= {SCRATCH, f"/var{SCRATCH}", "/run/lock"}


def test_no_path_of_the_builder(image: Image) -> None:
    """No file holds the path of the folder it was built in."""
    search = ["grep", "-rlF", str(PROJECT), "/srv", "/opt", "/etc", "/usr/lib", "/usr/local"]
    assert inside(image, *search, options=["--user", "0"]).output == ""


def test_no_secrets(image: Image, tmp_path: Path) -> None:
    """A scanner finds no secret in any file, and the package index of the builder is not in it."""
    archive = tmp_path / "image.tar"
    podman("save", "--quiet", "--output", str(archive), image.name)
    how = ["--scanners", "secret", "--quiet", "--skip-version-check", "--exit-code", "1"]
    scanned = run([TOOLS / "trivy", "image", *how, "--input", archive], folder=tmp_path)
    assert scanned.status == 0, scanned.output
    assert inside(image, "cat", "/etc/pip.conf").status != 0


def test_the_bill_of_materials_names_every_package(
    bill: dict[str, Any], record_property: Record
) -> None:
    """The CycloneDX list holds each locked package in its version, and Debian's packages."""
    assert bill["bomFormat"] == "CycloneDX"
    listed = {(part["name"], part["version"]) for part in bill["components"] if "version" in part}
    lock = (PROJECT / "requirements" / "serve.txt").read_text()
    locked = re.findall(r"^([\w.-]+)==([\w.]+) \\$", lock, re.MULTILINE)
    assert len(locked) > 50
    assert not set(locked) - listed
    kinds = [part.get("purl", "").split("/")[0] for part in bill["components"]]
    record_property("packages of Python in the image", kinds.count("pkg:pypi"))
    record_property("packages of Debian in the image", kinds.count("pkg:deb"))


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "deploy/Dockerfile"],
        ["checkov", "--framework", "dockerfile", *CHECKOV, "-f", "deploy/Dockerfile"],
        ["trivy", "config", *TRIVY, "deploy/Dockerfile"],
    ],
    ids=["hadolint", "checkov", "trivy"],
)
def test_the_dockerfile_passes_the_linters(command: Sequence[str]) -> None:
    """Hadolint, checkov and trivy find nothing in the Dockerfile without a reason written down."""
    linted = run([TOOLS / command[0], *command[1:]], folder=PROJECT)
    assert linted.status == 0, linted.output


@pytest.mark.usefixtures("bill")  # which saves the archive
def test_where_the_size_goes(image: Image, record_property: Record) -> None:
    """The image is smaller than a third of the 954 MB that `bentoml containerize` makes."""
    size = inspect(image)["Size"]
    record_property("size of the image, MB", round(size / 1e6))
    archive = PROJECT / "dist" / "tagline.tar"
    record_property("size of the compressed archive, MB", round(archive.stat().st_size / 1e6))
    folders = {
        "Debian and Python": "/usr",
        "NumPy": "/opt/tagline/lib/python3.11/site-packages/numpy*",
        "all packages": "/opt/tagline",
        "service and run": "/srv/bento",
    }
    for name, folder in folders.items():
        script = f"du -sxm --total {folder} | tail -1 | cut -f 1"
        record_property(f"of it {name}, MB", inside(image, "sh", "-c", script).output.strip())
    assert size < 954e6 / 3
