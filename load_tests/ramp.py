"""A ramp: more users step by step, to see where answers begin to slow (`--ramp`)."""

from __future__ import annotations

from locust import LoadTestShape

STEP_SECONDS = 15
USERS = (8, 16, 32, 64, 128, 256)
"""Users at each step."""


class Ramp(LoadTestShape):
    """Double the users every 15 seconds, from 8 to 256."""

    def tick(self) -> tuple[int, float] | None:
        """Give the users of this moment and how many may start a second; None ends the test."""
        step = int(self.get_run_time() // STEP_SECONDS)
        return (USERS[step], USERS[step]) if step < len(USERS) else None
