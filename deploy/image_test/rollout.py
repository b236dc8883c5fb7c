"""A Deployment as a cluster's controller runs it: pods, their endpoints, and a rolling update."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread, Timer
from typing import Self

from deploy.image_test.balancer import Balancer
from deploy.image_test.manifests import Manifest
from deploy.image_test.pod import Pod

ENDPOINT_LAG_SECONDS = 1.0
"""Between a pod's deletion and the moment when the last node has heard of it."""
READY_SECONDS = 90


class Rollout:
    """The replicas of a Deployment behind a balancer, for as long as its context lasts."""

    def __init__(self, settings: Manifest, balancer: Balancer, folder: Path) -> None:
        self._settings = settings
        self._balancer = balancer
        self._folder = folder
        self._pods: list[Pod] = []
        self._all: list[Pod] = []
        self._ending: list[Thread] = []
        self.exit_statuses: list[int] = []
        """Of the pods that were ended."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._ending:
            thread.join()
        for pod in self._all:
            pod.remove()

    def start(self, deployment: Manifest) -> None:
        """Start one more replica and wait until it has been ready for minReadySeconds."""
        pod = Pod(
            deployment,
            self._settings,
            name=f"tagline-{len(self._all)}",
            folder=self._folder,
            on_ready=self._endpoint,
        )
        self._pods.append(pod)
        self._all.append(pod)
        assert pod.ready.wait(READY_SECONDS), f"{pod.name} did not become ready"
        time.sleep(deployment["spec"].get("minReadySeconds", 0))

    def update(self, deployment: Manifest) -> None:
        """Put a new replica in the place of each old one: maxSurge 1, maxUnavailable 0."""
        strategy = deployment["spec"]["strategy"]["rollingUpdate"]
        assert strategy == {"maxSurge": 1, "maxUnavailable": 0}
        for old in list(self._pods):
            self.start(deployment)
            self._end(old)
        for thread in self._ending:
            thread.join()

    def _end(self, pod: Pod) -> None:
        # A cluster begins both at the same moment: nodes are told, and the kubelet ends the pod.
        self._pods.remove(pod)
        Timer(ENDPOINT_LAG_SECONDS, self._balancer.dismiss, [pod.port]).start()
        thread = Thread(target=lambda: self.exit_statuses.append(pod.end()))
        thread.start()
        self._ending.append(thread)

    def _endpoint(self, pod: Pod, ready: bool) -> None:  # noqa: FBT001 - a condition
        if ready:
            self._balancer.admit(pod.port)
        else:
            Timer(ENDPOINT_LAG_SECONDS, self._balancer.dismiss, [pod.port]).start()
