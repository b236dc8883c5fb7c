"""Punctuation, symbols and emoji are words to a run that learnt from them, and to no other."""
# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given

from tagger.records import Params
from tagger.words import (
    SIGNS,
    compounds_of,
    cut,
    cut_as_bytes,
    signs_of,
    spans_of,
    words_of,
)
from tests.fitting import fitted, table, untimed
from tests.test_features import texts
from training.candidates import (
    COMPARED,
    COMPARED_SHORT,
    COMPARED_WORDLESS,
    MOST_SHORT,
    SHORT,
    compared_on,
    params_for,
)
from training.fit import fit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World_x don't 3D!!", [",", "'", "!!"]),
        ("e\u0301! caf\u00e9?", ["!", "?"]),
        ("a\x00b\x7f\tc", []),
        ("C++ (%d)\n$5.0", ["++", "(%", ")", "$", "."]),
        ("home ❤️ 👩🏽‍🍳", ["❤️", "👩🏽‍🍳"]),
        ("!! 😀😀🎉?! x★★☆👍👍🏿", ["!!", "😀😀", "🎉", "?!", "★★", "☆", "👍", "👍🏿"]),
        ("¿🇩🇪🇩🇪🇫🇷", ["¿", "🇩🇪🇩🇪", "🇫🇷"]),
        ("«نعم»، لا؟", ["«", "»،", "؟"]),
        ("我爱。", ["。"]),
        ("a\ud800b", ["?"]),
        ("", []),
    ],
)
def test_signs_of_every_script(text: str, expected: list[str]) -> None:
    """What is neither of a word, nor a blank, nor a control; each emoji with its repetitions."""
    assert signs_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" CC(=O)N,\n", ["cc(=o)n,"]),
        ("/usr/Share//x_y.svg is there", ["/usr/share//x_y.svg"]),
        ("((a))--_b_,\x003.14!", ["((a))--_b_,", "3.14!"]),
        ("a,\x00b\x7f+c", ["a,", "+c"]),
        ("Is #news 😀 -- ok?", ["#news", "ok?"]),
        ("l\u2019e\u0301te\u0301;", ["l\u2019été;"]),
        ("दुनिया-भर", ["दुनिया-भर"]),
        ("می\u200cشود-کتاب/کتاب\u200cها", ["می\u200cشود-کتاب/کتاب\u200cها"]),
        ("我爱!!C++,ภาษา-ไทย", ["!!c++,"]),
        ("a-\u00ad\u2003\u00adb", ["a-"]),
        ("x_y 3.14 cm", ["3.14"]),
        ("a\ud800b", ["a?b"]),
        ("!!我", []),
        (f"{'a.' * 99}bc", [f"{'a.' * 99}bc"]),
        (f"{'a.' * 100}b", []),
        ("", []),
    ],
)
def test_compounds_of_every_script(text: str, expected: list[str]) -> None:
    """What stands between blanks, controls and scripts without blanks, and holds both."""
    assert compounds_of(text) == expected


@untimed
@given(texts)
def test_signs_stand_after_the_words_by_any_way(text: str) -> None:
    """Bytes and spans are those of the words, then those of the signs, then of the compounds."""
    more = {"none": [], "apart": signs_of(text), "joined": signs_of(text) + compounds_of(text)}
    for signs in SIGNS:
        assert cut(text, signs=signs) == words_of(text) + more[signs]
        assert cut_as_bytes(text, signs=signs).decode().split() == cut(text, signs=signs)
        spans = spans_of(text, signs=signs)
        assert spans[: len(spans) - len(more[signs])] == spans_of(text, signs="none")


def test_training_finds_that_signs_tell() -> None:
    """Where signs alone tell tags apart, training chooses signs, tags by them and shows them."""
    words = [f"{text} {i}" for i, text in enumerate(table()[0])]
    asked = [*(f"{text}?" for text in words), *(f"{text} 🎉" for text in words)]
    tags = [{"question"}] * len(words) + [{"party"}] * len(words)
    first, *others = (params_for(name, Params(folds=2)) for name in COMPARED)
    found = fit(asked, tags, first, others=others)
    assert found.params.signs == "apart"
    scores = found.model.score(["unheard of?", "unheard of 🎉", "unheard of 😺🎉😺"]).scores
    best = [found.model.tags[tag] for tag in scores.argmax(axis=1)]
    assert best == ["question", "party", "party"]
    (evidence,) = found.model.explain("What?", [found.model.tags.index("question")])
    assert (evidence.words[0].text, evidence.words[0].spans) == ("?", ((4, 5),))


def test_training_learns_what_signs_join() -> None:
    """Where a tag follows from which word a sign touches, and from nothing else, it is told."""
    asked = [
        f"{first} {second} now {number}"
        for number in range(12)
        for marked in (("#red", "@blue"), ("@red", "#blue"))
        for first, second in permutations(marked)
    ]
    tags = [{"red" if "#red" in text else "blue"} for text in asked]
    first, *others = (params_for(name, Params(folds=2)) for name in compared_on(asked))
    found = fit(asked, tags, first, others=others)
    assert found.params.signs == "joined"
    unseen = ["#blue @red now", "@blue #red now", "@red #blue now", "#red @blue now"]
    best = found.model.score(unseen).scores.argmax(axis=1)
    assert [found.model.tags[tag] for tag in best] == ["blue", "red", "blue", "red"]


@pytest.mark.parametrize(("name", "tells"), [("svc-joined", True), ("svc-signs", False)])
def test_what_one_text_alone_holds_tells_of_short_texts(name: str, *, tells: bool) -> None:
    """Characters that one text holds count in others where signs are joined, and else do not."""
    asked = [text for i in range(6) for text in (f"{i} read here", f"{i} see there")]
    asked[0] = "zyxwvu read here"
    model = fit(asked, [{"read"}, {"see"}] * 6, params_for(name, Params(folds=2))).model
    like_one, unlike_any = model.score(["zyxwvq", "jjkkjjq"]).scores
    assert (like_one != unlike_any).all() == tells


def test_evidence_names_a_place_once_and_from_its_beginning() -> None:
    """A pair of a word and a sign before it, and what a compound and a pair of its words share."""
    asked = [text for i in range(6) for text in (f"{i} read, usr/share", f"{i} see the park")]
    params = params_for("svc-joined", Params(folds=2))
    model = fit(asked, [{"path"}, {"park"}] * 6, params).model
    text = "so, read usr/share"
    (evidence,) = model.explain(text, [model.tags.index("path")], most=100)
    found = {word.text: word.spans for word in evidence.words}
    assert len(found) == len(evidence.words)
    assert found[", read usr/share"] == ((2, 18),)  # the last word, then the first sign
    assert found["usr/share"] == ((9, 18),)
    assert all(text[start:end] == word for word, ((start, end),) in found.items())
    (evidence,) = model.explain("usr/share", [model.tags.index("path")], most=100)
    assert [word.text for word in evidence.words].count("usr/share") == 1


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a tagger for texts", "中文"], COMPARED_SHORT),
        (["😀", "🎉!!", "so 😺"], COMPARED_WORDLESS),
        (["😀", "so 😺"], COMPARED_SHORT),
        (["word " * SHORT], COMPARED_SHORT),
        (["word " * SHORT, "word " * (SHORT + 1)], COMPARED),
        (["word"] * (MOST_SHORT + 1), COMPARED),
    ],
)
def test_what_is_compared_follows_from_the_texts(
    texts: list[str], expected: tuple[str, ...]
) -> None:
    """Signs are joined in short texts, if few; where most hold no word, all models read signs."""
    assert compared_on(texts) == expected


def test_without_them_signs_change_nothing() -> None:
    """To a run that did not learn from signs a text is the same with and without them."""
    model = fitted().model
    with_signs, without = model.score(["skillet, «and» broth! 🎉", "skillet and broth"]).scores
    assert (with_signs == without).all()
    with_signs, without = fitted("svc-signs").model.score(["skillet ❤️", "skillet"]).scores
    assert np.abs(with_signs - without).max() > 0
