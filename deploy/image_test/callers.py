"""Callers who ask without pause, never ask twice for the same answer, and count what they get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from typing import Any, Self

import requests

TEXTS = (
    "Simmer the broth with onion and garlic.",
    "A telescope and a comet.",
    "The striker scored twice before the break.",
    "Prune the roses in early spring.",
)
CALLERS = 16
THINKING_SECONDS = 0.005
"""Between two requests of a caller: leaves the servers a share of a small machine."""
Predictions = Mapping[str, Any]
"""What a run predicts, by text."""


def ask(url: str, text: str, *, session: requests.Session | None = None) -> requests.Response:
    """Ask for the tags of a text, by a connection of its own unless a session is given."""
    body = {"texts": [{"text": text}]}
    if session is not None:
        return session.post(f"{url}/predict", json=body, timeout=20)
    return requests.post(f"{url}/predict", json=body, timeout=20, headers={"Connection": "close"})


def predictions_of(url: str) -> Predictions:
    """Ask a server for its predictions of all texts."""
    return {text: ask(url, text).json()["data"]["predictions"] for text in TEXTS}


@dataclass
class Tally:
    """What the callers got."""

    answered: Counter[str] = field(default_factory=Counter)
    """Right answers, by run."""
    told_to_close: int = 0
    """Right answers on lasting connections that said it was the last one."""
    lost: list[str] = field(default_factory=list)
    """Requests without an answer, or with another than 200, each in a few words."""
    mixed: list[str] = field(default_factory=list)
    """Answers that no single run gives."""

    @property
    def requests(self) -> int:
        """All requests that were made."""
        return self.answered.total() + len(self.lost) + len(self.mixed)


class Callers:
    """Sixteen callers at once; half keep their connection, half make a new one each time."""

    def __init__(self, url: str, known: Mapping[str, Predictions]) -> None:
        self.tally = Tally()
        self._url = url
        self._known = known
        self._over = Event()
        self._counted = Condition()
        self._threads = [
            Thread(target=self._call, args=(number, number % 2 == 0), name=f"caller {number}")
            for number in range(CALLERS)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> Tally:
        """Send no more, wait for what is under way, and give the tally."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.tally

    def wait_for(self, more: int) -> None:
        """Wait until so many more requests have ended, whichever way."""
        with self._counted:
            goal = self.tally.requests + more
            assert self._counted.wait_for(lambda: self.tally.requests >= goal, timeout=60)

    def _call(self, number: int, keeps_connection: bool) -> None:  # noqa: FBT001 - a thread's argument
        session = requests.Session() if keeps_connection else None
        while not self._over.wait(THINKING_SECONDS):
            text = TEXTS[number % len(TEXTS)]
            try:
                answer = ask(self._url, text, session=session)
                self._count(answer, text)
            except requests.RequestException as fault:
                self._count(fault, text)
        if session is not None:
            session.close()

    def _count(self, outcome: requests.Response | requests.RequestException, text: str) -> None:
        with self._counted:
            if isinstance(outcome, requests.RequestException):
                self.tally.lost.append(type(outcome).__name__)
            elif outcome.status_code != requests.codes.ok:
                self.tally.lost.append(f"status {outcome.status_code}")
            else:
                self._count_answer(outcome, text)
            self._counted.notify_all()

    def _count_answer(self, answer: requests.Response, text: str) -> None:
        data = answer.json()["data"]
        run_id = data["run_id"]
        right = self._known.get(run_id, {}).get(text) == data["predictions"]
        if not right or answer.headers.get("X-Run-ID") != run_id:
            self.tally.mixed.append(f"{answer.headers.get('X-Run-ID')}: {data}")
            return
        self.tally.answered[run_id] += 1
        self.tally.told_to_close += (
            answer.headers.get("Connection", "").lower() == "close"
            and answer.request.headers.get("Connection") == "keep-alive"
        )
