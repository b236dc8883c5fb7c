"""Cut a text into words: the one rule that training, serving and evidence share.

A word is a run of letters, digits, underscores and the marks that combine with them, in lower case.
Soft hyphens are left out; a joiner of no width inside a word is part of it.

Texts that Unicode calls canonically equivalent have the same words: an accent, say, is composed
with its letter (form NFC), however it was typed. Ligatures and full-width letters are not
equivalent to plain ones (that would be NFKC), and stay as they are.

Scripts that put no blanks between words (Chinese, Japanese, Thai and others) have no such runs.
There every two neighbouring characters are a word, which needs no dictionary and does nearly as
well as all n-grams of up to four characters.

Signs are what stands between words and is not blank: punctuation, symbols, emoji. Where they count,
each stretch of them is a word too, after the words. Emoji stand apart, each with its repetitions:
``!! 😀😀🎉`` is ``!!``, ``😀😀`` and ``🎉``, since side by side they were no word that another text
holds. Where signs are joined, compounds count as well. A compound is what stands between blanks, if
it holds both signs and letters or digits: ``C(=O)N``, ``usr/share``, ``3.14``, ``#news``,
``really?``. So characters are learnt across signs. That helps some tables of short texts and harms
others (training/QUALITY.md). At a script without blanks a compound ends: else it would be a whole
sentence, which does not help (weighted F1 of Chinese messages +.005 [-.016, +.026]).
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Literal, get_args
from unicodedata import category, combining, is_normalized, normalize

Signs = Literal["none", "apart", "joined"]
"""Whether signs are words: not at all, each stretch by itself, or also with what they touch."""
SIGNS: tuple[Signs, ...] = get_args(Signs)

MARKS = "".join(chr(i) for i in range(0x300, 0x10000) if category(chr(i))[0] == "M")
"""Marks that combine with the letter before them, such as accents and most vowels of Hindi.

Python's ``\\w`` leaves them out and would cut a word at each. Those beyond the basic plane, of
seldom used scripts, would make the regular expression several times as slow.
"""
BLANKLESS = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Japanese
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese
)
"""Scripts written without blanks between words, as ranges of code points."""
JOINERS = "\u200c\u200d"
"""Characters of no width, part of a word if inside one: two in five Persian messages hold one, and
to cut words there cost .005 weighted F1 (eight splits of 1,953 messages). Else they are ignored."""
SOFT_HYPHEN = "\u00ad"
"""Tells where a word may be cut at the end of a line; on web pages it may be inside any word."""
VARIA = "\u1fef"
"""Equivalent to the "`" of ASCII, at which a word ends. Replaced before lower-casing, since what Σ
becomes depends on where its word ends."""
LONGEST_COMPOUND = 200
"""Characters of a compound at most. Else a text without blanks, such as JSON, were learnt by heart,
in three times the time, and a request of one could hold the server for 20 ms."""
PICTURES = (
    "\u2600-\u27bf\u2b50\u2b55"  # older symbols: ☀, ❤, ★
    "\u2194\u2195\u231a\u231b\u23e9-\u23fa\u25fd\u25fe\u2b1b\u2b1c"  # those among others: ⏰, ⬛
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
)
"""Emoji and the like, each of which says something by itself."""
MANY_MARKS = 64
"""So many marks in a row are sorted here: `normalize` takes the square of their number."""

_PIECE = rf"\w[\w{MARKS}]*"
_JOINED = rf"(?<![{BLANKLESS}])[{JOINERS}]+(?![{BLANKLESS}])"
_WORD = re.compile(rf"{_PIECE}(?:{_JOINED}{_PIECE})*")
_BLANKLESS_RUN = re.compile(f"[{BLANKLESS}]+")
_MANY_SIGNS = re.compile(rf"[^\w\s]{{{MANY_MARKS},}}")
_CONTROLS = "\x00-\x1f\x7f-\x9f"
_SIGN = rf"[^\w\s{_CONTROLS}{MARKS}{JOINERS}][^\w\s{_CONTROLS}]*+"
_SIGNS = re.compile(_SIGN)
_LETTER_OF_FLAG = "\U0001f1e6-\U0001f1ff"
_OF_PICTURE = "\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"  # colour of skin, say
_PICTURE = (
    rf"[{_LETTER_OF_FLAG}]{{2}}|"
    rf"[{PICTURES}][{_OF_PICTURE}]*(?:\u200d[{PICTURES}][{_OF_PICTURE}]*)*"
)
_APART = re.compile(
    rf"(?P<picture>{_PICTURE})(?:(?P=picture)(?![{_OF_PICTURE}\u200d]))*|"
    rf"[^{MARKS}{JOINERS}{PICTURES}][^{PICTURES}{_LETTER_OF_FLAG}]*+"
)
"""Cuts a stretch of signs: each picture with its repetitions, and what stands between them."""
_HAS_PICTURE = re.compile(f"[{PICTURES}{_LETTER_OF_FLAG}]")
_UNBROKEN = re.compile(rf"[^\s{_CONTROLS}{BLANKLESS}]{{2,}}")
_LETTER = re.compile(r"\w")

_ASCII = bytes(
    ord(chr(i).lower()) if chr(i).isalnum() or chr(i) == "_" else ord(" ") for i in range(128)
)
_BYTES = _ASCII + bytes(range(128, 256))
"""What each byte of UTF-8 becomes: ASCII in lower case, or a blank between words; others stay."""
_SIGN_BYTES = bytes(
    ord(" ") if chr(i).isalnum() or chr(i) == "_" or not chr(i).isprintable() else i
    for i in range(128)
) + bytes(range(128, 256))
"""The same for signs: letters, digits, underscores and control characters become blanks."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in order.

    One pass over the bytes cuts at all that is ASCII: 0.8 us a text of 20 words, where a regular
    expression takes 8. Only pieces with other characters in them are looked at more closely.
    """
    if text.isascii():
        return text.encode().translate(_BYTES).decode().split()
    words: list[str] = []
    # Half a surrogate pair is no character; "replace" makes it a question mark, which is no word.
    written = text.replace(SOFT_HYPHEN, "").replace(VARIA, "`")
    for piece in written.encode(errors="replace").translate(_BYTES).decode().split():
        if piece.isascii():
            words.append(piece)
        else:
            # Lower case first: some letters compose with their marks in lower case only.
            words += _cut(nfc(piece.lower()))
    return words


def words_as_bytes(text: str) -> bytes:
    """Return the words of `words_of` as UTF-8, with blanks and nothing else between them."""
    if text.isascii():
        return text.encode().translate(_BYTES)
    return " ".join(words_of(text)).encode()


def signs_of(text: str) -> list[str]:
    """Return the signs of a text in order: stretches of them, and each emoji by itself."""
    if text.isascii():
        return text.encode().translate(_SIGN_BYTES).decode().split()
    stretches = _SIGNS.findall(nfc(_lowered(text)).encode(errors="replace").decode())
    if not _HAS_PICTURE.search("".join(stretches)):
        return stretches
    return [match[0] for stretch in stretches for match in _APART.finditer(stretch)]


def compounds_of(text: str) -> list[str]:
    """Return the compounds of a text in order: ``usr/share`` and the like."""
    composed = nfc(_lowered(text)).encode(errors="replace").decode()
    runs = _UNBROKEN.findall(composed)
    return [run for run in runs if not run.isalnum() and _is_compound(run)]


def _is_compound(run: str) -> bool:
    """Tell whether what stands between blanks holds both signs and letters or digits."""
    return len(run) <= LONGEST_COMPOUND and bool(_LETTER.search(run) and _SIGNS.search(run))


def cut(text: str, *, signs: Signs) -> list[str]:
    """Return the words of a text, then its signs and its compounds, if they are to count."""
    words = words_of(text)
    if signs != "none":
        words += signs_of(text)
    if signs == "joined":
        words += compounds_of(text)
    return words


def cut_as_bytes(text: str, *, signs: Signs) -> bytes:
    """Return what `cut` returns as `words_as_bytes` does: signs are 0.6 us of 20 words of ASCII."""
    if signs == "none":
        return words_as_bytes(text)
    if signs == "apart" and text.isascii():
        as_sent = text.encode()
        return as_sent.translate(_BYTES) + b" " + as_sent.translate(_SIGN_BYTES)
    return " ".join(cut(text, signs=signs)).encode()


def spans_of(text: str, *, signs: Signs) -> list[tuple[int, int]]:
    """Return where each of what `cut` returns starts and ends, in code points of ``text``.

    Lower-casing can lengthen a text ('İ' becomes two code points), soft hyphens are left out and
    marks composed, so places in the text that is cut are mapped back to places in ``text``.
    """
    lowered = _lowered(text)
    composed = nfc(lowered)
    places = _places(composed)
    if signs != "none":
        places += [
            (stretch.start() + match.start(), stretch.start() + match.end())
            for stretch in _SIGNS.finditer(composed)
            for match in _APART.finditer(stretch[0])
        ]
    if signs == "joined":
        runs = _UNBROKEN.finditer(composed)
        places += [run.span() for run in runs if _is_compound(run[0])]
    if composed == lowered and len(lowered) == len(text) and SOFT_HYPHEN not in text:
        return places
    origins = _origins(text, composed)
    return [(origins[start][0], origins[end - 1][1]) for start, end in places]


def _lowered(text: str) -> str:
    return text.lower().replace(SOFT_HYPHEN, "")


def nfc(text: str) -> str:
    """Return a text in form NFC; of one that is, it costs 50 ns and 2 ns a character."""
    if len(text) > MANY_MARKS:
        if is_normalized("NFC", text):
            return text
        text = _MANY_SIGNS.sub(_in_order, text)
    return normalize("NFC", text)


def _in_order(signs: re.Match[str]) -> str:
    """Decompose signs and sort their marks as `normalize` does: 10,000 in 2 ms instead of 200."""
    apart = "".join(normalize("NFD", sign) for sign in signs[0])
    runs = groupby(apart, key=lambda sign: combining(sign) > 0)
    return "".join(sign for _, run in runs for sign in sorted(run, key=combining))


def _origins(text: str, composed: str) -> list[tuple[int, int]]:
    """Return where each code point of the composed text comes from: start and end in ``text``.

    Decomposed (form NFD), both have the same code points, but for the order of one letter's marks.
    So a letter and its marks all come from the stretch in which they stand.
    """
    letters: list[list[int]] = []  # a stretch for every code point; marks share their letter's
    for place, character in enumerate(text):
        for sign in normalize("NFD", character.lower().replace(SOFT_HYPHEN, "")):
            letters.append(letters[-1] if letters and combining(sign) else [place, place])
            letters[-1][1] = place + 1
    origins = []
    first = 0
    for character in composed:
        last = first + len(normalize("NFD", character)) - 1
        origins.append((letters[first][0], letters[last][1]))
        first = last + 1
    return origins


def _cut(composed: str) -> list[str]:
    """Return the words of a composed text: of most scripts, in half the time of `_places`."""
    if _BLANKLESS_RUN.search(composed) is None:
        return _WORD.findall(composed)
    return [composed[start:end] for start, end in _places(composed)]


def _places(composed: str) -> list[tuple[int, int]]:
    """Return the start and end of every word in a composed text."""
    if _BLANKLESS_RUN.search(composed) is None:
        return [match.span() for match in _WORD.finditer(composed)]
    places: list[tuple[int, int]] = []
    for match in _WORD.finditer(composed):
        start = match.start()
        for run in _BLANKLESS_RUN.finditer(composed, start, match.end()):
            if start < run.start():
                places.append((start, run.start()))
            places.extend(_neighbours(run.start(), run.end()))
            start = run.end()
        if start < match.end():
            places.append((start, match.end()))
    return places


def _neighbours(start: int, end: int) -> list[tuple[int, int]]:
    """Return every two neighbouring characters of a run; of one character, itself."""
    if end - start == 1:
        return [(start, end)]
    return [(place, place + 2) for place in range(start, end - 1)]
