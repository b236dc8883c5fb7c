"""What `check` finds in a table: each flaw with its rows, and whether training would refuse it."""

from __future__ import annotations

import json
import random
import re
import shlex
from base64 import b64encode
from hashlib import sha256
from itertools import product
from pathlib import Path

import pytest

from app.settings import Settings
from tagger.columns import TextColumns
from tagger.errors import MissingColumns
from tagger.records import Params, Task
from tagger.wording import listed
from tests.runs import TABLE
from tests.serving import run_python
from training.check import Report
from training.check import check as check_dataset
from training.data import Dataset, read_dataset
from training.duplicates import near_duplicates
from training.labelled import Reading
from training.sides import fingerprints, on_test_side, sides_of
from training.split import split
from training.text_findings import LONGEST

ROWS = TABLE.read_text(encoding="utf-8").splitlines()
GERMAN = "Der Koch rührt die Suppe langsam um und gibt am Ende ein wenig Salz und Pfeffer dazu"


def check(dataset: Dataset, params: Params) -> Report:
    """Check a table that is to be trained on with these params."""
    return check_dataset(dataset, sides_of(dataset, params), params)


def looked_over(tmp_path: Path, *more: str) -> Report:
    """Check the tests' table with more rows; they begin with row 252."""
    table = tmp_path / "table.csv"
    table.write_text("\n".join((*ROWS, *more)), encoding="utf-8")
    return check(read_dataset(str(table), Reading()), Params())


def found(report: Report) -> dict[str, tuple[int, ...]]:
    """Give the rows of each kind of finding, those of several findings together."""
    kinds: dict[str, tuple[int, ...]] = {}
    for finding in report.findings:
        kinds[finding.kind] = (*kinds.get(finding.kind, ()), *finding.rows)
    return kinds


def test_a_clean_table_has_no_findings(tmp_path: Path) -> None:
    """In the tests' table nothing is found."""
    assert looked_over(tmp_path).findings == ()


@pytest.mark.parametrize(
    ("rows", "kind", "numbers"),
    [
        ([ROWS[1].upper().split(",")[0] + "," + ROWS[1].split(",")[1]], "duplicates", (252,)),
        ([ROWS[1].split(",")[0] + ",sailing"], "conflicts", (252,)),
        ([ROWS[1].split(",")[0] + " saddle,cooking"], "near-duplicates", (252,)),
        (["Concerto overture,music"], "short-texts", (252,)),
        (["a " * 4_999 + "bcd,music"], "long-texts", (252,)),
        ([GERMAN + ",cooking"], "languages", (252,)),
        (["<p>A concerto &amp; an overture</p>,music"], "markup", (252,)),
        (["Some words on a topic that no other row has,odd"], "rare-tags", ()),
        (
            [f"Tempo and verse number {i} of a concerto,Music" for i in "abc"],
            "spelling",
            (252, 253, 254),
        ),
        (
            ["One topic of two,music;sailing", "Another of both,sailing; music"],
            "joined-tags",
            (252, 253),
        ),
        (["The value that pandas had not,nan"], "tag-of-nothing", (252,)),
        (["One topic of two,#music #sailing", "Of one,#music"], "joined-tags", (252,)),
        (
            [f"Harbour light {word} seen by night,port|quay" for word in "abcde"],
            "tags-together",
            (),
        ),
    ],
)
def test_each_flaw_is_found_with_its_rows(
    tmp_path: Path, rows: list[str], kind: str, numbers: tuple[int, ...]
) -> None:
    """Duplicates, conflicts, lengths, languages, rare tags, spellings: each with its rows."""
    kinds = found(looked_over(tmp_path, *rows))
    assert kind in kinds
    assert kinds[kind] == numbers


def test_a_text_of_codes_is_of_no_other_language(tmp_path: Path) -> None:
    """A key or a checksum is written in no language, so it is not named as a stranger."""
    codes = [b64encode(sha256(bytes([n])).digest()).decode() for n in range(6)]
    assert "languages" not in found(looked_over(tmp_path, " ".join(codes) + ",cooking"))


def test_the_tags_that_training_leaves_out_are_named(tmp_path: Path) -> None:
    """What is kept for the test does not count, nor what is much like it, as in training."""
    table = tmp_path / "table.csv"
    rows = [f"{row.split(',')[0]},tag {n % 19:02}" for n, row in enumerate(ROWS[1:])]
    rows += [f"{row.split(',')[0]} again,tag {n % 19:02}" for n, row in enumerate(ROWS[1:20])]
    table.write_text("\n".join((ROWS[0], *rows)), encoding="utf-8")
    dataset, params = read_dataset(str(table), Reading()), Params()
    parts = split(dataset, params)
    rare = parts.rare
    assert parts.near_duplicates
    assert 2 < len(rare) < 17
    (told,) = (one.text for one in check(dataset, params).findings if one.kind == "rare-tags")
    named = listed([f"{tag} ({count})" for tag, count in rare.items()])
    assert told.startswith(f"{len(rare)} of 19 tags will not be trained")
    assert told.endswith(f": {named}.")


def test_titles_without_the_descriptions_beside_them_are_told(tmp_path: Path) -> None:
    """A column of another name is not passed over in silence, unless that is what was asked for."""
    table = tmp_path / "issues.csv"
    rows = [f"Title {n},{row}" for n, row in enumerate(ROWS[1:])]
    table.write_text("\n".join(("title,body,tags", *rows)), encoding="utf-8")
    told = {
        columns: "titles-alone"
        in found(check(read_dataset(str(table), Reading(columns=columns)), Params()))
        for columns in (
            TextColumns(),
            TextColumns(title="title", description="body"),
            TextColumns(text="title"),
        )
    }
    assert list(told.values()) == [True, False, False]


def test_titles_that_are_not_read_beside_the_texts_are_told(tmp_path: Path) -> None:
    """The options that the finding names read both, or say that the texts are to be alone."""
    table = tmp_path / "news.csv"
    rows = [f"Title {n},{row}" for n, row in enumerate(ROWS[1:])]
    table.write_text("\n".join(("Title,Text,Tags", *rows)), encoding="utf-8")
    command = ("-m", "training", "check", str(table))
    told = run_python(*command, home=tmp_path).stdout
    assert "titles-unread: Texts are the column 'text' alone, without 'Title'" in told
    for options in re.findall(r"--[^;,]+ text\b", told):
        assert "titles-" not in run_python(*command, *options.split(), home=tmp_path).stdout
    rows = [f" ,{row}" for row in ROWS[1:]]
    table.write_text("\n".join(("Title,Text,Tags", *rows)), encoding="utf-8")
    assert "titles-" not in run_python(*command, home=tmp_path).stdout


@pytest.mark.parametrize("task", ["single", "multi"])
def test_rows_of_several_tags_are_found_where_each_text_is_to_have_one(task: Task) -> None:
    """Training leaves them out, so that `check` names them."""
    report = check(read_dataset(str(TABLE), Reading()), Params(task=task))
    several = tuple(number for number, row in enumerate(ROWS, start=1) if "|" in row)
    assert found(report).get("several-tags", ()) == (several if task == "single" else ())


def test_a_repeated_row_is_compared_with_the_first(tmp_path: Path) -> None:
    """Of three rows of one text, the third is a plain repetition though the second is none."""
    text = ROWS[1].split(",")[0]
    kinds = found(looked_over(tmp_path, f"{text},sailing", ROWS[1]))
    assert (kinds["conflicts"], kinds["duplicates"]) == ((252,), (253,))


@pytest.mark.parametrize(
    ("column", "sign"),
    [*product(["tags", "tag"], [", ", "; ", "#", " "]), ("tag", "|")],
)
def test_joined_tags_come_apart_as_their_finding_says(
    column: str, sign: str, tmp_path: Path
) -> None:
    """The options that it names read them apart, in a column of single tags too."""
    table = tmp_path / "table.csv"
    rows = [row.replace("|", sign) for row in ROWS[1:]]
    rows = [row.replace(",", "\t", 1) for row in rows] if "," in sign else rows
    header = f"text\t{column}" if "," in sign else f"text,{column}"
    table.write_text("\n".join((header, *rows)), encoding="utf-8")
    command = ("-m", "training", "check", str(table))
    told = run_python(*command, home=tmp_path).stdout
    (options,) = re.findall(r"separates them, (.*)\.", told)
    assert "joined-tags" not in run_python(*command, *shlex.split(options), home=tmp_path).stdout


def test_a_tag_that_holds_a_comma_is_no_joined_one(tmp_path: Path) -> None:
    """A comma within a tag is found only where its parts are tags as well."""
    tags = ("research, education and training", "music, unheard", "tick, tick")
    report = looked_over(tmp_path, *(f'A row for {len(tag)} signs,"{tag}"' for tag in tags))
    assert "joined-tags" not in found(report)


def test_tags_that_come_apart_are_not_said_to_come_together(tmp_path: Path) -> None:
    """Nor are those of a few texts, of which it may be chance."""
    tags = ["port|quay"] * 9 + ["port", "quay"] + ["few|rare"] * 4
    tags += ["bow|stern"] * 9 + ["stern"]
    rows = [f"Harbour light {i} seen by night,{some}" for i, some in enumerate(tags)]
    assert "tags-together" not in found(looked_over(tmp_path, *rows))


def test_lengths_are_told_beyond_the_limits_alone(tmp_path: Path) -> None:
    """Three words are enough, and what a server takes by default is not too long."""
    report = looked_over(tmp_path, "Oh my tempo,music", "a " * 4_999 + "bc,music")
    assert not {"short-texts", "long-texts"} & found(report).keys()
    assert Settings.model_fields["max_text_length"].default == LONGEST


def test_a_text_without_blanks_is_measured_by_its_characters(tmp_path: Path) -> None:
    """Six Chinese characters say something, two do not."""
    rows = ["\u6211\u7231\u673a\u5668\u5b66\u4e60,music", "\u5b66\u4e60,music"]
    assert found(looked_over(tmp_path, *rows))["short-texts"] == (253,)


def test_a_table_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    """The encoding was guessed, so the option that names it stands in the finding."""
    table = tmp_path / "table.csv"
    table.write_text("\n".join((*ROWS, f"{GERMAN},cooking")), encoding="cp1252")
    findings = check(read_dataset(str(table), Reading()), Params()).findings
    assert ["--encoding NAME" in one.text for one in findings if one.kind == "encoding"] == [True]


@pytest.mark.parametrize(
    ("tags", "kinds"),
    [
        (["one"] * 20, {"too-few-tags", "tag-everywhere"}),
        (["a|every"] * 20, {"too-few-tags", "tag-everywhere"}),
        ([f"tag{number}" for number in range(20)], {"rare-tags", "too-few-tags"}),
    ],
)
def test_what_training_would_refuse_is_found_before(
    tmp_path: Path, tags: list[str], kinds: set[str]
) -> None:
    """A table that reads well and cannot be trained on is told so by `check`."""
    table = tmp_path / "table.csv"
    rows = [f"{row.split(',')[0]},{some}" for row, some in zip(ROWS[1:], tags, strict=False)]
    table.write_text("\n".join(("text,tags", *rows)), encoding="utf-8")
    assert kinds <= set(found(check(read_dataset(str(table), Reading()), Params())))
    assert_both_refuse(table)


def assert_both_refuse(table: Path, *options: str) -> str:
    """Assert that `check` refuses a table as `train` does, in the same words; return them."""
    trained, checked = (
        run_python("-m", "training", command, str(table), *options, home=table.parent / "home")
        for command in ("train", "check")
    )
    assert trained.returncode == checked.returncode == 2
    (refusal,) = checked.stderr.splitlines()
    assert trained.stderr.splitlines()[-1] == refusal
    return refusal


def test_a_table_whose_test_would_measure_nothing_is_refused(tmp_path: Path) -> None:
    """Where what is kept for the test bears tags alone that are too rare, `check` says so too."""
    texts, params = [row.split(",")[0] for row in ROWS[1:]], Params()
    kept = on_test_side(fingerprints(texts, params.salt), params.test_share)
    rows = [
        f"{text},{'seldom' if is_kept else 'ab'[n % 2]}"
        for n, (text, is_kept) in enumerate(zip(texts, kept, strict=True))
    ]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(("text,tag", *rows)), encoding="utf-8")
    assert "untested" in found(check(read_dataset(str(table), Reading()), params))
    told = f"{sum(kept)} texts for the test, and none of them bears a tag"
    assert told in assert_both_refuse(table)


def test_a_text_of_two_tags_is_said_to_be_left_out_where_each_has_one(tmp_path: Path) -> None:
    """In a table of single tags, conflicts are said to be left out, and are, or corrected."""
    table = tmp_path / "table.csv"
    table.write_text("text,tag\nthe same words here,a\nthe same words here,b\n", encoding="utf-8")
    (conflict,) = (
        finding
        for finding in check(read_dataset(str(table), Reading()), Params(task="single")).findings
        if finding.kind == "conflicts"
    )
    assert "Row 3 holds the text of an earlier row with other tags" in conflict.text
    assert (
        "training leaves them out (a table of more than 5% such texts it refuses)" in conflict.text
    )
    assert "or takes all with --task multi" in conflict.text
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("words,tag\nThe same words here,b\n", encoding="utf-8")
    with pytest.raises(MissingColumns, match=r"corrections\.csv: The table has no column 'text'"):
        read_dataset(str(table), Reading(corrections=str(corrections)))
    corrections.write_text("text,tag\nThe same words here,b\n", encoding="utf-8")
    assert "several tags where the task is single, in row 2" in assert_both_refuse(table)
    corrected = read_dataset(str(table), Reading(corrections=str(corrections)))
    assert corrected.labelled.tags == (("b",),)
    assert "conflicts" not in found(check(corrected, Params()))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--task", "single"), "several tags where the task is single"),
        (("--test-share", "0.5", "--folds", "20"), "training needs 40 or more"),
        (("--salt", "other", "--min-support", "40"), "0 usable tags"),
    ],
)
def test_a_table_is_checked_as_it_is_to_be_trained(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    """With the options that `train` refuses a good table for, `check` refuses it too."""
    table = tmp_path / "table.csv"
    table.write_text("\n".join(ROWS[:70]), encoding="utf-8")
    assert split(read_dataset(str(table), Reading()), Params()).tags
    assert told in assert_both_refuse(table, *options)


@pytest.mark.parametrize("bare", [0, 1])
def test_a_tag_of_every_text_is_left_out(tmp_path: Path, bare: int) -> None:
    """What all texts to learn from bear, or all but one, is told and not trained; the rest is."""
    table = tmp_path / "table.csv"
    rows = [*ROWS[1 : 1 + bare], *(f"{row}|every" for row in ROWS[1 + bare :])]
    table.write_text("\n".join((ROWS[0], *rows)), encoding="utf-8")
    dataset, params = read_dataset(str(table), Reading()), Params()
    (finding,) = check(dataset, params).findings
    assert finding.kind == "tag-everywhere"
    assert finding.text.endswith(": every.")
    parts = split(dataset, params)
    assert parts.everywhere == ("every",)
    assert parts.rare == {}
    plain = split(read_dataset(str(TABLE), Reading()), params)
    assert (parts.tags, parts.training, parts.test) == (plain.tags, plain.training, plain.test)


def test_one_text_and_one_tag_are_counted_as_one(tmp_path: Path) -> None:
    """A table of a single row is told of in the singular."""
    table = tmp_path / "table.csv"
    table.write_text(f"{ROWS[0]}\nOh my,cooking|music", encoding="utf-8")
    told = run_python("-m", "training", "check", str(table), home=tmp_path / "home").stdout
    assert "1 different text, 2 tags." in told
    assert "2 of 2 tags will not be trained, for want of 10 texts" in told
    assert "Row 2 holds fewer than 3 words" in told


def test_of_many_findings_of_one_kind_the_first_are_told(tmp_path: Path) -> None:
    """A table whose tags are all spelt in two ways fills no screen; --json holds every one."""
    table = tmp_path / "table.csv"
    rows = [f"A text about number {i},topic {i // 2}{'-' * (i % 2)}" for i in range(600)]
    table.write_text("\n".join(("text,tags", *rows)), encoding="utf-8")
    check = ("-m", "training", "check", str(table))
    told = run_python(*check, home=tmp_path / "home").stdout
    assert "spelling: The tag 'topic 0' (row 2) looks like 'topic 0-' spelt otherwise." in told
    assert told.count("spelling: ") == 6
    assert "spelling: 295 more; --json has all." in told
    as_json = json.loads(run_python(*check, "--json", home=tmp_path / "home").stdout)
    assert [finding["kind"] for finding in as_json["findings"]].count("spelling") == 300


@pytest.mark.parametrize(
    ("tags", "options", "following"),
    [
        ("sailing;Music", (), []),
        (
            "sailing|Music",
            (),
            ["check again with --propose aliases.json, then train with --aliases aliases.json"],
        ),
        ("sailing|Music", ("--propose", "{}/a.json"), ["train with --aliases {}/a.json"]),
    ],
)
def test_the_next_step_after_a_check_is_the_one_to_take(
    tmp_path: Path, tags: str, options: tuple[str, ...], following: list[str]
) -> None:
    """Aliases are proposed, then used; but tags that are several in one come apart before."""
    table = tmp_path / "table.csv"
    odd = [f"A text on a tempo,{tags}", "A concerto of its own,Music"]
    table.write_text("\n".join((*ROWS, *odd)), encoding="utf-8")
    typed = [option.format(tmp_path) for option in options]
    done = run_python("-m", "training", "check", str(table), *typed, home=tmp_path / "home")
    assert "spelling: The tag 'Music'" in done.stdout
    told = [line for line in done.stdout.splitlines() if line.startswith("Next: ")]
    assert told == [f"Next: {words.format(tmp_path)}" for words in following]


def test_near_duplicates_are_found_among_many() -> None:
    """Texts of which one word in ten differs are found among 3,000, and no two others are."""
    words = [f"word{i}" for i in range(5000)]
    chance = random.Random(4)
    texts = [" ".join(chance.choices(words, k=30)) for _ in range(3000)]
    copies = [f"{' '.join(text.split()[:-3])} three changed here" for text in texts[:300]]
    assert near_duplicates(copies, texts) == {i: i for i in range(300)}
    assert near_duplicates(texts) == {}
    assert near_duplicates(["", "!"], ["", "!"]) == {}
