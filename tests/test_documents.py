"""What the documents name is there: files that they link to, make targets, Python modules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.serving import PROJECT

FOLDERS = (PROJECT, *(PROJECT / name for name in ("training", "load_tests", "deploy", "bulk")))
DOCUMENTS = [path for folder in FOLDERS for path in sorted(folder.glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
TARGET = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
MODULE = re.compile(r"python -m ((?:app|bulk|load_tests|tagger|tests|training)\b[\w.]*)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_what_a_document_names_is_there(document: Path) -> None:
    """Each link leads to a file, each `make` to a target, each `python -m` to a module."""
    text = document.read_text(encoding="utf-8")
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert [link for link in LINK.findall(text) if not (document.parent / link).exists()] == []
    assert set(TARGET.findall(text)) <= targets
    for name in MODULE.findall(text):
        module = PROJECT.joinpath(*name.rstrip(".").split("."))
        assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), name
