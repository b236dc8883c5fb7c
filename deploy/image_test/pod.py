"""One replica by `podman kube play`, and what a kubelet does for it: probes, preStop, the end."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import requests
import yaml

from deploy.image_test.containers import PODMAN, podman, run
from deploy.image_test.manifests import Manifest
from load_tests.running import free_port


@dataclass(frozen=True)
class Probe:
    """A probe by HTTP, as the manifest has it."""

    path: str
    period: float
    timeout: float
    failures: int

    @classmethod
    def of(cls, container: Manifest, name: str) -> Probe:
        """Read a probe of a container."""
        probe = container[name]
        return cls(
            probe["httpGet"]["path"],
            probe["periodSeconds"],
            probe["timeoutSeconds"],
            probe["failureThreshold"],
        )

    def passes(self, url: str) -> bool:
        """Ask once."""
        try:
            return requests.get(url + self.path, timeout=self.timeout).ok
        except requests.RequestException:
            return False


def playable(deployment: Manifest, name: str, port: int) -> Manifest:
    """Make the one pod of a Deployment's template that podman can run beside others.

    Its own names, because replicas would share one emptyDir; its port on 127.0.0.1 alone; without
    what this module does in podman's place.
    """
    template: Manifest = copy.deepcopy(deployment["spec"]["template"])
    container = template["spec"]["containers"][0]
    container["ports"][0] |= {"hostIP": "127.0.0.1", "hostPort": port}
    for handled in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle"):
        container.pop(handled, None)
    for volume in template["spec"]["volumes"]:
        if "emptyDir" in volume:
            named = f"{volume['name']}-{name}"
            mounts = container["volumeMounts"]
            for mount in (mount for mount in mounts if mount["name"] == volume["name"]):
                mount["name"] = named
            volume["name"] = named
    template["metadata"]["name"] = name
    return {"apiVersion": "v1", "kind": "Pod"} | template


class Pod:
    """A replica from its start to its end."""

    def __init__(
        self,
        deployment: Manifest,
        settings: Manifest,
        *,
        name: str,
        folder: Path,
        on_ready: Callable[[Pod, bool], None],
    ) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.container = f"{name}-{deployment['spec']['template']['spec']['containers'][0]['name']}"
        self.ready = Event()
        self._spec = deployment["spec"]["template"]["spec"]
        self._on_ready = on_ready
        self._over = Event()
        self._file = folder / f"{name}.yaml"
        self._file.write_text(yaml.safe_dump_all([settings, playable(deployment, name, self.port)]))
        played = run([PODMAN, "kube", "play", self._file], folder=folder)
        assert played.status == 0, played.output
        self._kubelet = Thread(target=self._probe, name=f"kubelet of {name}")
        self._kubelet.start()

    def _probe(self) -> None:
        container = self._spec["containers"][0]
        started = Probe.of(container, "startupProbe")
        while not started.passes(self.url) and not self._over.wait(started.period):
            pass
        readiness = Probe.of(container, "readinessProbe")
        failed = readiness.failures
        while not self._over.is_set():
            failed = 0 if readiness.passes(self.url) else failed + 1
            if failed == 0 and not self.ready.is_set():
                self.ready.set()
                self._on_ready(self, True)
            elif failed >= readiness.failures and self.ready.is_set():
                self.ready.clear()
                self._on_ready(self, False)
            self._over.wait(readiness.period)

    def end(self) -> int:
        """Delete the pod as a kubelet does: preStop, SIGTERM, the rest of the grace period.

        Returns the container's exit status; 137: it had to be killed.
        """
        self._over.set()
        container = self._spec["containers"][0]
        grace = self._spec["terminationGracePeriodSeconds"]
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        time.sleep(pause)
        podman("stop", "--time", str(grace - pause), self.container)
        status = int(podman("inspect", "--format", "{{.State.ExitCode}}", self.container))
        self.remove()
        return status

    def remove(self) -> None:
        """Take away whatever is left of the pod."""
        self._over.set()
        self._kubelet.join()
        podman("pod", "rm", "--force", "--time", "0", "--ignore", self.name)
        podman("volume", "prune", "--force")
