"""The project's commands, each in a process of its own in which all is imported already.

To import scikit-learn takes a training on the tests' table longer than all its work, and tests run
some four hundred commands: forked from one process that has done so, all tests take a fifth less.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

COMMANDS = ("tagger", "training", "training.measuring")
PRELOADED = ["tests.forked", "tagger.__main__", "training.__main__", "training.runs"]

# In the process that is forked numpy reads it once; `environment` comes too late for that.
os.environ.setdefault("OMP_NUM_THREADS", "1")
_context = get_context("forkserver")
_context.set_forkserver_preload(PRELOADED)


def run_forked(
    command: str,
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str],
    stdin: str | None,
    timeout: float,
) -> subprocess.CompletedProcess[str]:
    """Do what ``python -m COMMAND ARGUMENTS`` does, to its end.

    Raises
    ------
    subprocess.TimeoutExpired
    """
    with TemporaryDirectory() as kept:
        streams = [Path(kept, name) for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin or "", encoding="utf-8")
        process = _context.Process(
            target=_become, args=(command, arguments, folder, dict(environment), streams)
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, timeout)
        status = process.exitcode
        process.close()
        stdout, stderr = (stream.read_text(encoding="utf-8") for stream in streams[1:])
    return subprocess.CompletedProcess([command, *arguments], status, stdout, stderr)


def _become(
    command: str,
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: Sequence[Path],
) -> None:
    """Turn this process into the command: its folder, its environment, its three streams."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = (
        _opened_as(number, path, mode)
        for number, (path, mode) in enumerate(zip(streams, "rww", strict=True))
    )
    sys.argv = [command, *arguments]
    sys.modules.pop(f"{command}.__main__", None)  # runpy warns of what was imported before
    runpy.run_module(command, run_name="__main__", alter_sys=True)


def _opened_as(number: int, path: Path, mode: str) -> Any:
    with path.open(mode) as opened:
        os.dup2(opened.fileno(), number)
    return os.fdopen(number, mode, encoding="utf-8", closefd=False)
