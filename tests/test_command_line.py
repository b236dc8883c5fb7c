"""The command line: help for every command, JSON where asked, one sentence a refusal.

``python -m tests.test_command_line`` writes the reference, training/COMMANDS.md, anew.
"""

from __future__ import annotations

import inspect
import json
import resource
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest

from bulk.__main__ import commands as engineers
from tagger.__main__ import commands as operators
from tagger.compare import Comparison
from tagger.decide import decide
from tagger.objects import summary_object
from tagger.paired import Difference
from tagger.printing import print_comparison, print_performance
from tagger.records import Overall, Params, Performance, Scores
from tagger.sources import find_source
from tagger.store import Store, new_run_id
from tagger.tables import read_rows
from tests.runs import TABLE, made_run, named, put, single
from tests.serving import PROJECT, run_command, run_python
from training.__main__ import commands as owners
from training.measuring.__main__ import commands as judges

EVERY = sorted({**operators.commands, **owners.commands})


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_help_and_an_example(name: str) -> None:
    """Each command's help has an example of how it is typed, and each option says what it does."""
    command = owners.commands[name]
    assert command.help
    assert "Example" in command.help
    module = "tagger" if name in operators.commands else "training"
    assert f"python -m {module} {name}" in command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize("group", [operators, owners, engineers, judges])
def test_each_command_is_told_in_a_line_of_80_columns(group: click.Group) -> None:
    """The list of commands cuts no sentence short."""
    told = group.get_help(click.Context(group, terminal_width=80)).partition("Commands:")[2]
    assert len(told.split("\n")) == len(group.commands) + 1
    assert "..." not in told


def test_train_says_what_is_usual() -> None:
    """The help of each option that becomes a param says what it is if it is not given."""
    options = {option.name: option for option in owners.commands["train"].params}
    for name in ("min_support", "test_share", "salt", "folds", "objective", "seed"):
        option = options[name]
        assert isinstance(option, click.Option)
        assert (option.default, option.show_default) == (getattr(Params(), name), True), name
    for name in ("task", "regularization"):
        assert "if not given" in str(getattr(options[name], "help", None)), name


REFERENCE = PROJECT / "training" / "COMMANDS.md"


INTRODUCTION = """# Commands

What `--help` says of each; a test holds them equal. `python -m tagger` has those that need no
scikit-learn, `python -m training` has all of them.
"""


def reference() -> str:
    """Put together what --help says of every command."""
    said = inspect.cleandoc(owners.help or "").split("\n\n")
    parts = [INTRODUCTION, *(f"\n{one}\n" for one in said if one.startswith(("RUN ", "TABLE ")))]
    for name in EVERY:
        module = "tagger" if name in operators.commands else "training"
        context = click.Context(
            owners.commands[name],
            info_name=f"python -m {module} {name}",
            terminal_width=96,
            help_option_names=["-h", "--help"],
        )
        told = owners.commands[name].get_help(context)
        parts.append(f"\n## {name}\n\n```text\n{told}\n```\n")
    return "".join(parts)


def test_every_command_is_documented() -> None:
    """The reference says of every command what its --help says."""
    assert REFERENCE.read_text(encoding="utf-8") == reference()


def test_every_operators_command_is_the_owners_too() -> None:
    """`python -m training` has all that `python -m tagger` has, the same command."""
    for name, command in operators.commands.items():
        assert owners.commands[name] is command


def test_help_is_cheap() -> None:
    """`python -m tagger --help` takes less than 0.4 s of processor time and imports no numpy."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run_python("-X", "importtime", "-m", "tagger", "--help", home=Path("unused"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.returncode == 0
    assert spent < 0.4
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"numpy", "pydantic", "bentoml", "rich.console", "sklearn"}


def test_list_shows_the_best_first(tmp_path: Path) -> None:
    """`list --json` gives the runs as `GET /runs` does, the best first; `--top` the first ones.

    Of equally good ones the newest is the first. Their tables tell runs of other tags apart.
    """
    store = Store(tmp_path)
    for day, (run_id, f1) in enumerate((("older", 0.8), ("best", 0.9), ("newer", 0.8)), start=1):
        made = named(run_id)
        overall = replace(made.run.performance.overall, f1=f1)
        run = replace(
            made.run,
            created_at=f"2026-01-0{day}T00:00:00.000+00:00",
            performance=replace(made.run.performance, overall=overall),
        )
        put(store, replace(made, run=run))
    order = ("best", "newer", "older")
    told = json.loads(run_python("-m", "tagger", "list", "--json", home=tmp_path).stdout)
    expected = [summary_object(store.run(run_id), promoted=run_id == "older") for run_id in order]
    assert told == {"runs": json.loads(json.dumps(expected))}
    top = run_python("-m", "tagger", "list", "--top", "2", home=tmp_path).stdout
    assert [line.split()[0] for line in top.splitlines()[1:]] == ["best", "newer"]
    assert top.count(f" {made.run.data.source} ") == 2


@pytest.mark.parametrize("command", ["list", "history", "show"])
def test_a_run_is_named_whole_on_a_terminal_of_80_columns(tmp_path: Path, command: str) -> None:
    """The name of a run, which the next command takes, is never cut for want of room."""
    store = Store(tmp_path)
    run_ids = [new_run_id() for _ in range(2)]
    for run_id in run_ids:
        put(store, named(run_id))
    store.promote(run_ids[1])
    told = run_python("-m", "tagger", command, home=tmp_path, FORCE_COLOR="1", COLUMNS="80")
    shown = run_ids if command != "show" else run_ids[1:]
    assert all(run_id in told.stdout for run_id in shown)


def test_an_empty_store_says_what_to_type(tmp_path: Path) -> None:
    """`list` and `history` are empty and say how to fill the store, as does what needs a run."""
    for command, key in (("list", "runs"), ("history", "history")):
        told = run_python("-m", "tagger", command, "--json", home=tmp_path / "none")
        assert told.returncode == 0
        assert json.loads(told.stdout) == {key: []}
        assert "python -m training train" in told.stderr
        assert run_python("-m", "tagger", command, home=tmp_path / "none").stdout == ""
    shown = run_python("-m", "tagger", "show", home=tmp_path / "none")
    assert shown.returncode == 1
    assert "python -m training train" in shown.stderr
    assert not (tmp_path / "none").exists()


def test_show_tells_all_of_a_run(home: Path) -> None:
    """`show` gives the whole record, by a beginning of the name too."""
    told = json.loads(run_python("-m", "tagger", "show", "sec", "--json", home=home).stdout)
    run = Store(home).run("second")
    assert told["run_id"] == "second"
    assert told["performance"]["class"].keys() == set(run.tags)
    assert told["data"]["sha256"] == run.data.sha256
    assert told["params"]["salt"] == run.params.salt
    assert told["versions"]["scikit-learn"]
    text = run_python("-m", "tagger", "show", home=home).stdout
    assert "first (promoted)" in text
    assert run.data.sha256 in text


def test_no_figure_is_shown_that_no_text_bears_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Tags on no text of the test, and texts of no tag, have no F1, and few texts are said so."""
    by_tag = {f"of-{support}": Scores(0.5, 0.5, 0.5, support) for support in (0, 1, 30, 40, 50)}
    overall = Overall(0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 60)
    performance = Performance(overall, by_tag, {"no-tag": replace(overall, f1=0.0)})
    run = replace(made_run().run, tags=tuple(by_tag), thresholds=(0.25,) * len(by_tag))
    print_performance(run, performance, ends=1)
    told = capsys.readouterr().out
    rows = {cells[0]: cells[1:] for cells in map(str.split, told.splitlines()) if cells}
    assert rows["no-tag"] == [*"-----", "0.750", "60"]
    assert "The 1 best and the 1 worst of 4 tags" in told
    assert "of-0" not in rows
    assert "fewer than 20 of the texts, too few to be judged alone: 2 of 5 tags." in told
    print_performance(run, performance)
    assert ["of-0", *"---", "0.250", "0"] in map(str.split, capsys.readouterr().out.splitlines())
    print_performance(run, replace(performance, by_tag={"of-0": by_tag["of-0"]}))
    told = capsys.readouterr().out
    assert ["overall", *"-----", "0.750", "60"] in map(str.split, told.splitlines())
    assert "No text bears a tag of the run: nothing was measured." in told
    unborne = replace(performance, by_tag={f"of-0-{n}": by_tag["of-0"] for n in range(3)})
    print_performance(run, unborne, ends=1)
    assert "of-0" not in capsys.readouterr().out
    few = {**unborne.by_tag, "of-1": by_tag["of-1"]}
    print_performance(run, replace(performance, by_tag=few), ends=1)
    told = capsys.readouterr().out
    assert "Of 4 tags, those that texts bear:" in told
    assert ("of-1" in told, "of-0" in told) == (True, False)


def test_no_threshold_is_shown_where_none_is_asked(home: Path) -> None:
    """Of a run that gives each text its best tag, `show` tells no threshold."""
    put(Store(home), single("single"))
    shown = [
        run_python("-m", "tagger", "show", run_id, home=home).stdout
        for run_id in ("first", "single")
    ]
    assert ["threshold" in told for told in shown] == [True, False]


def test_a_comparison_shows_what_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    """An interval ends where a difference must; a tag that no text bears has none."""
    few, none = Difference(0.0, 0.667, 0.051, 1.283, 2, 1.0), Difference(0, 0, 0, 0, 0, 1.0)
    by_tag = {"on-two": few, "on-none": none}
    print_comparison(Comparison("a", "b", 60, few, by_tag, (), (), 0, ()))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["on-two", "0.667", "0.000", "+0.667", "+0.051", "to", "+1.000", "2"] in rows
    assert ["on-none", *"----", "0"] in rows


def test_a_comparison_of_many_tags_shows_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """The tags that are worse beyond noise and those that changed most; the others are counted."""
    same = Difference(0.5, 0.5, 0, 0, 40, 1.0)
    by_tag = {f"tag-{number}": same for number in range(2_000)} | {
        "better": replace(same, second=0.9),
        "lower": replace(same, second=0.4),
        "worse": replace(same, second=0.49),
    }
    print_comparison(Comparison("a", "b", 60, same, by_tag, (), (), 0, ("worse",)))
    told = capsys.readouterr().out
    shown = [line.split()[0] for line in told.splitlines()[3:-1]]
    assert (shown[:2], shown[-1], len(shown)) == (["lower", "worse"], "better", 20)
    assert "\n1983 more tags" in told


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("show", "third"), 2, "There is no run 'third'"),
        (("delete", "first"), 2, "promoted run"),
        (("compare", "first", "third"), 2, "first, second"),
        (("rollback",), 3, "no earlier promoted run"),
        (("tag", " "), 2, "Text 1 of 1 is blank"),
        (("tag", "a", " ", "b"), 2, "Text 2 of 3 is blank"),
        (("tag", "a.csv", "--out", "out.csv.gz"), 2, "end out.csv.gz in .csv or .jsonl"),
        (("tag", "a.csv", "--out", "out.json"), 2, "end out.json in .csv or .jsonl"),
        (("tag", "a", "--threshold", "2"), 2, "--threshold"),
        (("tag", "a", "--threshold", "nan"), 2, "--threshold"),
        (("tag", "a", "--top-k", "0"), 2, "--top-k"),
        (("tag", "missing.csv", "--out", "out.csv"), 2, "missing.csv cannot be read"),
        (("tag", "a.csv", "--out", "no/such/folder.csv"), 2, "no folder no/such"),
        (("tag", b"\xff\xfe".decode("utf-8", "surrogateescape")), 2, "UTF-8"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_a_refusal_is_a_sentence_with_a_status(
    home: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    """What cannot be done is said on stderr, with the status of its kind and no trace."""
    done = run_python("-m", "tagger", *arguments, home=home)
    assert done.returncode == status
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr


TEXTS = ["Whisk the broth", "a saddle and a telescope", "Sterne 🌟", "qqq zzz"]


def test_tag_answers_as_the_model_does(home: Path) -> None:
    """`tag --json` gives the model's scores to the last digit, from arguments and from stdin."""
    told = json.loads(run_python("-m", "tagger", "tag", *TEXTS, "--json", home=home).stdout)
    model = Store(home).model("first")
    assert told["run_id"] == "first"
    for text, answer in zip(TEXTS, told["predictions"], strict=True):
        decisions = decide(model.score([text]), model.policy)
        assert answer["input_text"] == text
        assert [found["score"] for found in answer["scores"]] == decisions.values
        assert answer["predicted_tags"] == [model.tags[i] for i in decisions.columns]
        assert answer["abstained"] == decisions.abstained[0]
    piped = run_python(
        "-m", "tagger", "tag", "--json", home=home, stdin="".join(f"{t}\n" for t in TEXTS)
    )
    assert json.loads(piped.stdout) == told


def test_scores_of_a_text_that_gets_no_tags_are_not_shown_as_tags(home: Path) -> None:
    """Where a threshold is asked for, they stand below the reason why they are none."""
    done = run_python("-m", "tagger", "tag", "qqq zzz", "--threshold", "0", home=home)
    _, reason, *scores = done.stdout.splitlines()
    assert "any tag would be a guess" in reason
    assert scores


@pytest.mark.parametrize("encoding", ["ascii:strict", "latin-1"])
def test_what_a_terminal_cannot_show_is_written_as_its_number(home: Path, encoding: str) -> None:
    """Where stdout is no UTF-8, answers are there all the same, and JSON is the same JSON."""
    tag = ("-m", "tagger", "tag", *TEXTS)
    told = run_python(*tag, home=home, PYTHONIOENCODING=encoding)
    assert (told.returncode, told.stderr) == (0, "")
    assert "Sterne \\U0001f31f" in told.stdout
    as_json = run_python(*tag, "--json", home=home, PYTHONIOENCODING=encoding)
    assert json.loads(as_json.stdout) == json.loads(run_python(*tag, "--json", home=home).stdout)


def test_tag_takes_the_options_of_the_api(home: Path) -> None:
    """--top-k, --threshold, --evidence and --run work as they do over HTTP."""
    options = ("--top-k", "2", "--threshold", "0", "--evidence", "--run", "second", "--json")
    told = json.loads(run_python("-m", "tagger", "tag", TEXTS[0], *options, home=home).stdout)
    (answer,) = told["predictions"]
    assert told["run_id"] == "second"
    assert len(answer["scores"]) == 2
    assert {found["tag"] for found in answer["evidence"]} == set(answer["predicted_tags"])


@pytest.mark.parametrize("out", ["tagged.csv", "tagged.jsonl"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_tag_a_table(home: Path, tmp_path: Path, form: str, out: str) -> None:
    """Every column is kept, the tags that each text gets alone are added, no row is lost."""
    records = [
        {"id": str(number), "title": text, "description": ""} for number, text in enumerate(TEXTS)
    ]
    records.append({"id": "last", "title": "", "description": ""})
    table = tmp_path / f"table.{form}"
    if form == "csv":
        lines = ["id,title,description", *(",".join(record.values()) for record in records)]
    else:
        lines = [json.dumps(record) for record in records]
    table.write_text("\n".join(lines))
    done = run_python("-m", "tagger", "tag", str(table), "--out", str(tmp_path / out), home=home)
    assert done.returncode == 0, done.stderr
    assert "5 rows tagged by first, 1 without text" in done.stdout
    rows = [row.values for row in read_rows(find_source(str(tmp_path / out)))]
    assert [{name: row[name] for name in records[0]} for row in rows] == records
    told = json.loads(run_python("-m", "tagger", "tag", *TEXTS, "--json", home=home).stdout)
    for row, answer in zip(rows[:-1], told["predictions"], strict=True):
        tags = answer["predicted_tags"]
        assert row["predicted_tags"] == (tags if out.endswith("jsonl") else "|".join(tags))
    assert not rows[-1]["predicted_tags"]


def test_titles_without_the_descriptions_beside_them_are_told(home: Path, tmp_path: Path) -> None:
    """Where a table is tagged or measured, too: a run does far worse on titles alone."""
    table, out = tmp_path / "table.csv", str(tmp_path / "out.csv")
    table.write_text("title,body,tags\nSterne,und Planeten,astronomy\nTiere,im Wald,animals\n")
    tag = ("-m", "tagger", "tag", str(table), "--out", out)
    evaluate = ("-m", "training", "evaluate", "first", str(table))
    for command in (tag, evaluate):
        for columns in ((), ("--description-column", "body"), ("--text-column", "title")):
            done = run_python(*command, *columns, home=home)
            assert done.returncode == 0, done.stderr
            assert ("titles alone" in done.stderr) == (not columns), columns


@pytest.mark.parametrize(("letters", "status"), [(b"Br\xfche", 0), (b"\x81\x8d", 2)])
def test_a_table_that_is_not_utf_8_is_told(
    home: Path, tmp_path: Path, letters: bytes, status: int
) -> None:
    """What was read as Windows-1252 may be read wrongly; the way out needs no option of `tag`."""
    table = tmp_path / "table.csv"
    table.write_bytes(b"text\n" + letters + b"\n")
    done = run_python(
        "-m", "tagger", "tag", str(table), "--out", str(tmp_path / "out.csv"), home=home
    )
    assert done.returncode == status
    assert "Windows-1252; " in done.stderr
    assert "save it as UTF-8" in done.stderr


def test_a_tagged_table_is_json_whatever_python_reads(home: Path, tmp_path: Path) -> None:
    """NaN and Infinity, which are no JSON and which pandas' rows hold, come out as null."""
    table, out = tmp_path / "table.jsonl", tmp_path / "tagged.jsonl"
    table.write_text(
        '{"title": "Sterne", "description": NaN, "price": Infinity}\n{"title": NaN, "price": 2.5}\n'
    )
    tag = ("-m", "tagger", "tag", str(table), "--out", str(out))
    done = run_python(*tag, home=home)
    assert "2 rows tagged by first, 1 without text" in done.stdout
    rows = [json.loads(line, parse_constant=pytest.fail) for line in out.read_text().splitlines()]
    assert [row["price"] for row in rows] == [None, 2.5]
    table.write_text('{"text": "Sterne", "price": 1e999}\n')
    done = run_python(*tag, home=home)
    assert done.returncode == 2
    assert "Row 1 of the table: a number larger than any that can be kept" in done.stderr


@pytest.mark.parametrize("rows", ["text,id\n", "[]"])
def test_a_table_without_rows_is_refused_as_training_does(
    home: Path, tmp_path: Path, rows: str
) -> None:
    """A header alone is said to hold no rows, and no empty file is written of it."""
    out = tmp_path / "out.csv"
    for command in (("tagger", "tag", "-", "--out", str(out)), ("training", "train", "-")):
        done = run_python("-m", *command, home=home, stdin=rows)
        assert done.returncode == 2
        assert "Error: standard input holds no rows." in done.stderr
    assert not out.exists()


def test_what_the_first_row_lacks_is_read_in_others(home: Path, tmp_path: Path) -> None:
    """Rows of JSON may leave out what is empty: a description counts wherever it stands."""
    table, out = tmp_path / "table.jsonl", tmp_path / "tagged.jsonl"
    rows = ["{}", *['{"title": "qqq"}'] * 300, '{"title": "qqq", "description": "Whisk the broth"}']
    table.write_text("\n".join(rows))
    done = run_python("-m", "tagger", "tag", str(table), "--out", str(out), home=home)
    assert done.returncode == 0, done.stderr
    tagged = [json.loads(line)["predicted_tags"] for line in out.read_text().splitlines()]
    assert (tagged[0], tagged[1], tagged[-1]) == ([], [], ["cooking"])


def test_closed_standard_input_is_told(home: Path) -> None:
    """What reads standard input says in a sentence that there is none."""
    for command in ("tagger tag", "tagger tag - --out out.csv", "training train -"):
        done = run_command("sh", "-c", f"exec {sys.executable} -m {command} <&-", home=home)
        assert done.returncode == 2
        assert "Error: standard input cannot be read: it is closed." in done.stderr
        assert "Traceback" not in done.stderr


def test_who_names_a_file_alone_is_told_how_its_rows_are_tagged(home: Path, tmp_path: Path) -> None:
    """A path is a text like any other; nobody means it to be."""
    (tmp_path / "texts.csv").write_text("text\nSterne\n")
    done = run_python("-m", "tagger", "tag", str(tmp_path / "texts.csv"), "x" * 9_999, home=home)
    assert done.returncode == 0, done.stderr
    assert "add --out" in done.stderr
    assert done.stderr.count("is tagged as a text") == 1


def test_a_reader_that_leaves_ends_it_quietly(home: Path) -> None:
    """Piped into a command that stops reading, nothing but the pipe breaks."""
    piped = f"{sys.executable} -m tagger show | head -n 1"
    done = run_command("sh", "-c", piped, home=home)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("json", ["", "--json"])
def test_a_full_disk_is_told(home: Path, json: str, unbuffered: str) -> None:
    """Where nothing more can be written, that is a sentence, whenever Python comes to write."""
    to_a_full_disk = f"exec {sys.executable} -m tagger list {json} >/dev/full"
    done = run_command("sh", "-c", to_a_full_disk, home=home, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (1, "Error: No space left on device.\n")


def test_a_full_disk_is_told_without_standard_output(home: Path) -> None:
    """A file that cannot be written is a sentence too where a command has nowhere to print."""
    nowhere = f"exec {sys.executable} -m training check {TABLE} --propose /dev/full >&-"
    done = run_command("sh", "-c", nowhere, home=home)
    assert (done.returncode, done.stderr) == (1, "Error: No space left on device.\n")


WITHOUT_A_HOME = """
import os
from tagger.environment import open_store, prepare_environment
del os.environ["BENTOML_HOME"]
prepare_environment()
print(open_store().folder)
"""


def test_the_store_is_the_projects_unless_it_is_set(tmp_path: Path) -> None:
    """Without BENTOML_HOME the commands use `.bentoml` beside the code, and nothing outside."""
    told = run_python("-c", WITHOUT_A_HOME, home=tmp_path)
    assert Path(told.stdout.strip()) == PROJECT / ".bentoml" / "models" / "tagline"


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
