"""The files in which prometheus_client keeps a process's series: reserved, and deleted in time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from app.logs import log
from tagger.errors import SettingsError

RESERVED = {
    "counter": 1 << 16,
    "gauge_livesum": 1 << 16,
    "gauge_livemax": 1 << 16,
    "histogram": 1 << 18,
}
"""Sizes in bytes of the files that prometheus_client keeps for a process: room for sixty pairs of a
route and a status, 4 KB each."""


def reserve(folder: Path) -> None:
    """Reserve room on disk for this process's metrics before prometheus_client makes its files.

    It maps files into memory that take up room only as they are written. If the disk is full by
    then, the kernel kills the process, and each successor, without a message.

    Raises
    ------
    SettingsError
        There is no room even now.
    """
    if sys.platform != "linux":  # the call is not everywhere
        return
    for kind, size in RESERVED.items():
        try:
            with (folder / f"{kind}_{os.getpid()}.db").open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as fault:
            raise SettingsError(
                f"Metrics cannot be kept in {folder}: {fault.strerror}. Make room there, or name "
                "another BENTOML_HOME."
            ) from fault


def forget_dead_workers(folder: Path) -> None:
    """Delete the gauges of killed workers, which would be added to those of their successors."""
    numbers = {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*.db")}
    for pid in map(int, filter(str.isdecimal, numbers)):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            log.warning("Process %d ended without being told to; this one takes its place.", pid)
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # has no types
        except PermissionError:
            continue  # somebody else's, so it lives


def forget_this_worker(folder: Path) -> None:
    """Delete the gauges of this worker, which ends as it was told; its counts stay."""
    mark_process_dead(os.getpid(), str(folder))  # type: ignore[no-untyped-call]  # has no types
