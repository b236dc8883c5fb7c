"""Find tags that are one tag in several spellings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping


def spellings(support: Mapping[str, int]) -> dict[str, str]:
    """Map each tag that differs from another in capitals, marks, blanks or a plural's s only.

    It is mapped to the most frequent of them.
    """
    groups: dict[str, list[str]] = {}
    for tag in support:
        groups.setdefault(_bare(tag), []).append(tag)
    # A word that ends with ss is no plural: CSS is not the plural of CS.
    for bare in [bare for bare in groups if re.search("[^s]s$", bare) and bare[:-1] in groups]:
        groups[bare[:-1]].extend(groups.pop(bare))
    aliases = {}
    for tags in groups.values():
        usual = max(tags, key=lambda tag: (support[tag], tag))
        aliases.update({tag: usual for tag in tags if tag != usual})
    return aliases


def _bare(tag: str) -> str:
    """Return what all spellings of a tag have in common; of a tag of signs alone, all of it."""
    folded = unicodedata.normalize("NFKC", tag).casefold()
    around = zip(f" {folded}", folded, f"{folded[1:]} ", strict=False)
    return "".join(sign for before, sign, after in around if _tells(before, sign, after)) or folded


def _tells(before: str, sign: str, after: str) -> bool:
    """Whether a letter or sign sets tags apart, as in -1 and 1, 2.1 and 21, C# and C.

    One without width does not: with it and without it, tags look the same.
    """
    category = unicodedata.category(sign)
    if (category[0] not in "PZ" and category != "Cf") or sign == "#":
        return True
    return after.isdigit() and not before.isalpha()
