"""The default table is what its data card says: various, enough of every tag, nothing copied."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving import PROJECT

CATALOGUE = PROJECT / "training" / "catalogue.csv"
CARD = PROJECT / "training" / "README.md"
KINDS = {"paper", "library", "course", "dataset", "application"}
EXPECTED_TAGS = frozenset(
    {
        "audio",
        "computer-vision",
        "data-augmentation",
        "experiment-tracking",
        "generative-models",
        "graph-learning",
        "image-classification",
        "interpretability",
        "language-modeling",
        "model-serving",
        "natural-language-processing",
        "object-detection",
        "optimization",
        "pytorch",
        "question-answering",
        "recommendation-systems",
        "reinforcement-learning",
        "segmentation",
        "self-supervised-learning",
        "tensorflow",
        "text-classification",
        "time-series",
        "transfer-learning",
        "transformers",
    }
)
NARROWER = {
    "object-detection": "computer-vision",
    "image-generation": "computer-vision",
    "machine-translation": "natural-language-processing",
    "question-answering": "natural-language-processing",
    "speech": "audio",
    "generative-adversarial-networks": "generative-models",
}
COPIED = 8
"""So many words in a row, shared with another text, count as copied."""


@dataclass(frozen=True)
class Work:
    """One row of the table."""

    title: str
    description: str
    tags: tuple[str, ...]
    kind: str
    year: str
    maker: str

    @property
    def text(self) -> str:
        """The text that is trained on."""
        return f"{self.title}. {self.description}"


def read() -> list[Work]:
    """Read the table with the standard library alone."""
    with CATALOGUE.open(newline="", encoding="utf-8") as lines:
        return [
            Work(
                title=row["title"],
                description=row["description"],
                tags=tuple(row["tags"].split("|")),
                kind=row["kind"],
                year=row["year"],
                maker=row["maker"],
            )
            for row in csv.DictReader(lines)
        ]


def runs_of_words(text: str) -> Iterator[tuple[str, ...]]:
    """Every `COPIED` words in a row."""
    words = re.findall(r"\w+", text.lower())
    for start in range(len(words) - COPIED + 1):
        yield tuple(words[start : start + COPIED])


@pytest.fixture(scope="module")
def works() -> list[Work]:
    """All rows."""
    return read()


def test_it_is_large_enough(works: list[Work]) -> None:
    """There are 800 works or more, and 30 tags or more with 20 works each."""
    support = Counter(tag for work in works for tag in work.tags)
    assert len(works) >= 800
    assert sum(count >= 20 for count in support.values()) >= 30


def test_the_field_is_covered(works: list[Work]) -> None:
    """Each of the 24 expected tags has 20 works or more."""
    support = Counter(tag for work in works for tag in work.tags)
    assert {tag: support[tag] for tag in EXPECTED_TAGS if support[tag] < 20} == {}


def test_kinds_have_fair_shares(works: list[Work]) -> None:
    """Papers, libraries, courses, data sets and applications each make up 5% to 50%."""
    shares = {kind: count / len(works) for kind, count in Counter(w.kind for w in works).items()}
    assert shares.keys() == KINDS
    assert all(0.05 <= share <= 0.5 for share in shares.values()), shares


def test_most_works_have_two_to_four_tags(works: list[Work]) -> None:
    """More than half of the works have 2 to 4 tags, none has a tag twice or more than 7."""
    assert sum(2 <= len(work.tags) <= 4 for work in works) > len(works) / 2
    for work in works:
        assert len(set(work.tags)) == len(work.tags) <= 7, work.title


def test_rows_are_whole(works: list[Work]) -> None:
    """Every work has a title of its own, a maker, a year, and a description of 15 to 95 words."""
    titles = Counter(re.sub(r"\W+", "", work.title.lower()) for work in works)
    assert [title for title, count in titles.items() if count > 1] == []
    for work in works:
        assert work.maker.strip(), work.title
        assert re.fullmatch(r"(19|20)\d\d", work.year), work.title
        assert 15 <= len(re.findall(r"\w+", work.description)) <= 95, work.title


def test_narrower_tags_bring_the_wider_one(works: list[Work]) -> None:
    """Nine of ten works with a narrower tag have the wider one too."""
    for narrow, wide in NARROWER.items():
        bearers = [work for work in works if narrow in work.tags]
        lacking = [work.title for work in bearers if wide not in work.tags]
        assert bearers, narrow
        assert len(lacking) <= len(bearers) / 10, (narrow, wide, lacking)


def test_no_work_copies_another(works: list[Work]) -> None:
    """No eight words in a row stand in two works."""
    first: dict[tuple[str, ...], str] = {}
    for work in works:
        for run in set(runs_of_words(work.text)):
            assert first.setdefault(run, work.title) == work.title, (work.title, run)


def test_the_card_counts_right(works: list[Work]) -> None:
    """The data card states the numbers of works, of every kind and of every tag as they are."""
    card = CARD.read_text(encoding="utf-8")
    assert f"{len(works):,} works" in card
    for kind, count in Counter(work.kind for work in works).items():
        assert f"| {kind} | {count} |" in card
    for tag, count in Counter(tag for work in works for tag in work.tags).items():
        assert f"| {tag} | {count} |" in card


REFERENCE = os.environ.get("TAGLINE_REFERENCE", "")
if REFERENCE:

    def test_nothing_is_copied_from_the_reference(works: list[Work]) -> None:
        """No eight words in a row stand in the file that TAGLINE_REFERENCE names."""
        theirs = Path(REFERENCE).read_text(encoding="utf-8")
        known = {run for line in theirs.splitlines() for run in runs_of_words(line)}
        for work in works:
            assert known.isdisjoint(runs_of_words(work.text)), work.title
