"""Entry point of the image: say what the container lacks, or become ``bentoml serve``.

Without it a missing /tmp is a traceback of ninety lines, and a memory limit that is too low ends
the process without a word.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

BENTO = "/srv/bento"
SCRATCH = "/tmp"  # noqa: S108 - the image's only writable place, a tmpfs of its own
LIMIT_FILES = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where the kernel tells the memory limit: version 2 of control groups, and version 1."""
NEEDED_MEBIBYTES = 256
"""What a server with a small run uses under load (deploy/results/image-test.md)."""


def memory_limit_mebibytes() -> float:
    """Give the container's memory limit; infinite if there is none."""
    for file in LIMIT_FILES:
        if file.is_file():
            text = file.read_text().strip()
            return float("inf") if text == "max" else int(text) / 2**20
    return float("inf")


def main() -> None:
    """Check, and hand over this process with its signals to BentoML."""
    if not os.access(SCRATCH, os.W_OK):
        sys.exit(
            f"Nothing can be written to {SCRATCH}, and BentoML keeps its metrics there. "
            f"Mount a small tmpfs: --tmpfs {SCRATCH}:size=64m, or an emptyDir of medium Memory."
        )
    limit = memory_limit_mebibytes()
    if limit < NEEDED_MEBIBYTES:
        print(
            f"The memory limit of this container is {limit:.0f} MiB. Serving needs "
            f"{NEEDED_MEBIBYTES} MiB and the size of the run: the kernel may kill it "
            f"(exit status 137) at any time. Raise the limit.",
            file=sys.stderr,
        )
    listen = ["--host", "0.0.0.0", "--port", "3000"]  # noqa: S104 - a container's own network
    os.execvp("bentoml", ["bentoml", "serve", BENTO, *listen, *sys.argv[1:]])


if __name__ == "__main__":
    main()
