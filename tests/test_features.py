"""A text becomes the numbers that scikit-learn makes of it, in every script, by any short cut."""
# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from tagger.features import PORTION, join_title
from tagger.packed import NUMBER, PackedWords, Words
from tagger.sparse import sublinear_counts, sublinear_counts_of_one
from tagger.vocabulary import MOST_UNKNOWN, NO_WORD, SLOTS, character_ngrams, counting
from tagger.words import signs_of, words_as_bytes, words_of
from tests.fitting import fitted, untimed

TRICKY = (
    "aBz_09\u00ad\u200c .,'-\t\n\x1c\x85\xa0İıßΣςéÉe\u0301\u200d\u0e44\u0e20"
    "中国カーक्षि❤️👩🏽‍🍳’مُ\ud800"
)
texts = st.text(st.characters() | st.sampled_from(TRICKY))
words = st.lists(st.sampled_from(["a", "b", "model", "models", "unseen", "ünseen", "x" * 30]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World_x don't 3D", ["hello", "world_x", "don", "t", "3d"]),
        ("İstanbul", ["i\u0307stanbul"]),
        ("e\u0301te\u0301 CAFE\u0301", ["été", "café"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("مُدَرِّسٌ", ["مُدَرِّسٌ"]),
        ("می\u200cشود \u200cنمی\u200c\u200cشود\u200c", ["می\u200cشود", "نمی\u200c\u200cشود"]),
        ("श्री\u200dमान", ["श्री\u200dमान"]),
        ("ไ\u200dท ไ\u200cx", ["ไ", "ท", "ไ", "x"]),
        ("Daten\u00adschutz, co\u00adoperate \u00ad", ["datenschutz", "cooperate"]),
        ("我爱AI学习", ["我爱", "ai", "学习"]),
        ("我", ["我"]),
        ("テスト", ["テス", "スト"]),
        ("ไทย x", ["ไท", "ทย", "x"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("home ❤️ 👩🏽‍🍳", ["home"]),
        ("a\ud800b", ["a", "b"]),
        ("", []),
        (" \n!", []),
    ],
)
def test_words_of_every_script(text: str, expected: list[str]) -> None:
    """Words hold their marks, and scripts without blanks are cut into neighbouring characters."""
    assert words_of(text) == expected


@pytest.mark.parametrize("emoji", ["⏰", "⏸️", "⬛", "🐦‍⬛", "🙂‍↔️", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_an_emoji_is_one_sign_whatever_stands_beside_it(emoji: str) -> None:
    """Be it of several code points, or among the arrows and technical symbols."""
    assert signs_of(f"⌛{emoji}😀") == ["⌛", emoji, "😀"]


@untimed
@given(texts)
def test_words_never_hold_blanks_or_line_feeds(text: str) -> None:
    """A pair can be written with a blank between its words, a vocabulary with line feeds."""
    assert not any(character.isspace() for word in words_of(text) for character in word)


def test_title_and_description_are_joined_as_the_contract_says() -> None:
    """A title and a description are the text "title. description"."""
    assert join_title("A title", "What it is") == "A title. What it is"


@untimed
@given(
    st.lists(st.text("abcdeéß中", min_size=1, max_size=9), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(0, 4),
)
def test_ngrams_are_those_of_char_wb(seen: list[str], shortest: int, more: int) -> None:
    """A word's n-grams are what scikit-learn's char_wb makes of it, each as often."""
    lengths = (shortest, shortest + more)
    counter = CountVectorizer(analyzer="char_wb", ngram_range=lengths, lowercase=False)
    matrix = counter.fit_transform(seen).toarray()
    for word, row in zip(seen, matrix, strict=True):
        found = Counter(character_ngrams(word, lengths, counter.vocabulary_))
        assert found == {place: n for place, n in enumerate(row.tolist()) if n}


@untimed
@given(st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=6))
def test_rows_are_counted_text_by_text(rows_of_each: list[list[int]]) -> None:
    """Each row stands once a text, in order, with 1 + log of its occurrences."""
    rows = np.array([row for some in rows_of_each for row in some], np.intp)
    of_text = np.repeat(np.arange(len(rows_of_each)), [len(some) for some in rows_of_each])
    counts = sublinear_counts(of_text, rows, n_texts=len(rows_of_each), n_rows=10)
    for text, some in enumerate(rows_of_each):
        entries = slice(*counts.starts[text : text + 2])
        expected = sorted(Counter(some).items())
        assert (counts.texts[entries] == text).all()
        assert counts.rows[entries].tolist() == [row for row, _ in expected]
        assert counts.values[entries] == pytest.approx([1 + log(n) for _, n in expected])
        alone = sublinear_counts_of_one(np.array(some, np.intp))
        assert (alone.rows == counts.rows[entries]).all()
        assert (alone.values == counts.values[entries]).all()


@untimed
@given(st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=40))
def test_the_product_is_the_dense_one(rows_of_each: list[list[int]]) -> None:
    """Counts times a table is what numpy's dense product gives."""
    rows = np.array([row for some in rows_of_each for row in some], np.intp)
    of_text = np.repeat(np.arange(len(rows_of_each)), [len(some) for some in rows_of_each])
    counts = sublinear_counts(of_text, rows, n_texts=len(rows_of_each), n_rows=10)
    table = np.random.default_rng(0).standard_normal((10, 4)).astype(np.float32)
    dense = np.zeros((len(rows_of_each), 10))
    dense[counts.texts, counts.rows] = counts.values
    assert counts.times(table) == pytest.approx(dense @ table.astype(np.float64))
    assert counts.total(counts.values) == pytest.approx(dense.sum(axis=1))


@untimed
@given(st.lists(words, max_size=4))
def test_pairs_stay_within_their_text(words_of_each: list[list[str]]) -> None:
    """A batch's pairs are those of its texts one by one: none across the border of two."""
    model = fitted("with pairs").model
    features = model.features
    known = [[model.weights.words[row] for row in pair] for pair in model.weights.pairs[:2]]
    words_of_each = [known[0], *words_of_each, known[1]]
    texts_of_words = [" ".join(some).encode() for some in words_of_each]
    together = features.count(texts_of_words)
    alone = [features.count([text]) for text in texts_of_words]
    assert together.rows.tolist() == [row for one in alone for row in one.rows.tolist()]
    assert together.rows.max() >= features.vocabulary.first_pair


def test_portions_hold_every_text_in_order() -> None:
    """However long the texts are, each stands in one portion, and portions stay small."""
    features = fitted().model.features
    some = ["word " * n for n in (1, PORTION // 5 - 1, 2, PORTION * 2, 0, 5, 5)]
    portions = list(features.portions(some))
    found = [text.decode().split() for portion in portions for text in portion]
    assert found == [text.split() for text in some]
    for portion in portions:
        assert len(portion) == 1 or sum(map(len, portion)) <= PORTION


@untimed
@given(st.lists(texts, min_size=1, max_size=5))
def test_words_found_in_bytes_are_the_words(some: list[str]) -> None:
    """The words found in the joined bytes of some texts are those of each text, in order."""
    found = Words.find([words_as_bytes(text) for text in some])
    expected = [words_of(text) for text in some]
    assert found.spelt(np.arange(len(found.starts))) == [
        word for words in expected for word in words
    ]
    assert found.of_each.tolist() == [len(words) for words in expected]


letters = st.text("ab\u00e9\u4e2d", min_size=1, max_size=40)


@untimed
@given(st.lists(letters, unique=True, max_size=40), st.lists(letters, max_size=40))
def test_packed_words_give_a_word_its_own_row_or_none(known: list[str], asked: list[str]) -> None:
    """A word is found under its own row or not at all, whatever its length; most are found."""
    rows = np.arange(len(known))[::-1]
    packed = PackedWords(known, rows, n_rows=len(known) + 1)
    words = [*known, *asked]
    found, others = packed.rows(Words.find([" ".join(words).encode()]))
    missed = set(others.tolist())
    for place, word in enumerate(words):
        assert place in missed or known[found[place]] == word
    short = [place for place, word in enumerate(known) if len(word.encode()) <= NUMBER]
    assert len(missed & set(short)) <= 1 + len(short) / 2, "Two may want one place."
    packed.remove(0)
    assert len(packed.rows(Words.find([" ".join(words).encode()]))[1]) == len(words)


@untimed
@given(st.lists(texts | words.map(" ".join), min_size=2, max_size=6))
def test_many_words_have_the_rows_of_one_by_one(some: list[str]) -> None:
    """Looked up together in their bytes, known, unknown and new words have the rows they have."""
    vocabulary = fitted().model.features.vocabulary
    cut = [words_as_bytes(text) for text in some]
    together = vocabulary.rows_of_texts(Words.find(cut))
    one_by_one = [word for text in some for word in words_of(text)]
    assert together.tolist() == vocabulary.rows(one_by_one).tolist()


def test_too_many_unknown_words_are_passed_over() -> None:
    """Of a text's different unknown words the first so many count, known ones always."""
    unknown = [f"u{i}" for i in range(MOST_UNKNOWN + 10)]
    found = counting(["known", *unknown, "known", "u0"], {"known"})
    assert found == ["known", *unknown[:MOST_UNKNOWN], *[NO_WORD] * 10, "known", "u0"]


def test_unknown_words_are_remembered_within_bounds() -> None:
    """However many unknown words come by, the table does not grow and rows stay right."""
    vocabulary = fitted().model.features.vocabulary
    first = vocabulary.table[vocabulary.rows(["gardeningly"])]
    rows = len(vocabulary.table)
    for start in range(0, 3 * SLOTS, SLOTS // 2):
        flood = [f"flood{i}" for i in range(start, start + SLOTS // 2)]
        found = vocabulary.rows(["gardeningly", *flood])
        assert len(set(found.tolist())) == 1 + SLOTS // 2
        assert (vocabulary.table[found[0]] == first).all()
        again = vocabulary.rows_of_texts(Words.find([" ".join(flood).encode()]))
        assert again.tolist() == found[1:].tolist()
    assert len(vocabulary.table) == rows
    assert "flood1" not in vocabulary
