"""A Bento is reproducible: built twice from one commit and run, only its name and time differ."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from tests.conftest import TrainedHome
from tests.test_bento import bentoml

OWN_TO_A_BUILD = {
    "version": "made of the time and of chance, so that two Bentos can stand side by side",
    "creation_time": "the moment of the build",
}
"""Lines of bento.yaml that may differ, with the reason; no other file may differ at all."""


def digests(home: Path, version: str) -> dict[str, str]:
    """Give the digest of every file of a Bento, the lines own to a build aside."""
    folder = home / "bentos" / "tagline" / version
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_text(encoding="latin-1")
        if path == folder / "bento.yaml":
            for line in OWN_TO_A_BUILD:
                content = re.sub(rf"^{line}: .*\n", "", content, flags=re.MULTILINE)
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(
            content.encode("latin-1")
        ).hexdigest()
    return found


def test_two_builds_are_the_same(trained_home: TrainedHome, tmp_path: Path) -> None:
    """All files of two builds are equal, but for the version and the time in bento.yaml."""
    home = tmp_path / "home"
    shutil.copytree(trained_home.path, home)
    printed = [bentoml("build", "--output", "tag", home=home) for _ in range(2)]
    versions = [re.findall(r"__tag__:tagline:(\S+)", text)[0] for text in printed]
    assert versions[0] != versions[1]
    first, second = (digests(home, version) for version in versions)
    assert first == second
