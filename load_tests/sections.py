"""Sections of pages that are made: each stands between two comments that name it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def write_section(page: Path, section: str, paragraphs: Iterable[str]) -> None:
    """Put paragraphs in the place of those of a page's section, in its file."""
    text = page.read_text(encoding="utf-8")
    page.write_text(written(text, section, paragraphs), encoding="utf-8")


def written(text: str, section: str, paragraphs: Iterable[str]) -> str:
    """Put paragraphs in the place of those of a page's section."""
    pattern = re.compile(rf"(<!-- {section}: [^\n]*-->\n).*?(<!-- {section} end -->)", re.DOTALL)
    inside = "\n" + "\n\n".join(paragraphs) + "\n\n"
    return pattern.sub(lambda found: found[1] + inside + found[2], text)
