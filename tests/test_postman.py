"""The API's document is clean, and the Postman collection made from it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.serving import PROJECT, Server, run_command

FOLDER = PROJECT / "tests" / "postman"


def node_tool(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one of the tools of `tests/postman`."""
    if shutil.which("node") is None or not (FOLDER / "node_modules").exists():
        pytest.skip("needs node: make system-packages, then make test")
    path = f"{FOLDER / 'node_modules' / '.bin'}:{os.environ['PATH']}"
    return run_command(*arguments, home=home, folder=FOLDER, PATH=path)


@pytest.fixture(scope="module")
def collection(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the collection as a user would: from the document of a server."""
    folder = tmp_path_factory.mktemp("postman")
    made = node_tool("node", "collection.js", server.url, str(folder / "it.json"), home=folder)
    assert made.returncode == 0, made.stderr
    return folder / "it.json"


def test_the_collection_runs(collection: Path, tmp_path: Path, server: Server) -> None:
    """Newman sends every request of the document with its example; status and envelope hold."""
    report = tmp_path / "report.json"
    ran = node_tool(
        *("newman", "run", str(collection), "--reporters", "json"),
        *("--reporter-json-export", str(report)),
        home=tmp_path,
    )
    result = json.loads(report.read_text())["run"]
    failures = [(failure["source"]["name"], failure["error"]) for failure in result["failures"]]
    assert failures == []
    assert ran.returncode == 0
    operations = sum(
        len(path)
        for path in requests.get(f"{server.url}/openapi.json", timeout=10).json()["paths"].values()
    )
    assert result["stats"]["requests"]["total"] == operations
    assert result["stats"]["assertions"]["total"] >= 2 * operations


def test_a_wrong_answer_fails_the_collection(collection: Path, tmp_path: Path) -> None:
    """The checks can fail: sent to a path that does not exist, a request is not passed over."""
    broken = json.loads(collection.read_text())
    broken["item"][0]["item"][0]["request"]["url"]["path"] = ["nowhere"]
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    ran = node_tool("newman", "run", str(tmp_path / "broken.json"), home=tmp_path)
    assert ran.returncode == 1


def test_the_document_is_clean(server: Server, tmp_path: Path) -> None:
    """Spectral finds nothing in the document, by the rules of tests/postman/.spectral.yaml."""
    document = tmp_path / "openapi.json"
    document.write_bytes(requests.get(f"{server.url}/openapi.json", timeout=10).content)
    linted = node_tool(
        *("spectral", "lint", "--ruleset", str(FOLDER / ".spectral.yaml")),
        *("--fail-severity", "hint", str(document)),
        home=tmp_path,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
