"""The fast reader of /predict and pydantic's are one: the same texts, the same faults."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.reading import LARGE_BODY, Limits, Question, read, read_any, read_plain
from tagger.decide import PLAIN
from tagger.errors import RequestError

LIMITS = Limits(texts=4, text_length=40, body_bytes=10_000, scores=1_000, seconds=5)
SEEDS = (
    b'{"texts":[{"text":"a"}]}',
    b'{"texts": [{"text": "two words"}, {"text": "caf\\u00e9 \\n \\"quoted\\""}]}',
    '{"texts":[{"text":"naïve 漢字 \N{GRINNING FACE}"},{"text":"\u00a0"}]}'.encode(),
    b'{"texts":[{"text":"text"},{"text":"texts"}],"top_k":null}',
    b'{"texts":[{"title":"t","description":"d"}],"threshold":0.5,"evidence":true}',
    b'{"texts":[{"te\\u0078t":"a"}],"top_k":3}',
)
PIECES = (
    *(b'"text"', b'"texts"', b'"title"', b"null", b"NaN", b"1e999", b"true", b"-0.0", b"[]", b"{}"),
    *(b"\\ud800", b"\\u0000", b"\\u0074", b"\\n", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\x1c", b" "),
    *(
        b",",
        b":",
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\",
        b'{"text":"b"},',
        b'"text":"c",',
        b"9" * 400,
    ),
)
MUTATED = 100_000


def outcome(body: bytes, reader: Any) -> Any:
    """Give what a reader makes of a body: the question, or the kind and words of its refusal."""
    try:
        return reader(body, LIMITS)
    except RequestError as refusal:
        return type(refusal).__name__, str(refusal)


def check_equal(body: bytes) -> bool:
    """Check that the fast reader, if it takes the body, understands it as the other does.

    With many blanks behind it, too: the quotes of a large body are counted in another way.
    """
    fast = read_plain(body, LIMITS)
    assert read_plain(body + b" " * LARGE_BODY, LIMITS) == fast
    if fast is not None:
        assert fast == outcome(body, read_any), body
        assert fast.options is PLAIN
    return fast is not None


def mutated(body: bytes, chance: random.Random) -> bytes:
    """Change a body in a few places: pieces cut out, put in, doubled, bytes changed."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(len(changed) + 1)
        end = min(len(changed), place + chance.randint(1, 12))
        match chance.randrange(5):
            case 0:
                changed[place:place] = chance.choice(PIECES)
            case 1:
                del changed[place:end]
            case 2:
                changed[place:place] = changed[place:end]
            case 3:
                changed[place:end] = chance.choice(PIECES)
            case _:
                changed[place:end] = bytes([chance.randrange(256)])
    return bytes(changed)


def test_mutated_bodies() -> None:
    """Over 100,000 mutated bodies, whatever the fast reader takes, the other takes as the same."""
    chance = random.Random(7)
    taken = sum(check_equal(mutated(chance.choice(SEEDS), chance)) for _ in range(MUTATED))
    assert MUTATED / 200 < taken < MUTATED


TEXTS = st.text(max_size=45)
ROWS = st.one_of(
    st.fixed_dictionaries({"text": TEXTS}),
    st.dictionaries(st.sampled_from(["text", "title", "description", "x"]), TEXTS, max_size=3),
)
BODIES = st.dictionaries(
    st.sampled_from(["texts", "top_k", "threshold", "evidence", "x"]),
    st.one_of(st.lists(ROWS, max_size=5), st.none(), st.integers(), st.floats(), st.booleans()),
    max_size=3,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(body=BODIES, ascii_only=st.booleans())
@example(body={"texts": [{"text": "\x1c"}]}, ascii_only=True)
@example(body={"texts": [{"text": "\u3000"}]}, ascii_only=False)
@example(body={"texts": [{"text": '"text"'}]}, ascii_only=False)
def test_generated_bodies(*, body: dict[str, Any], ascii_only: bool) -> None:
    """Over generated requests, faultless or not, the two readers agree."""
    written = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    check_equal(written)
    assert outcome(written, read) == outcome(written, read_any)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40).filter(str.strip), min_size=1, max_size=4))
@example(['a "text"', "ends with \\", '"text":', '\\"'])
def test_the_fast_reader_takes_what_is_plain(texts: list[str]) -> None:
    """Bare texts without options take the fast way, as every JSON library writes them."""
    body = {"texts": [{"text": text} for text in texts]}
    for written in (
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        json.dumps(body, ensure_ascii=False, indent=2).encode(),
    ):
        assert read_plain(written, LIMITS) == Question(texts, PLAIN)
        assert read(written, LIMITS) == Question(texts, PLAIN)


@pytest.mark.parametrize(
    "body",
    [
        b'{"texts":[{"text":"a"}],"texts":[{"text":"b"}]}',
        b'{"texts":[{"text":"a","text":"b"}]}',
        b'{"texts":[{"text":"a","te\\u0078t":"b"}]}',
        b'{"t\\u0065xts":[{"text":"a"}],"texts":[{"text":"b"}]}',
        b'{"texts":[{"text":{"text":"a"},"text":"b"}]}',
        b'{"texts":[{"text":"a"},{"text":"b","text":"c"}]}',
        b'{"texts":[{"text":"\\\\"},{"text":"\\\\"},{"text":0,"text":"c"}]}',
        b'{"texts":[{"text":"\\u0022\\u0022"},{"text":0,"text":"c"}]}',
    ],
)
def test_a_key_given_twice_is_never_taken(body: bytes) -> None:
    """The fast reader's parser keeps the last of two; so the bytes themselves are looked at."""
    assert read_plain(body, LIMITS) is None
    assert read_plain(body + b" " * LARGE_BODY, LIMITS) is None
    assert outcome(body, read)[0] == "BadJson"
