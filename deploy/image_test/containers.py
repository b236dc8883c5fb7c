"""Containers for tests: the engine of deploy/podman, and servers as restricted as in a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load_tests.running import free_port
from tests.serving import PROJECT, Server, wait_until_ready

PODMAN = PROJECT / "deploy" / "podman"
TOOLS = PROJECT / ".cache" / "image-test" / "bin"

SCRATCH = "/tmp"  # noqa: S108 - the image's only writable place, a tmpfs of its own
RESTRICTIONS = (
    "--read-only",
    "--read-only-tmpfs=false",
    *("--tmpfs", f"{SCRATCH}:rw,noexec,nosuid,nodev,size=64m"),
    "--cap-drop=all",
    *("--security-opt", "no-new-privileges"),
    *("--memory", "768m"),
    *("--pids-limit", "256"),
)
"""What the Deployment asks of a cluster, in the engine's words."""


@dataclass(frozen=True)
class Image:
    """A built image and the run in it."""

    name: str
    run_id: str


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    output: str


def run(command: Sequence[str | Path], folder: Path | None = None, **environment: str) -> Ended:
    """Run a command to its end and return its status with all that it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


def podman(*words: str) -> str:
    """Run a command of the engine's and return what it printed on stdout."""
    done = subprocess.run([PODMAN, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"podman {' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def inspect(image: Image) -> dict[str, Any]:
    """Give all that the engine knows of an image."""
    described: list[dict[str, Any]] = json.loads(podman("image", "inspect", image.name))
    return described[0]


def inside(image: Image, *command: str, options: Sequence[str] = ()) -> Ended:
    """Run a command in a new container of the image, without its entry point; then remove it."""
    return run(
        [PODMAN, "run", "--rm", *options, "--entrypoint", command[0], image.name, *command[1:]]
    )


@dataclass(frozen=True)
class Container(Server):
    """A server in a container: its process is the engine's, which passes signals and the status."""

    name: str

    def execute(self, *command: str) -> str:
        """Run a command in the container and return what it printed."""
        return podman("exec", self.name, *command)

    def python(self, program: str) -> str:
        """Run a Python program in the container and return what it printed."""
        return self.execute("python", "-c", program)


@contextmanager
def start(
    image: Image,
    log: Path,
    *,
    restrictions: Sequence[str] = RESTRICTIONS,
    options: Sequence[str] = (),
    **settings: str,
) -> Iterator[Container]:
    """Start a container on a free port, without waiting for it; remove it after.

    ``settings`` are variables of its environment.
    """
    port = free_port()
    name = f"tagline-test-{uuid.uuid4().hex[:8]}"
    variables = [word for item in settings.items() for word in ("--env", "=".join(item))]
    publish = ["--publish", f"127.0.0.1:{port}:3000"]
    asked = ["--name", name, *publish, *restrictions, *options, *variables]
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(PODMAN), "run", *asked, image.name],
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield Container(f"http://127.0.0.1:{port}", process, log, name)
    finally:
        podman("rm", "--force", "--time", "0", "--ignore", name)
        process.wait()


@contextmanager
def serve(
    image: Image, log: Path, *, options: Sequence[str] = (), **settings: str
) -> Iterator[Container]:
    """Start a container under all restrictions and wait until it is ready."""
    with start(image, log, options=options, **settings) as container:
        wait_until_ready(container.url, container.process, log)
        yield container
