"""A server loaded by wrk from the other core, and the figures read."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from load_tests.results import PROJECT
from load_tests.running import Running, processor_seconds

SCRIPT = PROJECT / "load_tests" / "request.lua"


@dataclass(frozen=True)
class Sample:
    """What one round of load measured."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Processor time of the server and its children, microseconds a request."""
    memory_mib: float
    """Resident memory of the server and its children after the round."""
    failures: int


def load(
    server: Running, *, seconds: int, connections: int = 64, bodies: Path | None = None
) -> Sample:
    """Load a server with wrk over keep-alive connections and read its figures.

    ``bodies``: other ones than the subject's.
    """
    # The same ones before and after: one that ended meanwhile must not pass for cheap.
    tree = server.tree()
    before = sum(map(processor_seconds, tree))
    done = subprocess.run(
        [
            *("taskset", "-c", "1", "wrk", "--threads", "1", "--timeout", "30s"),
            *("--connections", str(connections), "--duration", f"{seconds}s"),
            *("--script", str(SCRIPT), server.url),
        ],
        env=os.environ
        | {
            "BENCH_BODIES": str(bodies or server.subject.bodies),
            "BENCH_CONTENT_TYPE": server.subject.content_type,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    used = sum(map(processor_seconds, tree)) - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    return Sample(
        requests_per_second=result["requests"] / result["microseconds"] * 1e6,
        p50_ms=result["p50"] / 1e3,
        p99_ms=result["p99"] / 1e3,
        cpu_us=used / max(1, result["requests"]) * 1e6,
        memory_mib=sum(server.resident_mib()),
        failures=result["failures"],
    )
