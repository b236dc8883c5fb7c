"""Tags that are one tag in several spellings: found, proposed as aliases, and made one."""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import normalize

import pytest

from tests.runs import TABLE
from tests.serving import run_python
from training.spellings import spellings


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("web-2.0", "Web 2.0", True),
        ("natural_language", "Natural Language", True),
        ("c++", "C++", True),
        ("ab", "\uff41\uff42", True),
        ("(draft)", "Draft", True),
        ("\u200bweb", "web", True),
        ("!!", "??", False),
        ("-1", "1", False),
        ("2.1", "21", False),
        ("c#", "c", False),
        ("css", "cs", False),
        ("\N{THUMBS UP SIGN} app", "\N{THUMBS DOWN SIGN} app", False),
        # In Hindi, "game" and "skin": they differ in a mark alone.
        ("\u0916\u0947\u0932", "\u0916\u093e\u0932", False),
    ],
)
def test_tags_that_differ_in_what_tells_are_no_spellings_of_one(
    one: str, other: str, *, alike: bool
) -> None:
    """Capitals, blanks and punctuation are spelling; numbers, symbols and vowel signs are not."""
    for usual, rarer in ((one, other), (other, one)):
        assert spellings({usual: 2, rarer: 1}) == ({rarer: usual} if alike else {})


def test_plurals_of_plurals_are_none() -> None:
    """Of C, CS and CSS, all tags of one table, CSS stays a tag of its own."""
    assert spellings({"css": 3, "c": 2, "cs": 1}) == {"cs": "c"}


def test_aliases_are_proposed_and_applied(tmp_path: Path) -> None:
    """Spellings of one tag are proposed as a file, which makes them one when it is given back."""
    table, aliases = tmp_path / "table.csv", tmp_path / "aliases.json"
    odd = ["A concerto verse one,Music", "A tempo verse two,musics", "A quartet verse,MU-SIC"]
    table.write_text("\n".join((TABLE.read_text().rstrip(), *odd)))
    home = tmp_path / "home"
    done = run_python(
        "-m", "training", "check", str(table), "--propose", str(aliases), "--json", home=home
    )
    assert done.returncode == 0
    assert json.loads(aliases.read_text()) == {
        "Music": "music",
        "musics": "music",
        "MU-SIC": "music",
    }
    assert json.loads(done.stdout)["aliases"] == json.loads(aliases.read_text())
    aliases.write_text(aliases.read_text(), encoding="utf-8-sig")  # as a Windows editor saves it
    again = run_python(
        "-m", "training", "check", str(table), "--aliases", str(aliases), "--strict", home=home
    )
    assert again.returncode == 0, again.stdout
    assert not home.exists()


def test_an_alias_holds_in_each_form_of_unicode(tmp_path: Path) -> None:
    """An accent may be a sign of its own in the aliases, in the table, in both or in neither."""
    table, aliases = tmp_path / "table.csv", tmp_path / "aliases.json"
    forms = normalize("NFC", "música"), normalize("NFD", "música")
    table.write_text(
        "\n".join((TABLE.read_text().rstrip(), *(f"A {tag} concerto verse,{tag}" for tag in forms)))
    )
    for form in forms:
        aliases.write_text(json.dumps({form: "music "}))
        done = run_python(
            "-m", "training", "check", str(table), "--aliases", str(aliases), "--json",
            home=tmp_path / "home",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert not set(json.loads(done.stdout)["tags"]) & {*forms, "music "}
