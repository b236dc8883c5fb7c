"""A text is the same text, accents and all, in every form that Unicode says is the same."""
# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

from itertools import groupby
from time import perf_counter
from unicodedata import combining, normalize

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tagger.words import (
    SOFT_HYPHEN,
    compounds_of,
    cut,
    cut_as_bytes,
    signs_of,
    spans_of,
    words_as_bytes,
    words_of,
)
from tests.fitting import untimed
from tests.serving import Server

INTERPLAY = (
    "aBiIJ9 -!`;=<Σασς"  # of ASCII, what composes or is what another sign is, by Unicode's rule
    "\u1fef\u037e\u212a\u2260İıéÅ\u212bǕ\u1ea5\u1fbc"
    "\u0301\u0323\u0327\u0307\u030c\u0338\u0345\u0344"
    "\u00ad\u200c\u200d\ufe0f❤\ud800"
    "\u1100\u1161\u11a8가각\u302e"  # jamo, syllables, a mark of tones
    "か\u3099がは\u309aハー中\uf900"
    "क\u093c\u0958\u0929\u09c7\u09be\ufb1d\u0f40\u0f71\u0f73\u1025\u102e"
    "\u0e44\u0e38\u0e48"
    "\U0001d165\U00011099\U000110ba\U0001109a"  # beyond the basic plane, where marks end words
)
texts = st.text(st.sampled_from(INTERPLAY), max_size=12) | st.text()


def unsorted(text: str) -> str:
    """Take a text apart, each letter's marks in the opposite of the normal order."""
    runs = groupby(normalize("NFD", text), key=lambda sign: combining(sign) > 0)
    return "".join(sign for _, run in runs for sign in sorted(run, key=combining, reverse=True))


def as_cut(text: str) -> str:
    """Return what a text is to what cuts it, but for the place that Σ has in a word."""
    lowered = text.replace(SOFT_HYPHEN, "").lower().replace("ς", "σ")
    return normalize("NFC", lowered.encode(errors="replace").decode())


def forms(text: str) -> list[str]:
    """Return a text in several forms; half by half in two."""
    middle = len(text) // 2
    return [
        text,
        normalize("NFC", text),
        normalize("NFD", text),
        unsorted(text),
        normalize("NFD", text[:middle]) + normalize("NFC", text[middle:]),
    ]


@untimed
@given(texts)
def test_every_form_of_a_text_has_the_same_words(text: str) -> None:
    """Words, signs and compounds, as text or bytes, are those of every other form."""
    words, signs, compounds = words_of(text), signs_of(text), compounds_of(text)
    every = words + signs + compounds
    assert all(normalize("NFC", word) == word for word in every)
    for form in forms(text):
        assert (words_of(form), signs_of(form), compounds_of(form)) == (words, signs, compounds)
        assert words_as_bytes(form).decode().split() == words
        assert cut_as_bytes(form, signs="joined").decode().split() == every


@untimed
@given(texts)
def test_spans_are_places_in_the_text_as_sent(text: str) -> None:
    """In every form each stands in its span, alone where nothing was to compose."""
    for form in forms(text):
        spans = spans_of(form, signs="joined")
        there = [as_cut(form[start:end]) for start, end in spans]
        # Whether a Σ ends a word can depend on what stands beyond it.
        words = [word.replace("ς", "σ") for word in cut(form, signs="joined")]
        assert all(word in span for word, span in zip(words, there, strict=True))
        if form == as_cut(form):
            assert words == there


@pytest.mark.parametrize(
    ("text", "words", "spans"),
    [
        ("un e\u0301te\u0301", ["un", "été"], [(0, 2), (3, 8)]),
        ("CAFE\u00ad\u0301S x", ["cafés", "x"], [(0, 7), (8, 9)]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af y", ["한글", "y"], [(0, 6), (7, 8)]),
        ("a\u0301\u0323b \u1ea1\u0301b", ["ạ́b", "ạ́b"], [(0, 4), (5, 8)]),
        ("\u0958\u0932 x \ufb1d", ["क़ल", "x", "יִ"], [(0, 2), (3, 4), (5, 6)]),
        ("İ I\u0307 x", ["i̇", "i̇", "x"], [(0, 1), (2, 4), (5, 6)]),
        ("J\u030c ǰ", ["ǰ", "ǰ"], [(0, 2), (3, 4)]),
        ("か\u3099くせい", ["がく", "くせ", "せい"], [(0, 3), (2, 4), (3, 5)]),
        ("ΑΣ\u1fefΒ ΑΣ`Β", ["ας", "β"] * 2, [(0, 2), (3, 4), (5, 7), (8, 9)]),
        ("\u212b \u2126", ["å", "ω"], [(0, 1), (2, 3)]),
    ],
)
def test_words_and_places_of_texts_in_other_forms(
    text: str, words: list[str], spans: list[tuple[int, int]]
) -> None:
    """Accents, jamo, marks in any order, what has no form of one sign: composed, and led back."""
    assert words_of(text) == words
    assert spans_of(text, signs="none") == spans


def test_what_only_looks_alike_is_another_text() -> None:
    """Ligatures and letters of full width are other words, by Unicode's own rule."""
    assert words_of("ﬁne Ａ ①") == ["ﬁne", "ａ", "①"]


def test_any_number_of_marks_is_sorted_in_time() -> None:
    """40,000 marks on a letter, out of order, hold the server for less than a second, not four."""
    text = "a" + "\u0301" * 20_000 + "\u0323" * 20_000
    start = perf_counter()
    assert words_of(text) == ["ạ" + "\u0323" * 19_999 + "\u0301" * 20_000]
    assert spans_of(text, signs="none") == [(0, len(text))]
    assert perf_counter() - start < 1


def test_every_form_of_a_text_is_answered_alike(server: Server) -> None:
    """Tags, scores and evidence are the same; the words of the evidence are those sent."""
    composed = "Broth and onion, crême frâiche with bútter, brothé"
    body = {"texts": [{"text": form} for form in forms(composed)], "evidence": True}
    answer = requests.post(f"{server.url}/predict", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    first, *others = answer.json()["data"]["predictions"]
    assert first["predicted_tags"] == ["cooking"]
    accented = 0
    for other in others:
        assert other["scores"] == first["scores"]
        (ours,), (theirs,) = first["evidence"], other["evidence"]
        for word, same in zip(ours["words"], theirs["words"], strict=True):
            assert same["contribution"] == word["contribution"]
            assert normalize("NFC", same["text"]) == word["text"]
            assert [other["input_text"][start:end] for start, end in same["spans"]] == [
                same["text"]
            ]
            accented += same["text"] != word["text"]
    assert accented
