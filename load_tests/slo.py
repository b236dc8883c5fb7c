"""What the service promises under the load of `users.py`; the only place to change a promise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from locust.stats import StatsEntry

WRONG = "wrong answer"
"""Begins the message of a failure in which the server answered, and answered wrongly."""


@dataclass(frozen=True)
class Objective:
    """What one kind of request must keep."""

    name: str
    p99_milliseconds: float


OBJECTIVES = (
    Objective("form: 1 text", 250),
    Objective("app: 5 to 50 texts", 500),
    Objective("importer: 1,000 texts", 3_000),
    Objective("reader", 500),
    Objective("mistaken client", 250),
)
ERROR_SHARE = 0.001
"""Share of all requests that may fail; a wrong answer is allowed nowhere."""


def missed(entries: Iterable[StatsEntry], *, requests: int, failures: int, wrong: int) -> list[str]:
    """Say each objective that was missed, in a sentence with both figures; none: all were kept."""
    by_name = {entry.name: entry for entry in entries}
    sentences = []
    if requests and failures / requests > ERROR_SHARE:
        sentences.append(
            f"{failures} of {requests} requests failed; {ERROR_SHARE:.1%} of them may."
        )
    if wrong:
        sentences.append(f"{wrong} answers were wrong; none may be.")
    for objective in OBJECTIVES:
        entry = by_name.get(objective.name)
        if entry is None or not entry.num_requests:
            sentences.append(f"{objective.name}: no answer came; give it more users or seconds.")
            continue
        measured = entry.get_response_time_percentile(0.99)
        if measured > objective.p99_milliseconds:
            sentences.append(
                f"{objective.name}: 99 of 100 answers within {measured:.0f} ms; "
                f"{objective.p99_milliseconds:.0f} ms are promised."
            )
    return sentences
