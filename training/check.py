"""What a table's owner should know before training on it: all findings, in the order told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tagger.records import Params
from training import tag_findings, text_findings
from training.data import Dataset
from training.findings import Finding
from training.labelled import Labelled
from training.sides import Sides
from training.spellings import spellings
from training.split import trained_tags


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found in a table."""

    texts: int
    tags: Mapping[str, int]
    """How many texts bear each, the most frequent first."""
    languages: Mapping[str, int]
    """Texts by language, of those whose language was detected with certainty."""
    findings: tuple[Finding, ...]
    aliases: Mapping[str, str]
    """Other spellings of a tag, each with its most frequent one."""


def check(dataset: Dataset, sides: Sides, params: Params) -> Report:
    """Look over a cleaned table that is to be trained on with these params."""
    labelled = dataset.labelled
    support = Counter(tag for tags in labelled.tags for tag in tags)
    in_training, in_test = _support(labelled, sides.training), _support(labelled, sides.test)
    trained, everywhere = trained_tags(in_training, len(sides.training), params)
    aliases = spellings(support)
    languages, other_languages = text_findings.languages(labelled)
    findings = (
        *text_findings.encoding(dataset),
        *text_findings.titles(dataset),
        *text_findings.repeated(dataset, params.task),
        *text_findings.several_tags(dataset, sides.ambiguous),
        *text_findings.near(labelled),
        *tag_findings.always_together(labelled, support),
        *tag_findings.of_nothing(labelled, support),
        *tag_findings.joined(dataset, support),
        *tag_findings.spelt_in_several_ways(labelled, aliases),
        *tag_findings.rare(in_training, params.min_support),
        *tag_findings.too_few(trained, in_test, params.min_support),
        *tag_findings.everywhere(everywhere),
        *text_findings.lengths(labelled),
        *text_findings.markup(labelled),
        *other_languages,
    )
    return Report(len(labelled), dict(support.most_common()), languages, findings, aliases)


def _support(labelled: Labelled, side: Labelled) -> Counter[str]:
    """Count the texts of one side that bear each tag of the table; 0 too."""
    support = Counter({tag: 0 for tags in labelled.tags for tag in tags})
    for tags in side.tags:
        support.update(tags)
    return support
