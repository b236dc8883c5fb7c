"""Everything that README.md shows to type is typed here, and answers as it says.

``python -m tests.test_readme`` asks anew and writes the answers into README.md.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.serving import PROJECT, Server, run_command, run_python, serve

README = PROJECT / "README.md"
ADDRESS = "http://127.0.0.1:3000"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
RUN_ELSEWHERE = {
    "make serve": "test_make.py",
    "make test": "the run of this very test",
    "make bento": "test_make.py",
    "make load": "test_make.py",
    "make bench": "its results in load_tests/results/",
    "make bulk": "its results in bulk/results/",
}
"""Commands that need a test of their own, and where that is."""
CHANGING = {"timestamp", "url", "run_id", "created_at"}
"""Parts of an answer that are different every time."""


@dataclass(frozen=True)
class Example:
    """A block to type, and the answer that stands below it, if one does."""

    language: str
    source: str
    answer: str | None

    def run(self, url: str, home: Path) -> str:
        """Type it, with the address of a server under test and its newest run for RUN."""
        runs = (path.name for path in (home / "models" / "tagline").iterdir() if path.is_dir())
        source = self.source.replace(ADDRESS, url).replace("RUN", max(runs))
        commands = {
            "sh": ["bash", "-euo", "pipefail", "-c", source],
            "python": [sys.executable, "-c", source],
            "js": ["node", "--input-type=module", "--eval", source],
        }
        done = run_command(*commands[self.language], home=home)
        assert done.returncode == 0, f"{self.source}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def examples() -> list[Example]:
    """Every block of the README that is to be typed."""
    blocks = BLOCK.findall(README.read_text(encoding="utf-8"))
    found = []
    for place, (language, source) in enumerate(blocks):
        if language in {"sh", "python", "js"}:
            following = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
            answer = following[1] if following[0] in {"json", "text"} else None
            found.append(Example(language, source, answer))
    return found


@dataclass(frozen=True)
class Default:
    """A server of the default run, and its store."""

    server: Server
    home: Path


def serve_default(folder: Path) -> Iterator[Default]:
    """Train on the default table and serve that."""
    home = folder / "home"
    done = run_python("-m", "training", "train", "--json", home=home)
    assert done.returncode == 0, done.stderr
    with serve(home, folder / "log") as server:
        yield Default(server, home)


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Default]:
    """One for all examples: each is typed in the order of the README."""
    yield from serve_default(tmp_path_factory.mktemp("readme"))


def assert_alike(found: Any, shown: Any, place: str = "answer") -> None:
    """Compare two answers; scores may differ in the second digit, between machines."""
    assert type(found) is type(shown), place
    if isinstance(shown, dict):
        assert found.keys() == shown.keys(), place
        for key in shown.keys() - CHANGING:
            assert_alike(found[key], shown[key], f"{place}.{key}")
    elif isinstance(shown, list):
        assert len(found) == len(shown), place
        for number, pair in enumerate(zip(found, shown, strict=True)):
            assert_alike(*pair, f"{place}[{number}]")
    elif isinstance(shown, float):
        assert found == pytest.approx(shown, abs=0.05), place
    else:
        assert found == shown, place


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.source[:60])
def test_every_example_answers_as_shown(example: Example, default: Default) -> None:
    """What the README shows to type works, and gives the answer that stands below it."""
    printed = example.run(default.server.url, default.home)
    if example.answer is None:
        return
    if example.language == "sh":
        assert_alike(json.loads(printed), json.loads(example.answer))
    else:
        assert printed == example.answer


def test_every_other_command_is_run_by_a_test_of_its_own() -> None:
    """A command that is only shown is one of those that another test runs."""
    shown = [
        line
        for language, source in BLOCK.findall(README.read_text(encoding="utf-8"))
        if language == "console"
        for line in source.splitlines()
    ]
    assert shown
    assert set(shown) <= RUN_ELSEWHERE.keys()
    tests = {place for place in RUN_ELSEWHERE.values() if place.endswith(".py")}
    for place in tests:
        text = (PROJECT / "tests" / place).read_text(encoding="utf-8")
        for command, where in RUN_ELSEWHERE.items():
            if where == place:
                assert f'"{command.removeprefix("make ")}"' in text, (command, place)


def laid_out(value: Any, room: int = 98, indent: str = "") -> str:
    """Write JSON over as many lines as it needs, and no more: what fits on one stays on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= room or not value or not isinstance(value, dict | list):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {laid_out(v, room, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}}}"
    parts = [laid_out(item, room, inner) for item in value]
    return "[\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}]"


def write_answers() -> None:
    """Ask a server of the default run everything anew and write the answers into the README."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for default in serve_default(Path(folder)):
            for example in examples():
                printed = example.run(default.server.url, default.home)
                if example.answer is None:
                    continue
                if example.language == "sh":
                    answer = json.loads(printed.replace(default.server.url, ADDRESS))
                    printed, kind = laid_out(answer) + "\n", "json"
                else:
                    kind = "text"
                before = f"```{example.language}\n{example.source}```\n```{kind}\n"
                assert before + example.answer in text
                text = text.replace(before + example.answer, before + printed)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    os.chdir(PROJECT)
    write_answers()
