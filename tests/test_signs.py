"""Punctuation, symbols and emoji are words to a run that learnt from them, and to no other."""
# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given

from tagger.records import Params
from tagger.words import (
    compounds_of,
    signs_of,
    spans_of,
    words_and_signs_as_bytes,
    words_of,
)
from tests.fitting import fitted, table, untimed
from tests.test_features import texts
from training.candidates import (
    COMPARED,
    COMPARED_WORDLESS,
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
        (" CC(=O)N,\n", ["cc(=o)n"]),
        ("/usr/Share//x_y.svg", ["usr/share//x_y.svg"]),
        ("((a))--_b_,\x003.14!", ["a))--_b_", "3.14"]),
        ("a,\x00b\x7f+c", []),
        ("l\u2019e\u0301te\u0301;", ["l\u2019été"]),
        ("दुनिया-भर", ["दुनिया-भर"]),
        ("می\u200cشود-کتاب/کتاب\u200cها", ["می\u200cشود-کتاب/کتاب\u200cها"]),
        ("我爱。x-y,ภาษา-ไทย", ["x-y"]),
        ("a-\u00ad\u2003\u00adb", []),
        ("3.14 cm", []),
        (f"{'a.' * 99}bc", [f"{'a.' * 99}bc"]),
        (f"{'a.' * 100}b", []),
        ("", []),
    ],
)
def test_compounds_of_every_script(text: str, expected: list[str]) -> None:
    """What signs join, from its first letter to its last, in a text that has no blanks."""
    assert compounds_of(text) == expected
    assert compounds_of(f"{text}\u2003") == expected  # not by the way of ASCII


@untimed
@given(texts)
def test_signs_stand_after_the_words_by_any_way(text: str) -> None:
    """Bytes and spans are those of the words, then those of the signs, then of the compounds."""
    more = signs_of(text) + compounds_of(text)
    assert words_and_signs_as_bytes(text).decode().split() == words_of(text) + more
    spans = spans_of(text, signs=True)
    assert spans[: len(spans) - len(more)] == spans_of(text)


def test_training_finds_that_signs_tell() -> None:
    """Where signs alone tell tags apart, training chooses signs, tags by them and shows them."""
    words = [f"{text} {i}" for i, text in enumerate(table()[0])]
    asked = [*(f"{text}?" for text in words), *(f"{text} 🎉" for text in words)]
    tags = [{"question"}] * len(words) + [{"party"}] * len(words)
    first, *others = (params_for(name, Params(folds=2)) for name in COMPARED)
    found = fit(asked, tags, first, others=others)
    assert found.params.signs
    scores = found.model.score(["unheard of?", "unheard of 🎉", "unheard of 😺🎉😺"]).scores
    best = [found.model.tags[tag] for tag in scores.argmax(axis=1)]
    assert best == ["question", "party", "party"]
    (evidence,) = found.model.explain("What?", [found.model.tags.index("question")])
    assert (evidence.words[0].text, evidence.words[0].spans) == ("?", ((4, 5),))


def test_training_learns_what_signs_join() -> None:
    """Where a tag follows from which words a sign stands between, and nothing else, it is told."""
    joined = [
        (f"{number}.{'.'.join(order)}", first)
        for number, (first, second, third) in enumerate(list(permutations("-+/")) * 3)
        for order in permutations([f"a{first}b", f"c{second}d", f"e{third}f"])
    ]
    asked, tags = [text for text, _ in joined], [{tag} for _, tag in joined]
    first, *others = (params_for(name, Params(folds=2)) for name in COMPARED)
    found = fit(asked, tags, first, others=others).model
    best = found.score(["1.e/f.c-d.a+b", "1.c/d.e+f.a-b", "1.c+d.a/b.e-f"]).scores.argmax(axis=1)
    assert [found.tags[tag] for tag in best] == ["+", "-", "/"]


def test_evidence_names_a_place_once_and_from_its_beginning() -> None:
    """A pair of a word and a sign before it, and what a compound and a pair of its words share."""
    asked = [text for i in range(6) for text in (f"{i} read, usr/share", f"{i} see the park")]
    params = params_for("svc-signs", Params(folds=2))
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
        (["a tagger for texts", "中文"], COMPARED),
        (["😀", "🎉!!", "so 😺"], COMPARED_WORDLESS),
        (["😀", "so 😺"], COMPARED),
        ([], COMPARED),
    ],
)
def test_what_is_compared_follows_from_the_texts(
    texts: list[str], expected: tuple[str, ...]
) -> None:
    """Where most texts hold no word, emoji say, none but models that read signs are compared."""
    assert compared_on(texts) == expected


def test_without_them_signs_change_nothing() -> None:
    """To a run that did not learn from signs a text is the same with and without them."""
    model = fitted().model
    with_signs, without = model.score(["skillet, «and» broth! 🎉", "skillet and broth"]).scores
    assert (with_signs == without).all()
    with_signs, without = fitted("svc-signs").model.score(["skillet ❤️", "skillet"]).scores
    assert np.abs(with_signs - without).max() > 0
