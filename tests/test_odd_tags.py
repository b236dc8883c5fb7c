"""Tags of any spelling can be served: in addresses, in the document, and in what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from tests.serving import Server, run_python, serve

ODD = ('"quoted"', "nothing", "of 100%", "v1.2", "yes/no", "yes/", "{top}", "é?q=1#x", "日本語 😀")
"""Sorted: the examples are about the first two."""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of a run whose tags are spelled oddly."""
    folder: Path = tmp_path_factory.mktemp("odd")
    table = folder / "odd.jsonl"
    table.write_text(
        "".join(
            json.dumps({"text": f"word{number} more{number} text {row}", "tags": [tag]}) + "\n"
            for number, tag in enumerate(ODD)
            for row in range(40)
        )
    )
    done = run_python("-m", "training", "train", str(table), "--fast", home=folder / "home")
    assert done.returncode == 0, done.stderr
    with serve(folder / "home", folder / "log") as server:
        yield server


def test_the_document_of_oddly_named_tags(odd: Server) -> None:
    """Its examples hold the first tags, as text and in addresses, however they are spelled."""
    answer = requests.get(f"{odd.url}/openapi.json", timeout=30)
    assert answer.status_code == 200, answer.text
    tag = answer.json()["paths"]["/tags/{tag}"]["get"]
    assert tag["parameters"][0]["example"] == ODD[0]
    told = {
        status: content["content"]["application/json"]
        for status, content in tag["responses"].items()
        if status in ("200", "404")
    }
    assert told["200"]["example"]["url"].endswith(f"/tags/{quote(ODD[0], safe='')}")
    assert "nothing" in told["404"]["examples"]["UnknownResource"]["value"]["detail"]


@pytest.mark.parametrize("tag", ODD)
def test_a_tag_is_found_by_its_address(odd: Server, tag: str) -> None:
    """Escaped, as clients send it, and as a part of the performance."""
    entry = ask(odd, f"/tags/{quote(tag, safe='')}")
    assert entry["tag"] == tag
    name = f"class.{tag}"
    part = ask(odd, f"/performance?filter={quote(name, safe='')}")
    assert part == {name: {key: entry[key] for key in ("precision", "recall", "f1", "support")}}


def test_a_tag_is_found_however_its_accent_was_typed(odd: Server) -> None:
    """Tags are kept in one form; a part comes by the name that was asked for."""
    composed, apart = "é?q=1#x", "e\u0301?q=1#x"
    assert ask(odd, f"/tags/{quote(apart, safe='')}")["tag"] == composed
    part = ask(odd, f"/performance?filter={quote(f'class.{apart}.f1', safe='')}")
    assert list(part) == [f"class.{apart}.f1"]


def ask(server: Server, path: str) -> dict[str, object]:
    """Give the data of an answer."""
    answer = requests.get(f"{server.url}{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    data: dict[str, object] = answer.json()["data"]
    return data
