"""What a table's owner should know before training on it: findings, with their rows."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tagger.columns import TITLES_ALONE
from tagger.records import Params, Task
from tagger.wording import counted, listed
from training.data import GUESSED, Dataset
from training.duplicates import near_duplicates
from training.labelled import Labelled, rows_named
from training.split import MOST_AMBIGUOUS, fingerprints, on_test_side, trained_tags

SHORTEST, LONGEST = 3, 10_000
"""Words of a text from which on it says something; characters beyond which no server reads it."""
SEPARATORS = (",", ";", "#")
"""Signs that many tables put between the tags of a cell."""
NOTHING = {"nan", "NaN", "NA", "N/A", "#N/A", "null", "NULL", "None", r"\N"}
"""What spreadsheets, databases and pandas write where there is no value."""
HASHTAGS = re.compile(r"#[^\s,;]+( #[^\s,;]+)+")
"""Tags between which a blank is enough."""
MARKUP = re.compile(r"</[a-z][a-z0-9]*>|<br ?/?>|&(?:nbsp|amp|lt|gt|quot|#\d+);", re.IGNORECASE)
"""What shows a text to be HTML."""
TOGETHER_FROM = 5
"""Texts that two tags must share before they are said to come together always."""
LOOKED_AT = 5_000
"""Texts, spread over the table, whose languages are told: 170 us each."""
SURE = 0.9
"""Probability from which on a text's language is counted."""
PAIRS_SHOWN = 5
"""Rows that are named together with the row that each is like."""
NO_LANGUAGE = "zxx"
"""What is told of a text of codes alone, a key say."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    kind: str
    text: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found in a table."""

    texts: int
    tags: Mapping[str, int]
    """How many texts bear each, the most frequent first."""
    languages: Mapping[str, int]
    """Texts by language, of those looked at whose language is plain."""
    findings: tuple[Finding, ...]
    aliases: Mapping[str, str]
    """Other spellings of a tag, each with its most frequent one."""


def check(dataset: Dataset, params: Params) -> Report:
    """Look a cleaned table over, that is to be trained on with these params."""
    labelled = dataset.labelled
    support = Counter(tag for tags in labelled.tags for tag in tags)
    in_training, in_test, texts = _support_of_sides(labelled, params)
    trained, everywhere = trained_tags(in_training, texts, params)
    aliases = spellings(support)
    languages, strangers = _languages(labelled)
    findings = (
        *_encoding(dataset),
        *_titles(dataset),
        *_repeated(dataset, params.task),
        *_near(labelled),
        *_always_together(labelled, support),
        *_nothing(labelled, support),
        *_joined(dataset, support),
        *_spelt_in_several_ways(labelled, aliases),
        *_rare(in_training, params.min_support),
        *_too_few(trained, in_test, params.min_support),
        *_everywhere(everywhere),
        *_lengths(labelled),
        *_markup(labelled),
        *strangers,
    )
    return Report(len(labelled), dict(support.most_common()), languages, findings, aliases)


def _encoding(dataset: Dataset) -> Iterator[Finding]:
    if dataset.encoding == "cp1252":
        yield Finding("encoding", GUESSED)


def _titles(dataset: Dataset) -> Iterator[Finding]:
    if dataset.titles_alone:
        yield Finding("titles-alone", TITLES_ALONE)
    if dataset.unread_title:
        yield Finding(
            "titles-unread",
            f"Texts are the column 'text' alone, without {dataset.unread_title!r}: to read both, "
            "--title-column title --description-column text; or --text-column text if they are to "
            "be alone.",
        )


def _repeated(dataset: Dataset, task: Task) -> Iterator[Finding]:
    same = [repeated for repeated in dataset.repeated if repeated.same_tags]
    other = [repeated for repeated in dataset.repeated if not repeated.same_tags]
    several = "all are taken"
    if task == "single":
        several = (
            f"training leaves them out (a table of more than {MOST_AMBIGUOUS:.0%} such texts it "
            "refuses), or takes all with --task multi"
        )
    for kind, found, what in (
        ("duplicates", same, "a text that stands in an earlier row already"),
        ("conflicts", other, f"the text of an earlier row with other tags; {several}"),
    ):
        if found:
            pairs = _first([f"{row.number} as {row.first}" for row in found])
            rows = tuple(repeated.number for repeated in found)
            yield Finding(kind, f"{_rows_that('hold', rows)} {what}: {pairs}.", rows)


def _near(labelled: Labelled) -> Iterator[Finding]:
    near = near_duplicates(labelled.texts)
    if near:
        numbers = labelled.numbers
        pairs = _first(
            [f"{numbers[one]} like {numbers[other]}" for one, other in sorted(near.items())]
        )
        rows = tuple(sorted(numbers[one] for one in near))
        yield Finding(
            "near-duplicates",
            f"{_rows_that('share', rows)} most words with an earlier row: {pairs}.",
            rows,
        )


def _always_together(labelled: Labelled, support: Mapping[str, int]) -> Iterator[Finding]:
    together = Counter(
        (one, other)
        for tags in labelled.tags
        for one in tags
        for other in tags
        if one < other and support[one] == support[other] >= TOGETHER_FROM
    )
    for (one, other), count in together.items():
        if count == support[one]:
            yield Finding(
                "tags-together",
                f"The tags {one!r} and {other!r} always come together ({count} texts): "
                "one of them says nothing.",
            )


def spellings(support: Mapping[str, int]) -> dict[str, str]:
    """Find tags that differ in capitals, marks, blanks or a plural's s only, and the usual one."""
    groups: dict[str, list[str]] = {}
    for tag in support:
        groups.setdefault(_bare(tag), []).append(tag)
    # What ends with ss is no plural, as CSS is none of CS.
    for bare in [bare for bare in groups if re.search("[^s]s$", bare) and bare[:-1] in groups]:
        groups[bare[:-1]].extend(groups.pop(bare))
    aliases = {}
    for tags in groups.values():
        usual = max(tags, key=lambda tag: (support[tag], tag))
        aliases.update({tag: usual for tag in tags if tag != usual})
    return aliases


def _bare(tag: str) -> str:
    """Give tags that are spelt alike the same letters; a tag of signs alone stays as it is."""
    folded = unicodedata.normalize("NFKC", tag).casefold()
    around = zip(f" {folded}", folded, f"{folded[1:]} ", strict=False)
    return "".join(sign for before, sign, after in around if _tells(before, sign, after)) or folded


def _tells(before: str, sign: str, after: str) -> bool:
    """Whether a letter or sign sets tags apart: -1 is not 1, nor 2.1 21, nor C# C.

    Tags that differ in signs without width look the same.
    """
    category = unicodedata.category(sign)
    if (category[0] not in "PZ" and category != "Cf") or sign == "#":
        return True
    return after.isdigit() and not before.isalpha()


def _spelt_in_several_ways(labelled: Labelled, aliases: Mapping[str, str]) -> Iterator[Finding]:
    rows_of: dict[str, list[int]] = {other: [] for other in aliases}
    for number, tags in zip(labelled.numbers, labelled.tags, strict=True):
        for tag in aliases.keys() & tags:
            rows_of[tag].append(number)
    for other, usual in aliases.items():
        rows = tuple(rows_of[other])
        yield Finding(
            "spelling",
            f"The tag {other!r} ({rows_named(rows)}) looks like {usual!r} spelt otherwise.",
            rows,
        )


def _bearing(labelled: Labelled, *tags: str) -> tuple[int, ...]:
    """Give the rows that bear any of these tags."""
    wanted = set(tags)
    return tuple(
        number
        for number, some in zip(labelled.numbers, labelled.tags, strict=True)
        if not wanted.isdisjoint(some)
    )


def _nothing(labelled: Labelled, support: Mapping[str, int]) -> Iterator[Finding]:
    for tag in filter(NOTHING.__contains__, support):
        rows = _bearing(labelled, tag)
        without = json.dumps({tag: ""})
        yield Finding(
            "tag-of-nothing",
            f"The tag {tag!r} ({rows_named(rows)}) is what programs write for no value: if it is "
            f"none, leave it out by --aliases FILE that holds {without}, and say by --untagged "
            "what a row without tags is.",
            rows,
        )


def _joined(dataset: Dataset, support: Mapping[str, int]) -> Iterator[Finding]:
    """Find tags that are several in one, joined by another sign than the one that separates."""
    for sign in SEPARATORS:
        parts = {tag: [part.strip() for part in tag.split(sign)] for tag in support}
        seen = Counter(part for found in parts.values() for part in set(found))
        # A tag may well hold a comma. Joined are those whose every part stands elsewhere too.
        joined = [
            tag
            for tag, found in parts.items()
            if sign in tag and all(part and seen[part] > 1 for part in found)
        ]
        if joined:
            # Blanks that stand beside the sign separate nothing.
            yield _named_joined(dataset, joined, sign)
            return
    joined = list(filter(HASHTAGS.fullmatch, support)) or _joined_by_blanks(dataset, support)
    if joined:
        yield _named_joined(dataset, joined, " ")


def _joined_by_blanks(dataset: Dataset, support: Mapping[str, int]) -> list[str]:
    """Find tags of several words where no row bears two and few words make up many tags.

    Tags that are names, of several words each, have about as many words as there are names.
    """
    words = {word for tag in support for word in tag.split()}
    several = sum(len(tags) > 1 for tags in dataset.labelled.tags)
    if several > len(dataset.repeated) or len(words) > len(support) / 2:
        return []
    return [tag for tag in support if " " in tag]


def _named_joined(dataset: Dataset, joined: Sequence[str], sign: str) -> Finding:
    rows = _bearing(dataset.labelled, *joined)
    # A cell of the column `tag` is one tag, whatever it holds, unless the column is named.
    column = "--tags-column tag " if dataset.task == "single" else ""
    return Finding(
        "joined-tags",
        f"Tags such as {joined[0]!r}, {len(joined)} in all ({rows_named(rows)}), look like "
        f"several joined by {sign!r}: name what separates them, {column}--separator {sign!r}.",
        rows,
    )


def _support_of_sides(labelled: Labelled, params: Params) -> tuple[Counter[str], Counter[str], int]:
    """Count the texts that bear each tag, those to learn from and those kept for the test.

    At last, how many there are to learn from.
    """
    kept = on_test_side(fingerprints(labelled.texts, params.salt), params.test_share)
    training = Counter({tag: 0 for tags in labelled.tags for tag in tags})
    test = training.copy()
    for tags, is_kept in zip(labelled.tags, kept, strict=True):
        (test if is_kept else training).update(tags)
    return training, test, int((~kept).sum())


def _rare(support: Mapping[str, int], min_support: int) -> Iterator[Finding]:
    rare = [f"{tag} ({count})" for tag, count in sorted(support.items()) if count < min_support]
    if rare:
        yield Finding(
            "rare-tags",
            f"{len(rare)} of {counted(len(support), 'tag')} will not be trained, for want of "
            f"{min_support} texts to learn from (--min-support): {listed(rare)}.",
        )


def _too_few(
    trained: Sequence[str], in_test: Mapping[str, int], min_support: int
) -> Iterator[Finding]:
    if len(trained) < 2:
        yield Finding(
            "too-few-tags",
            f"{len(trained) or 'No'} tag stands on {min_support} texts to learn from or more, and "
            "not on all, and training needs two that do.",
        )
    elif not any(in_test[tag] for tag in trained):
        yield Finding(
            "untested",
            "No text that is kept for the test bears a tag that would be trained, so that nothing "
            "could be measured, and training refuses the table: add rows.",
        )


def _everywhere(everywhere: Sequence[str]) -> Iterator[Finding]:
    if everywhere:
        yield Finding(
            "tag-everywhere",
            f"{counted(len(everywhere), 'tag')} will not be trained, for nothing sets apart what "
            f"every text to learn from bears, or all but one: {listed(everywhere)}.",
        )


def _lengths(labelled: Labelled) -> Iterator[Finding]:
    pairs = list(zip(labelled.numbers, labelled.texts, strict=True))
    short = tuple(number for number, text in pairs if _few_words(text))
    long = tuple(number for number, text in pairs if len(text) > LONGEST)
    if short:
        what = f"fewer than {SHORTEST} words"
        yield Finding("short-texts", f"{_rows_that('hold', short)} {what}.", short)
    if long:
        what = f"more than {LONGEST:,} characters, which a server refuses"
        yield Finding("long-texts", f"{_rows_that('hold', long)} {what}.", long)


def _markup(labelled: Labelled) -> Iterator[Finding]:
    pairs = zip(labelled.numbers, labelled.texts, strict=True)
    rows = tuple(number for number, text in pairs if MARKUP.search(text))
    if rows:
        yield Finding(
            "markup",
            f"{_rows_that('hold', rows)} HTML, whose names, as br and nbsp, count as words: take "
            "it out, unless the texts to be tagged hold it too.",
            rows,
        )


def _few_words(text: str) -> bool:
    """Tell a text of few words; one without blanks counts its characters, as Chinese does."""
    return len(text.split()) < SHORTEST and (text.isascii() or len(text) < SHORTEST * 2)


def _languages(labelled: Labelled) -> tuple[dict[str, int], list[Finding]]:
    """Count the languages of texts all over the table; name the rows of all but the usual one."""
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
            f"{rows_named(rows[language])} {_verb('look', rows[language])} like {language}.",
            tuple(rows[language]),
        )
        for language in list(ordered)[1:]
    ]
    return ordered, findings


def _verb(verb: str, rows: Sequence[int]) -> str:
    return verb + ("s" if len(rows) == 1 else "")


def _rows_that(verb: str, rows: Sequence[int]) -> str:
    """Begin a sentence: "Row 3 holds", "Rows 3 and 5 hold"."""
    named = rows_named(rows)
    return f"{named[0].upper()}{named[1:]} {_verb(verb, rows)}"


def _first(pairs: Sequence[str]) -> str:
    more = ["…"] if len(pairs) > PAIRS_SHOWN else []
    return ", ".join([*pairs[:PAIRS_SHOWN], *more])
