"""What is odd about a table's texts: read, repeated, alike, short, long, HTML, other languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tagger.columns import TITLES_ALONE
from tagger.records import Task
from training.data import GUESSED, Dataset
from training.duplicates import near_duplicates
from training.findings import Finding, first_of, rows_that, verb_of
from training.labelled import Labelled, rows_named
from training.split import MOST_AMBIGUOUS

SHORTEST, LONGEST = 3, 10_000
"""Words that a text needs to say something, and characters that a server reads at most."""
MARKUP = re.compile(r"</[a-z][a-z0-9]*>|<br ?/?>|&(?:nbsp|amp|lt|gt|quot|#\d+);", re.IGNORECASE)
"""What shows that a text is HTML."""
LOOKED_AT = 5_000
"""Texts, spread over the table, whose language is detected: 170 us each."""
SURE = 0.9
"""Probability from which on a detected language counts."""
NO_LANGUAGE = "zxx"
"""What is detected in a text of codes alone, a key say."""
LEFT_OUT = (
    f"training leaves them out (a table of more than {MOST_AMBIGUOUS:.0%} such texts it refuses), "
    "or takes all with --task multi"
)
"""What becomes of texts of several tags where each is to have one."""


def encoding(dataset: Dataset) -> Iterator[Finding]:
    """Tell where the encoding of the table was guessed."""
    if dataset.encoding == "cp1252":
        yield Finding("encoding", GUESSED)


def titles(dataset: Dataset) -> Iterator[Finding]:
    """Tell where titles were read without the descriptions beside them, or texts without titles."""
    if dataset.columns.titles_alone:
        yield Finding("titles-alone", TITLES_ALONE)
    if title := dataset.columns.unread_title:
        yield Finding(
            "titles-unread",
            f"Texts are the column 'text' alone, without {title!r}: to read both, "
            "--title-column title --description-column text; or --text-column text if they are to "
            "be alone.",
        )


def repeated(dataset: Dataset, task: Task) -> Iterator[Finding]:
    """Find rows that repeat the text of an earlier one, with the same tags or with others."""
    same = [row for row in dataset.repeated if row.same_tags]
    other = [row for row in dataset.repeated if not row.same_tags]
    several = LEFT_OUT if task == "single" else "all are taken"
    for kind, found, what in (
        ("duplicates", same, "a text that stands in an earlier row already"),
        ("conflicts", other, f"the text of an earlier row with other tags; {several}"),
    ):
        if found:
            pairs = first_of([f"{row.number} as {row.first}" for row in found])
            rows = tuple(row.number for row in found)
            yield Finding(kind, f"{rows_that('hold', rows)} {what}: {pairs}.", rows)


def several_tags(dataset: Dataset, ambiguous: Sequence[int]) -> Iterator[Finding]:
    """Find rows that hold several tags where each text is to have one, but for conflicts."""
    conflicts = {row.first for row in dataset.repeated if not row.same_tags}
    rows = tuple(number for number in ambiguous if number not in conflicts)
    if rows:
        what = "several tags where each text is to have one"
        yield Finding("several-tags", f"{rows_that('hold', rows)} {what}: {LEFT_OUT}.", rows)


def near(labelled: Labelled) -> Iterator[Finding]:
    """Find rows whose text is nearly that of an earlier one."""
    earlier = near_duplicates(labelled.texts)
    if earlier:
        numbers = labelled.numbers
        pairs = first_of(
            [f"{numbers[one]} like {numbers[other]}" for one, other in sorted(earlier.items())]
        )
        rows = tuple(sorted(numbers[one] for one in earlier))
        yield Finding(
            "near-duplicates",
            f"{rows_that('share', rows)} most words with an earlier row: {pairs}.",
            rows,
        )


def lengths(labelled: Labelled) -> Iterator[Finding]:
    """Find texts that are too short to say something, or too long for a server."""
    pairs = list(zip(labelled.numbers, labelled.texts, strict=True))
    short = tuple(number for number, text in pairs if _few_words(text))
    long = tuple(number for number, text in pairs if len(text) > LONGEST)
    if short:
        what = f"fewer than {SHORTEST} words"
        yield Finding("short-texts", f"{rows_that('hold', short)} {what}.", short)
    if long:
        what = f"more than {LONGEST:,} characters, which a server refuses"
        yield Finding("long-texts", f"{rows_that('hold', long)} {what}.", long)


def _few_words(text: str) -> bool:
    """Whether a text has few words; by its characters where no blanks are, as in Chinese."""
    return len(text.split()) < SHORTEST and (text.isascii() or len(text) < SHORTEST * 2)


def markup(labelled: Labelled) -> Iterator[Finding]:
    """Find texts that are HTML."""
    pairs = zip(labelled.numbers, labelled.texts, strict=True)
    rows = tuple(number for number, text in pairs if MARKUP.search(text))
    if rows:
        yield Finding(
            "markup",
            f"{rows_that('hold', rows)} HTML, whose names, as br and nbsp, count as words: take "
            "it out, unless the texts to be tagged hold it too.",
            rows,
        )


def languages(labelled: Labelled) -> tuple[dict[str, int], list[Finding]]:
    """Count the languages of texts spread over the table; tell the rows of all but the main one."""
    from py3langid.langid import (  # noqa: PLC0415 - half a second for its model
        MODEL_FILE,
        LanguageIdentifier,
    )

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    rows: dict[str, list[int]] = {}
    every = max(1, len(labelled) // LOOKED_AT)
    for place in range(0, len(labelled), every):
        language, probability = identifier.classify(labelled.texts[place])
        if probability >= SURE and language != NO_LANGUAGE:
            rows.setdefault(language, []).append(labelled.numbers[place])
    counts = Counter({language: len(numbers) for language, numbers in rows.items()})
    ordered = dict(counts.most_common())
    findings = [
        Finding(
            "languages",
            f"More texts look like {next(iter(ordered))} than like any other language; "
            f"{rows_named(rows[language])} {verb_of('look', rows[language])} like {language}.",
            tuple(rows[language]),
        )
        for language in list(ordered)[1:]
    ]
    return ordered, findings
