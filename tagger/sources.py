"""Where a table comes from: a path, an address or standard input, packed or not."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from tagger.errors import UnreadableTable

Form = Literal["csv", "json", "jsonl", "parquet"]

STANDARD_INPUT = "standard input"
"""What a table is called that is read as -."""
SECONDS = 60
"""How long an address may keep silent."""

OFFICE = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin: zip files today, a form of their own before 2007."""

PAGES = (b"<!doctype html", b"<html", b"<?xml")
"""How pages begin, in small letters, as an address answers that shows a file or asks to log in."""

PACKED = (b"BZh", b"\xfd7zXZ\x00", b"(\xb5/\xfd")
"""How what bzip2, xz and zstd packed begins."""

OTHERS = {".md": "Markdown", ".sql": "SQL", ".yaml": "YAML", ".yml": "YAML", ".toml": "TOML"}
"""How files are named that hold no table, or one that is not read."""

RULE = re.compile(rb"[^\n]*\n[ \t]*[|+:-][ \t|+:-]*---[ \t|+:-]*\r?\n")
"""How a table begins that is drawn, in Markdown or by a database: with a line below its header."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""How text begins whose encoding is beyond doubt."""

UNREADABLE = (OSError, EOFError, zlib.error, UnicodeError)
"""What reading bytes and decoding them may raise."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table's bytes, which can be read as often as wanted, and how to understand them."""

    name: str
    form: Form
    encoding: str
    open: Callable[[], BinaryIO]


def find_source(source: str, *, encoding: str | None = None) -> Source:
    """Find out where a table is and how it is to be read.

    Parameters
    ----------
    source
        A path, an address that begins with ``http://`` or ``https://``, or ``-``.
    encoding
        By Python's name, where no mark at the beginning tells it; found if not given.

    Raises
    ------
    UnreadableTable
        It cannot be opened, is empty, or is in no encoding that can be found.
    """
    if not source:
        raise UnreadableTable("A table's name is empty: give a path, an address, or - for stdin.")
    name = STANDARD_INPUT if source == "-" else source
    try:
        opened = _unpacked(_opener(source))
        with opened() as file:
            beginning = file.read(4096)
        form = _form(source, beginning)
        found = "utf-8" if form == "parquet" else _encoding(opened, beginning, encoding)
        "".encode(found)  # refuses what is no encoding of text, too
    except (*UNREADABLE, ValueError, LookupError) as fault:
        raise UnreadableTable(f"{name} cannot be read: {reason(fault)}.") from fault
    if not beginning.strip():
        once = "; it can be read once, for one table" if source == "-" else ""
        raise UnreadableTable(f"{name} is empty{once}.")
    return Source(name, form, found, opened)


def _opener(source: str) -> Callable[[], BinaryIO]:
    path = Path(source)
    if source == "-":
        content = standard_input()
    elif source.startswith(("http://", "https://")):
        content = _downloaded(source)
    elif path.is_fifo():  # as a shell names what another command writes: it can be read once
        content = path.read_bytes()
    elif path.is_dir():
        raise ValueError("it is a folder: give one file, with a row for each text")
    else:
        return lambda: path.open("rb")
    return lambda: io.BytesIO(content)


def standard_input() -> bytes:
    """Read standard input to its end.

    Raises
    ------
    UnreadableTable
    """
    if sys.stdin is None:
        raise UnreadableTable("standard input cannot be read: it is closed.")
    return sys.stdin.buffer.read()


def _downloaded(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310 - http(s) only
            content: bytes = answer.read()
    except Exception as fault:  # whatever a server sends, it is the address that cannot be read
        raise UnreadableTable(f"{address} cannot be read: {reason(fault)}.") from fault
    return content


def _unpacked(opened: Callable[[], BinaryIO]) -> Callable[[], BinaryIO]:
    with opened() as file:
        packed = file.read(2) == b"\x1f\x8b"

    def unpack() -> BinaryIO:
        return io.BufferedReader(gzip.GzipFile(fileobj=opened()))

    return unpack if packed else opened


def _form(source: str, beginning: bytes) -> Form:
    """Tell the form by the name, else by how the content begins."""
    if beginning.startswith(OFFICE):
        raise ValueError(
            "it is a workbook of Excel, to be saved as CSV, or a zip file, to be unpacked"
        )
    if beginning.startswith(PACKED):
        raise ValueError("it is packed, and not by gzip: unpack it")
    if beginning.startswith(b"version https://git-lfs"):
        raise ValueError("it is what Git LFS puts in place of the file: git lfs pull fetches it")
    if beginning.startswith(b"PAR1"):
        return "parquet"
    name = source.lower().partition("?")[0].removesuffix(".gz")
    bare = beginning.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if bare.lower().startswith(PAGES):
        raise ValueError(
            "it is a page of the web or XML: give the address of the file itself, or write the "
            "table as CSV or JSON lines"
        )
    drawn = "drawn with lines, as Markdown is" if RULE.match(bare) else None
    if other := OTHERS.get(Path(name).suffix, drawn):
        raise ValueError(f"it is {other}: write the table as CSV or JSON lines")
    if name.endswith((".csv", ".tsv")):
        return "csv"
    if bare.startswith(b"[") or bare.partition(b"\n")[0].strip() == b"{":
        return "json"
    if bare.startswith(b"{") or name.endswith((".jsonl", ".ndjson")):
        return "jsonl"
    return "json" if name.endswith(".json") else "csv"


def _encoding(opened: Callable[[], BinaryIO], beginning: bytes, named: str | None) -> str:
    """Find an encoding in which the whole table can be read: by its mark, UTF-8, Windows-1252.

    A table begins with a letter, a bracket or a quotation mark. Without a mark, UTF-16 shows by the
    zero beside it.
    """
    for mark, encoding in MARKS:
        if beginning.startswith(mark):
            return encoding
    if named is not None:
        return named
    if b"\x00" in beginning[:2]:
        return "utf-16-be" if beginning[0] == 0 else "utf-16-le"
    if b"\x00" in beginning.partition(b"\n")[0]:
        raise ValueError(
            "zero bytes in its first line show that it is a database or an archive, say, or UTF-16 "
            "without its mark: write the table as CSV in UTF-8, JSON lines or Parquet"
        )
    for encoding in ("utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        with opened() as file:
            try:
                while block := file.read(1 << 20):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return encoding
    raise ValueError(
        "it is neither UTF-8 nor UTF-16 nor Windows-1252; save it as UTF-8, or to train on it name "
        "its encoding: --encoding NAME"
    )


def reason(fault: Exception) -> str:
    """Say in a few words why a source cannot be read."""
    if isinstance(fault, urllib.error.HTTPError):
        return f"the server answers {fault.code} {fault.reason}"
    if isinstance(fault, urllib.error.URLError):
        return f"the address does not answer ({fault.reason})"
    if isinstance(fault, UnicodeDecodeError):
        return f"the byte 0x{fault.object[fault.start]:02x} is wrong in {fault.encoding}"
    return (isinstance(fault, OSError) and fault.strerror) or str(fault)
