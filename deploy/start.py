"""Entry point of the image: checks the container, starts ``bentoml serve``, says how it ended.

Without it a missing /tmp is a traceback of ninety lines, a memory limit that is too low ends the
server without a word, and SIGTERM is lost while the server starts: the kernel drops a signal to a
container's first process that does not handle it yet.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

SCRATCH = "/tmp"  # noqa: S108 - the image's only writable place, a tmpfs of its own
COMMAND = ("bentoml", "serve", "/srv/bento", "--host", "0.0.0.0", "--port", "3000")  # noqa: S104
NEEDED_MEBIBYTES = 256
"""What a server with a small run uses under load (deploy/results/image-test.md)."""
GROUP = Path("/sys/fs/cgroup")
LIMIT_FILES = (GROUP / "memory.max", GROUP / "memory" / "memory.limit_in_bytes")
KILL_FILES = (GROUP / "memory.events", GROUP / "memory" / "memory.oom_control")
"""Where the kernel tells a limit, and whom it killed for it: control groups, version 2 and 1."""


def memory_limit_mebibytes() -> float:
    """Give the container's memory limit; infinite if there is none."""
    for file in LIMIT_FILES:
        if file.is_file():
            text = file.read_text().strip()
            return float("inf") if text == "max" else int(text) / 2**20
    return float("inf")


def killed_for_memory() -> bool:
    """Tell whether the kernel has killed a process of the container for its memory limit."""
    lines = [
        line for file in KILL_FILES if file.is_file() for line in file.read_text().splitlines()
    ]
    return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)


def say(sentence: str) -> None:
    """Tell whoever reads the container's log."""
    print(sentence, file=sys.stderr, flush=True)


def serve() -> int:
    """Run the server, pass signals on to it, and return its exit status as a shell would."""
    server = subprocess.Popen([*COMMAND, *sys.argv[1:]])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: server.send_signal(number))
    status = server.wait()
    return status if status >= 0 else 128 - status


def main() -> int:
    """Serve until the end; the exit status."""
    if not os.access(SCRATCH, os.W_OK):
        say(
            f"Nothing can be written to {SCRATCH}, and BentoML keeps its metrics there. "
            f"Mount a small tmpfs: --tmpfs {SCRATCH}:size=64m, or an emptyDir of medium Memory."
        )
        return 1
    limit = memory_limit_mebibytes()
    if limit < NEEDED_MEBIBYTES:
        say(
            f"The memory limit of this container is {limit:.0f} MiB. Serving needs "
            f"{NEEDED_MEBIBYTES} MiB and the size of the run. Raise the limit."
        )
    status = serve()
    if killed_for_memory():
        say(f"The kernel killed the server: it needed more than its limit of {limit:.0f} MiB.")
    return status


if __name__ == "__main__":
    sys.exit(main())
