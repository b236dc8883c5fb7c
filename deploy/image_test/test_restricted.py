"""The container under the restrictions of the Deployment: what it may not do, and what it says."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import requests

from deploy.image_test.callers import TEXTS, ask
from deploy.image_test.containers import (
    RESTRICTIONS,
    SCRATCH,
    Container,
    Image,
    inside,
    serve,
    start,
)
from deploy.image_test.report import Record
from tests.conftest import TrainedHome
from tests.serving import START_SECONDS, STOP_SECONDS

STATUS = "print(open('/proc/1/status').read())"
CPU_SECONDS = """
import psutil
times = [each.cpu_times() for each in psutil.process_iter()]
print(sum(time.user + time.system for time in times))
"""
KILL_WORKER = """
import psutil
server, = psutil.Process(1).children()
worker, = server.children()
worker.kill()
"""


def status_of(container: Container) -> dict[str, str]:
    """Read what the kernel says of the container's first process."""
    lines = container.python(STATUS).splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_it_has_no_rights(server: Container) -> None:
    """Its user is 10001, its capabilities are none, and it can never gain any."""
    status = status_of(server)
    assert status["Uid"].split() == ["10001"] * 4
    assert {int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def test_it_writes_to_its_scratch_folder_only(server: Container) -> None:
    """All that it has open for writing, and all it has written, lies in /tmp and is small."""
    used = server.execute("du", "-sk", SCRATCH).split()[0]
    assert int(used) < 1024
    tried = "try: open('/srv/bento/x', 'w')\nexcept OSError as fault: print(fault)"
    assert "Read-only file system" in server.python(tried)


def test_no_shell_is_needed(server: Container) -> None:
    """Its processes are Python alone: entry point and worker."""
    programs = server.python(
        "import psutil; print(*[each.exe() for each in psutil.process_iter()])"
    )
    assert all("python" in program for program in programs.split())


def test_it_is_ready_soon(image: Image, tmp_path: Path, record_property: Record) -> None:
    """It is ready after less than 5 s of CPU (the seconds of a clock depend on the neighbours)."""
    began = time.monotonic()
    with serve(image, tmp_path / "log") as container:
        seconds = time.monotonic() - began
        used = float(container.python(CPU_SECONDS))
    record_property("from start to ready, s of CPU", round(used, 1))
    load = round(os.getloadavg()[0], 1)
    record_property(f"from start to ready, s of the clock (at a load of {load})", round(seconds, 1))
    assert used < 5


def test_without_a_scratch_folder_it_says_so(image: Image, tmp_path: Path) -> None:
    """Without a writable /tmp it ends with status 1 and one sentence that says what to mount."""
    at = RESTRICTIONS.index("--tmpfs")
    bare = RESTRICTIONS[:at] + RESTRICTIONS[at + 2 :]
    with start(image, tmp_path / "log", restrictions=bare) as container:
        assert container.process.wait(START_SECONDS) == 1
    said = (tmp_path / "log").read_text()
    assert said.startswith(f"Nothing can be written to {SCRATCH}")
    assert "tmpfs" in said
    assert len(said.splitlines()) == 1


def test_a_memory_limit_too_low_is_said(image: Image, tmp_path: Path) -> None:
    """Below what it needs it says so before it starts, and when the kernel has killed it."""
    with start(image, tmp_path / "log", options=["--memory", "40m"]) as container:
        assert container.process.wait(START_SECONDS) != 0
    said = (tmp_path / "log").read_text()
    assert "The memory limit of this container is 40 MiB." in said
    assert "The kernel killed the server: it needed more than its limit of 40 MiB." in said


def test_a_slip_in_a_setting_is_said(image: Image, tmp_path: Path) -> None:
    """An unknown setting ends it with status 1 and the name of the nearest that exists."""
    with start(image, tmp_path / "log", TAGLINE_QUEUE_TEXT="5") as container:
        assert container.process.wait(START_SECONDS) == 1
    assert "TAGLINE_QUEUE_TEXTS" in (tmp_path / "log").read_text()


def test_it_ends_when_its_worker_is_killed(
    image: Image, tmp_path: Path, record_property: Record
) -> None:
    """A worker killed -9 takes the container with it, so that its supervisor starts another."""
    with serve(image, tmp_path / "log") as container:
        began = time.monotonic()
        container.python(KILL_WORKER)
        assert container.process.wait(STOP_SECONDS) != 0
        record_property(
            "from the worker's death to the container's end, s", round(time.monotonic() - began, 1)
        )


def test_a_run_can_be_pinned_and_promoted_in_a_mounted_store(
    image: Image, trained_home: TrainedHome, second_home: TrainedHome, tmp_path: Path
) -> None:
    """Runs come from a mounted store: a pinned one, or the promoted, promoted by the image."""
    home = tmp_path / "home"
    shutil.copytree(second_home.path, home)
    for path in (home, *home.rglob("*")):
        os.chown(path, 10001, 10001)
    read_only = ["--volume", f"{home}:/srv/store:ro"]
    store = {"TAGLINE_STORE": "/srv/store/models"}
    with serve(
        image, tmp_path / "pinned", options=read_only, **store, TAGLINE_RUN=trained_home.run_id
    ) as pinned:
        assert served_by(pinned) == trained_home.run_id
    with serve(image, tmp_path / "log", options=read_only, **store) as container:
        assert served_by(container) == second_home.run_id
        writable = ["--volume", f"{home}:/srv/store", "--env", "BENTOML_HOME=/srv/store"]
        promoted = inside(
            image,
            *("python", "-m", "tagger", "promote", trained_home.run_id, "--force"),
            options=[*RESTRICTIONS, *writable],
        )
        assert promoted.status == 0, promoted.output
        answers = (served_by(container) for _ in range(10_000))
        assert trained_home.run_id in answers


def served_by(container: Container) -> str:
    """Tell which run answers."""
    return ask(container.url, TEXTS[0]).headers["X-Run-ID"]


def test_it_stops_while_it_starts(image: Image, tmp_path: Path) -> None:
    """SIGTERM before it is ready ends it within the grace period too."""
    with start(image, tmp_path / "log") as container:
        while "Service loaded" not in (tmp_path / "log").read_text():
            assert container.process.poll() is None
            time.sleep(0.05)
        assert container.stop(signal.SIGTERM) in {0, 128 + signal.SIGTERM}


def test_the_metrics_are_scraped_where_the_monitor_looks(server: Container) -> None:
    """The path of the ServiceMonitor shows the series that the guide's questions are about."""
    series = requests.get(f"{server.url}/metrics", timeout=10).text
    for name in ("bentoml_service_request_total", "tagline_served_run", "tagline_ready_workers"):
        assert name in series
