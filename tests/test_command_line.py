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
from tagger.objects import summary_object
from tagger.records import Params
from tagger.store import Store, new_run_id
from tests.runs import TABLE, named, put
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


def test_closed_standard_input_is_told(home: Path) -> None:
    """What reads standard input says in a sentence that there is none."""
    for command in ("tagger tag", "tagger tag - --out out.csv", "training train -"):
        done = run_command("sh", "-c", f"exec {sys.executable} -m {command} <&-", home=home)
        assert done.returncode == 2
        assert "Error: standard input cannot be read: it is closed." in done.stderr
        assert "Traceback" not in done.stderr


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
