"""A short run of locust's users against the container."""

from __future__ import annotations

import sys

from deploy.image_test.containers import Container, run
from deploy.image_test.report import Record
from tests.serving import PROJECT

CGROUP = "/sys/fs/cgroup"
PEAKS = (f"{CGROUP}/memory.peak", f"{CGROUP}/memory/memory.max_usage_in_bytes")
"""Where the kernel keeps the most memory a container has used: by version of control groups."""


def test_the_objectives_are_kept(server: Container, record_property: Record) -> None:
    """Ten seconds of all five kinds of users end without a wrong answer or a missed objective."""
    command = [sys.executable, "-m", "load_tests", "--target", server.url, "--seconds", "10"]
    driven = run(command, folder=PROJECT)
    assert driven.status == 0, driven.output
    read = f"import os; print(*[open(f).read() for f in {PEAKS!r} if os.path.exists(f)])"
    peak = int(server.execute("python", "-c", read).split()[0])
    record_property("most memory used under load (caches of files included), MiB", peak // 2**20)
