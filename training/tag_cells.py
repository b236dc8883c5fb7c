"""The tags of a cell: one, ``a|b``, ``<a><b>``, or a list in the way of JSON, Python or others."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping
from io import StringIO
from token import STRING
from tokenize import TokenError, generate_tokens
from typing import Any
from unicodedata import normalize

IN_BRACKETS = re.compile(r"(<[^<>]+> *)+")
"""Tags as Stack Exchange writes them, <a><b>, or with blanks between, as Annif does."""
LIST = re.compile(r"""\[.*\]|[({]['"].*['"],?[)}]""", re.DOTALL)
"""A list; or a tuple or set of words as Python writes it, while tags may begin with a bracket."""
ARRAY = re.compile(r"\{[^{}]*\}")
"""A list as PostgreSQL writes it, {a,"b c"}."""
OBJECT = re.compile(r"""\{\s*"[^"]*"\s*:""")
"""How an object begins."""
CHOICES = "choices"
"""Where Label Studio puts the tags of a text that bears several: {"choices": ["a", "b"]}."""
NUMBERS = re.compile(r"\[[\d\s]+\]")
"""A list of whole numbers as numpy writes it: [ 3 14]."""


def stand_in_lines(cells: Collection[object], separator: str) -> bool:
    """Tell whether tags stand in lines of their own: in more cells than hold the separator.

    So a name that is broken within its cell is one tag where others are separated.
    """
    words = [cell.strip() for cell in cells if isinstance(cell, str)]
    separated = sum(separator in cell for cell in words)
    in_lines = sum(separator not in cell and len(cell.splitlines()) > 1 for cell in words)
    return in_lines > separated


def tags_of(
    value: object, *, separator: str | None, aliases: Mapping[str, str], in_lines: bool = False
) -> Iterator[str]:
    """Give the tags of a cell, each once, in the spelling that the aliases ask for.

    ``separator`` is None where words are one tag, whatever they hold; ``in_lines`` is whether lines
    are tags in a cell without it.

    Raises
    ------
    ValueError
        Says what the cell holds instead.
    """
    if isinstance(value, str) and separator:
        value = _list_of(value, separator, in_lines=in_lines)
    if isinstance(value, dict):
        value = value.get(CHOICES, value)
    if not isinstance(value, list | tuple):
        value = [] if value is None else [value]
    words: list[Any] = [_name_of(tag) for tag in value]
    if any(isinstance(tag, dict) for tag in words):
        raise ValueError('objects without a name where tags are words, as in ["a", "b"],')
    if not all(isinstance(tag, str) for tag in words):
        raise ValueError("tags that are neither words nor whole numbers")
    known: set[str] = set()
    for tag in words:
        bare = one_spelling(tag)
        spelt = one_spelling(aliases.get(bare, bare))
        if spelt and spelt not in known:
            known.add(spelt)
            yield spelt


def _name_of(tag: object) -> object:
    """Return what a tag is called.

    Of an object its name, as trackers of issues write labels. Whole numbers (stars: 5.0), true and
    false may name tags, as in a CSV they always could.
    """
    match tag:
        case dict():
            return tag.get("name", tag)
        case bool():
            return str(tag).lower()
        case float() if tag.is_integer():
            return str(int(tag))
        case int():
            return str(tag)
    return tag


def one_spelling(tag: str) -> str:
    """Return a tag in Unicode's form NFC with one blank between words: what looks equal is."""
    return " ".join(normalize("NFC", tag).split())


def _list_of(cell: str, separator: str, *, in_lines: bool) -> object:
    """Read a cell as ``a|b``, a tag a line, ``<a><b>``, or a list in the way of some program."""
    bare = cell.strip()
    if IN_BRACKETS.fullmatch(bare):
        return re.findall(r"<([^<>]+)>", bare)
    if not (LIST.fullmatch(bare) or OBJECT.match(bare)):
        is_array = ARRAY.fullmatch(bare)
        return _array(bare[1:-1]) if is_array else _separated(bare, separator, in_lines=in_lines)
    if NUMBERS.fullmatch(bare):
        return bare[1:-1].split()
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        try:
            return _literals(bare)
        except (ValueError, SyntaxError, TokenError, MemoryError, RecursionError) as fault:
            raise ValueError("tags that are no list") from fault


def _separated(words: str, separator: str, *, in_lines: bool) -> list[str]:
    if in_lines and separator not in words:
        return words.splitlines()
    # By blanks cells of several lines come apart, too.
    return words.split(None if separator == " " else separator)


def _array(words: str) -> list[str]:
    reader = csv.reader(
        [words], doublequote=False, escapechar="\\", skipinitialspace=True, strict=True
    )
    try:
        return next(reader)
    except csv.Error as fault:
        raise ValueError("tags that are no list") from fault


def _literals(cell: str) -> object:
    """Read a list of Python's, or one of numpy's, whose words Python alone would join.

    A set has no order: its words keep that of the cell.
    """
    tags = ast.literal_eval(cell)
    if isinstance(tags, dict):
        return tags
    tokens = generate_tokens(StringIO(cell).readline)
    words = [ast.literal_eval(token.string) for token in tokens if token.type == STRING]
    return words if all(isinstance(tag, str) for tag in tags) else list(tags)
