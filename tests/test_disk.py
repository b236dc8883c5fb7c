"""A read-only store and a full disk: real file systems, each in a mount namespace of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tagger.store import Store
from tests.serving import run_command


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    """Skip where a user may not make them, as in most containers and on some Ubuntus."""
    tried = run_command("unshare", "--mount", "--map-root-user", "true", home=Path("unused"))
    if tried.returncode:
        pytest.skip(tried.stderr.strip())


IN_A_SMALL_FOLDER = """
mount -t tmpfs -o size={size} tmpfs {folder}
cp -r {home} {folder}/home
export BENTOML_HOME={folder}/home
{commands}
cp -r {folder}/home {result}
"""


def in_a_small_folder(home: Path, commands: str, *, size: str = "64m") -> tuple[str, Path]:
    """Run commands on a copy of a store in its own file system; return what they said, the copy."""
    folder, result = home.parent / "small", home.parent / "result"
    folder.mkdir()
    script = IN_A_SMALL_FOLDER.format(
        size=size, folder=folder, home=home, commands=commands, result=result
    )
    done = run_command("unshare", "--mount", "--map-root-user", "sh", "-ec", script, home=home)
    assert done.returncode == 0, done.stderr
    return done.stdout, result


def test_a_read_only_store_is_read(home: Path) -> None:
    """A read-only store lists and tags; whatever would change it says that it cannot."""
    Store(home).promote("second")
    told, _ = in_a_small_folder(
        home,
        f"""
mount -o remount,ro {home.parent}/small
{sys.executable} -m tagger list 2>&1
{sys.executable} -m tagger tag 'a saddle' 2>&1
{sys.executable} -m tagger promote first --force 2>&1 && exit 9 || echo status $?
{sys.executable} -m tagger rollback 2>&1 && exit 9 || echo status $?
{sys.executable} -m training train tests/table.csv 2>&1 && exit 9 || echo status $?
{sys.executable} -m tagger tag tests/table.csv --out $BENTOML_HOME/a.csv 2>&1 && exit 9 || echo $?
""",
    )
    assert told.count("status 1") == 3
    assert told.count("Read-only file system") == 3
    assert "Fit:" not in told, "minutes of training that cannot be kept"
    assert "Nothing may be written to" in told
    assert "Traceback" not in told


def test_a_store_of_two_file_systems_is_refused_before_the_training(home: Path) -> None:
    """A store with a volume mounted in it, into which no run can be moved, is refused at once."""
    told, _ = in_a_small_folder(
        home,
        f"""
mount --bind $BENTOML_HOME/models $BENTOML_HOME/models
{sys.executable} -m training train tests/table.csv 2>&1 && exit 9 || echo status $?
ls $BENTOML_HOME/models/tagline
""",
    )
    assert "cannot be changed: Invalid cross-device link" in told
    assert told.split()[-6:] == ["status", "1", "first", "history", "latest", "second"]
    assert "Fit:" not in told


def test_a_store_may_lie_on_another_file_system_by_a_link(home: Path) -> None:
    """Where the models folder is a link to another disk, that disk holds what is unfinished too."""
    told, result = in_a_small_folder(
        home,
        f"""
rm -r $BENTOML_HOME/models
mv {home}/models {home.parent}/elsewhere
ln -s {home.parent}/elsewhere $BENTOML_HOME/models
{sys.executable} -m tagger promote second 2>&1
""",
    )
    assert "second is promoted in place of first" in told
    assert Store(result).promoted() == "second"


def test_a_user_without_a_name_is_written_down_by_number(home: Path) -> None:
    """The history tells a user who has no name, as in most containers, by his number."""
    done = run_command(
        *("unshare", "--user", "--map-user=54321"),
        *(sys.executable, "-m", "tagger", "promote", "second"),
        home=home,
    )
    assert done.returncode == 0, done.stderr
    assert Store(home).history()[-1].user == "54321"


def test_what_this_user_may_not_change_is_named(home: Path) -> None:
    """A refusal names the folder that the system denies, which is not always the store's own."""
    (home / "unfinished").chmod(0)
    unshare = ("unshare", "--user", sys.executable, "-m", "tagger")
    done = run_command(*unshare, "delete", "second", home=home)
    assert done.returncode == 1
    assert f"cannot be changed: Permission denied ({home / 'unfinished'})." in done.stderr
    assert Store(home).run_ids() == ["first", "second"]


@pytest.mark.parametrize(
    ("name", "command"), [("run.json", ["list"]), ("model/check.json", ["promote", "second"])]
)
def test_a_run_that_this_user_may_not_read_is_not_called_broken(
    home: Path, name: str, command: list[str]
) -> None:
    """A run whose files the system denies is told as such, and nobody is told to train it anew."""
    (home / "models" / "tagline" / "second" / name).chmod(0)
    unshare = ("unshare", "--user", sys.executable, "-m", "tagger")  # root may read anything
    done = run_command(*unshare, *command, home=home)
    assert "first" in done.stdout
    assert "second cannot be read by this user" in " ".join(done.stderr.split())
    assert "train it anew" not in done.stderr


def test_a_full_disk_leaves_the_store_as_it_was(home: Path) -> None:
    """On a full disk training and promoting end in a sentence, and the store is as before."""
    told, result = in_a_small_folder(
        home,
        f"""
dd if=/dev/zero of={home.parent}/small/filler bs=4k 2>/dev/null || true
{sys.executable} -m training train tests/table.csv 2>&1 && exit 9 || echo status $?
{sys.executable} -m tagger promote second --force 2>&1 && exit 9 || echo status $?
rm {home.parent}/small/filler
{sys.executable} -m tagger list 2>&1
""",
        size="8m",
    )
    assert told.count("status 1") == 2
    assert told.count("No space left on device") == 2
    assert "Traceback" not in told
    after = Store(result)
    assert after.run_ids() == ["first", "second"]
    assert after.promoted() == "first"
    assert after.survey()[1] == {}
    assert len(after.history()) == 1
    assert not any((result / "unfinished").iterdir())


DISK_FILLS_UP = """
import subprocess, sys
from pathlib import Path
import requests
from app.routes import ROUTES
from tests.serving import serve

small, store = Path(sys.argv[1]), sys.argv[2]
with serve(small, Path(store) / "log", TAGLINE_STORE=store) as server:
    subprocess.run(["dd", "if=/dev/zero", f"of={small}/filler", "bs=4k"], stderr=subprocess.PIPE)
    for path in [*(route.template for route in ROUTES), "/nowhere"]:
        for method in ("GET", "POST"):
            print(requests.request(method, server.url + path, timeout=20).status_code)
"""


def test_a_disk_that_fills_up_ends_no_server(home: Path) -> None:
    """A server survives a disk that fills up: the room of its metrics was reserved at its start."""
    script = home.parent / "disk_fills_up.py"
    script.write_text(DISK_FILLS_UP)
    told, _ = in_a_small_folder(
        home,
        f"PYTHONPATH=. {sys.executable} {script} {home.parent}/small/home {home}/models",
        size="8m",
    )
    assert told.split().count("200") >= 10
    assert "500" not in told
