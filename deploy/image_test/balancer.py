"""A Service as a cluster's nodes make it: connections go to ready pods, and nothing is retried."""

from __future__ import annotations

import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Self

from load_tests.running import free_port

SLOTS = 8
CONFIGURATION = """
global
  stats socket {control} level admin

defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  retries 0
  no option redispatch

frontend service
  bind 127.0.0.1:{port}
  default_backend pods

backend pods
  balance roundrobin
  server-template pod {slots} 127.0.0.1:1 disabled
"""
"""haproxy stands for kube-proxy only as long as it does no more: no HTTP, no checks, no retries."""


class Balancer:
    """haproxy in a process of its own, whose pods come and go by its control socket."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._control = folder / "control"
        self._file = folder / "haproxy.cfg"
        self._file.write_text(
            CONFIGURATION.format(control=self._control, port=self.port, slots=SLOTS)
        )
        self._free = list(range(1, SLOTS + 1))
        self._slots: dict[int, int] = {}
        """Slot of each pod, by the pod's port."""
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(["haproxy", "-db", "-f", self._file])
        while self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return self
        raise AssertionError("haproxy ended before it listened")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def admit(self, port: int) -> None:
        """Send connections to the pod on this port too."""
        with self._lock:
            if port not in self._slots:
                self._slots[port] = slot = self._free.pop(0)
                self._tell(f"set server pods/pod{slot} addr 127.0.0.1 port {port}")
                self._tell(f"set server pods/pod{slot} state ready")

    def dismiss(self, port: int) -> None:
        """Send no new connection to the pod on this port; those that stand go on."""
        with self._lock:
            if slot := self._slots.pop(port, None):
                self._tell(f"set server pods/pod{slot} state maint")
                self._free.append(slot)

    def _tell(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self._control))
            control.sendall(command.encode() + b"\n")
            answer = control.recv(4096).decode().strip()
        assert not answer or "IP changed" in answer or "port changed" in answer, answer
