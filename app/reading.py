"""What a request to tag means, or everything that is wrong with it.

Plain requests take a fast way in, all others are read by pydantic, and a test holds both to be one:
the same texts, the same faults in the same words.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import orjson
from pydantic import ValidationError

from app.schemas import HALF, PredictRequest, Titled
from tagger.decide import PLAIN, Options
from tagger.errors import BadJson, Fault, InvalidInput
from tagger.features import join_title
from tagger.wording import counted

MOST_FAULTS = 1_000
"""Faults told in one answer; so many more are counted."""
LARGE_BODY = 8192
"""Bytes from which on numpy counts faster than `bytes.count`."""
LOW_THRESHOLD = 0.01
"""Below it nearly all tags of thousands are shown; from it on few: scores are probabilities."""
SHOWN_KEY = 100
"""Characters of a caller's own key that a fault's place repeats."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a request may hold and take."""

    texts: int
    text_length: int
    """Characters of a text."""
    body_bytes: int
    scores: int
    """Of an answer whose threshold keeps hardly any out."""
    seconds: float
    """From a request's first byte to the start of its work."""


class Question(NamedTuple):
    """A request as it was understood."""

    texts: list[str]
    options: Options


def read(body: bytes, limits: Limits) -> Question:
    """Understand a request.

    Raises
    ------
    BadJson, InvalidInput
    """
    return read_plain(body, limits) or read_any(body, limits)


def read_plain(body: bytes, limits: Limits) -> Question | None:
    """Understand a faultless request of bare texts without options; None for any other.

    3 us for one text, where `read_any` needs 15.
    """
    try:
        value = orjson.loads(body)
    except ValueError:
        return None
    if type(value) is not dict or len(value) != 1:
        return None
    rows = value.get("texts")
    if type(rows) is not list or not 0 < len(rows) <= limits.texts:
        return None
    texts = []
    for row in rows:
        if type(row) is not dict or len(row) != 1:
            return None
        text = row.get("text")
        if type(text) is not str or not 0 < len(text) <= limits.text_length or text.isspace():
            return None
        texts.append(text)
    return None if _repeats(body, texts) else Question(texts, PLAIN)


def _repeats(body: bytes, texts: Sequence[str]) -> bool:
    """Whether a key stands twice in a plain body, of which the parser kept the last.

    If none does, there are four quotes a text, around it and its key, and two around "texts".
    Quotes inside a text have a backslash before them and do not count; nor does the one that ends a
    text whose last character is a backslash.
    """
    ending = sum(text[-1] == "\\" for text in texts)
    return _bare_quotes(body) != 2 + 4 * len(texts) - ending


def _bare_quotes(body: bytes) -> int:
    """Count the quotes that have no backslash before them; none stands at the very beginning."""
    if len(body) < LARGE_BODY:
        return body.count(b'"') - body.count(b'\\"')
    # Of 1,000 texts this takes 0.05 us each, where that takes 0.3.
    characters = np.frombuffer(body, np.uint8)
    quotes = np.flatnonzero(characters == ord('"'))
    return int(np.count_nonzero(characters.take(quotes - 1) != ord("\\")))


def read_any(body: bytes, limits: Limits) -> Question:
    """Understand any request, or say everything that is wrong with it.

    Raises
    ------
    BadJson, InvalidInput
    """
    value = _parse(body)
    faults = list(_too_much(value, limits))
    if isinstance(value, dict) and isinstance(rows := value.get("texts"), list):
        # Half a million numbers in place of texts would hold the loop for five seconds.
        value["texts"] = rows[: limits.texts]
    count = len(faults)
    try:
        request = PredictRequest.model_validate(value)
    except ValidationError as error:
        count += error.error_count()
        faults += islice(_faults(error), MOST_FAULTS)  # the rest is not told
    if faults:
        raise InvalidInput(bounded(faults, count))
    texts = [
        join_title(row.title, row.description) if isinstance(row, Titled) else row.text
        for row in (item.root for item in request.texts)
    ]
    options = Options(
        top_k=request.top_k, threshold=request.threshold, evidence=bool(request.evidence)
    )
    return Question(texts, PLAIN if options == PLAIN else options)


def check_scores(question: Question, n_tags: int, limits: Limits) -> None:
    """Refuse what may be answered by more scores than an answer may hold.

    Raises
    ------
    InvalidInput
    """
    threshold = question.options.threshold
    if threshold is None or threshold >= LOW_THRESHOLD:
        return
    scores = len(question.texts) * min(question.options.top_k or n_tags, n_tags)
    if scores > limits.scores:
        raise InvalidInput(
            [
                Fault(
                    ("body", "threshold"),
                    f"So low a threshold may show {scores} scores, more than the {limits.scores} "
                    f"that an answer may hold: give top_k, a threshold of {LOW_THRESHOLD} or more, "
                    "or fewer texts.",
                    "too_many_scores",
                )
            ]
        )


def _parse(body: bytes) -> Any:
    if not body:
        raise BadJson("The body is not JSON: it is empty.")
    if body.startswith(BOM_UTF8):
        raise BadJson("The body is not JSON: it begins with a byte order mark. Save it without.")
    try:
        return json.loads(
            body.decode(),
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
        )
    except UnicodeDecodeError as error:
        raise BadJson(
            f"The body is not UTF-8: byte {error.start} begins no character. Send it as UTF-8."
        ) from None
    except json.JSONDecodeError as error:
        raise BadJson(
            f"The body is not JSON: {error.msg.removesuffix(' at')} at line {error.lineno} "
            f"column {error.colno}."
        ) from None
    except RecursionError:
        raise BadJson("The body is nested too deeply to be read.") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadJson(f"The key {shown(key)!r} is given twice: it could mean either.")
        found[key] = value
    return found


def _refuse_constant(name: str) -> float:
    raise BadJson(f"The body is not JSON: {name} is no number of JSON.")


def _whole_number(digits: str) -> int | float:
    """Read a whole number; one of thousands of digits, which Python refuses, only roughly."""
    return int(digits) if len(digits) <= 400 else float(digits)


def _too_much(value: Any, limits: Limits) -> Iterator[Fault]:
    """Find what is more than the limits allow, whatever else is wrong."""
    rows = value.get("texts") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        return
    if len(rows) > limits.texts:
        yield Fault(
            ("body", "texts"),
            f"{len(rows)} texts are more than the {limits.texts} that a request may hold: "
            "send several requests.",
            "too_long",
        )
    for place, row in enumerate(rows[: limits.texts]):
        if isinstance(row, dict) and len(_whole_text(row)) > limits.text_length:
            field = ("text",) if "text" in row else ()  # a pair is measured as one text
            yield Fault(
                ("body", "texts", place, *field),
                f"Text is longer than the {limits.text_length} characters that it may have: "
                "shorten it.",
                "string_too_long",
            )


def _whole_text(row: dict[str, Any]) -> str:
    """Return a row's text, or the text of its pair; nothing where they are no strings."""
    if isinstance(text := row.get("text"), str):
        return text
    title, description = row.get("title"), row.get("description")
    if isinstance(title, str) and isinstance(description, str):
        return join_title(title, description)
    return ""


def _faults(error: ValidationError) -> Iterator[Fault]:
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        place = fault["loc"]
        # pydantic names the shape it tried after the text's number; no caller sent that.
        if len(place) > 2 and place[0] == "texts":
            place = (*place[:2], *place[3:])
        yield Fault(
            ("body", *(shown(key) if isinstance(key, str) else key for key in place)),
            MESSAGES.get(fault["type"], fault["msg"]),
            fault["type"],
        )


SHAPE = (
    'A request is {"texts": [{"text": "…"}]}; a text may also be a title and a description, '
    'which may be "".'
)
NO_OBJECT = f"Input should be a JSON object. {SHAPE}"
MESSAGES = {
    "missing": f"Field is missing. {SHAPE}",
    "extra_forbidden": "Field is unknown: leave it out. A request has texts, top_k, threshold and "
    "evidence; each text has text, or title and description.",
    "list_type": f"Input should be a list. {SHAPE}",
    "string_type": f"Input should be a string. {SHAPE}",
    "too_short": "List of texts to classify cannot be empty.",
    "model_type": NO_OBJECT,
    "model_attributes_type": NO_OBJECT,
    "union_tag_invalid": NO_OBJECT,
    "string_unicode": HALF,
}
"""In place of pydantic's own words, where a caller would not understand those."""


def shown(text: str) -> str:
    """Give a caller's own words in a form to repeat: short, and without half characters."""
    return text[:SHOWN_KEY].encode(errors="replace").decode()


def bounded(faults: Sequence[Fault], count: int) -> list[Fault]:
    """Give so many faults as an answer tells, and how many more of ``count`` there are."""
    rest = count - MOST_FAULTS
    if rest <= 0:
        return list(faults)
    more = Fault(faults[0].loc[:1], f"And {counted(rest, 'fault')} more.", "too_many_faults")
    return [*faults[:MOST_FAULTS], more]
