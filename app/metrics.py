"""Every series that /metrics shows.

A request only appends to a list; twice a second the lists are written to prometheus_client's files,
since to write its four observations by itself would cost each request 9 us. Requests are counted
under BentoML's own names, so that dashboards made for it work, but by the route's template: BentoML
would keep a series for every run id or tag that anybody asked for.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = tuple(2**power for power in range(13))
FLUSH_SECONDS = 0.5
Noted = tuple[int, float, Sequence[float]]
"""A batch: how many texts, how many seconds it took, and how many seconds each request of which it
holds the first texts had waited."""


class BulkHistogram(Histogram):
    """A histogram that takes many observations at once.

    The only place that uses private attributes of prometheus_client; tried with 0.26.
    """

    def observe_many(self, values: Sequence[float]) -> None:
        """Do what a loop of ``observe`` would do."""
        counts = [0] * len(self._buckets)
        for value in values:
            counts[bisect_left(self._upper_bounds, value)] += 1
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(sum(values))


class Metrics:
    """The series of one worker. Make it once, where PROMETHEUS_MULTIPROC_DIR is already set.

    ``service`` and ``version`` are what BentoML's own series have as labels.
    """

    def __init__(self, service: str, version: str) -> None:
        by_service = ("endpoint", "service_name", "service_version", "runner_name")
        by_status = (*by_service[:-1], "http_response_code", "runner_name")
        self._labels = {
            "service_name": service,
            "service_version": version,
            "runner_name": service,
        }
        # In no registry: BentoML gathers all series from the files of all workers.
        self._requests = Counter(
            "bentoml_service_request_total", "Answers", by_status, registry=None
        )
        self._duration = BulkHistogram(
            "bentoml_service_request_duration_seconds",
            "Time to answer, by route and status",
            by_status,
            buckets=SECONDS,
            registry=None,
        )
        self._in_progress = Gauge(
            "bentoml_service_request_in_progress",
            "Requests that wait for their answer",
            by_service,
            multiprocess_mode="livesum",
            registry=None,
        )
        self._batch_texts = BulkHistogram(
            "tagline_batch_texts",
            "Texts in a batch, for their tags or for the evidence",
            ["work"],
            buckets=SIZES,
            registry=None,
        )
        self._batch_seconds = BulkHistogram(
            "tagline_batch_seconds",
            "Time to compute a batch",
            ["work"],
            buckets=SECONDS,
            registry=None,
        )
        self._queue_seconds = BulkHistogram(
            "tagline_queue_wait_seconds",
            "Time that a request waited for its first batch",
            ["work"],
            buckets=SECONDS,
            registry=None,
        )
        self._queue_texts = Gauge(
            "tagline_queue_texts",
            "Texts that wait for a batch",
            multiprocess_mode="livesum",
            registry=None,
        )
        self._served = Gauge(
            "tagline_served_run",
            "1 for the run that is served",
            ["run_id"],
            multiprocess_mode="livemax",
            registry=None,
        )
        self._taken_up = Counter(
            "tagline_run_taken_up_total", "Runs taken up without a restart", registry=None
        )
        self._refused = Counter(
            "tagline_run_refused_total",
            "Promoted runs that failed to load or to give their check scores",
            registry=None,
        )
        self._ready = Gauge(
            "tagline_ready_workers",
            "Workers that said to be ready when /readyz asked them last",
            multiprocess_mode="livesum",
            registry=None,
        )
        self._works_with = Gauge(
            "tagline_worker_info",
            "1 for what the workers' connections run on",
            ["loop", "protocol"],
            multiprocess_mode="livemax",
            registry=None,
        )
        self.in_progress: defaultdict[str, int] = defaultdict(int)
        """Requests that wait for their answer now, by template; kept by `edge`."""
        self._answers: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self._batches: defaultdict[str, list[Noted]] = defaultdict(list)
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """Note an answer by its route's template."""
        self._answers[endpoint, status].append(seconds)
        self.flush_soon()

    def flush_soon(self) -> None:
        """Write what was noted within `FLUSH_SECONDS`: then every worker's /metrics shows it."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def batched(
        self, work: str, size: int, seconds: float, waits: Sequence[float], *, waiting: int
    ) -> None:
        """Note a batch, if it held any text, and how many texts wait for one."""
        if size:
            self._batches[work].append((size, seconds, waits))
        self._waiting = waiting

    def serves(self, run_id: str, *, instead_of: str | None) -> None:
        """Note which run is served from now on."""
        if instead_of is not None:
            self._served.labels(instead_of).set(0)
            self._taken_up.inc()
        self._served.labels(run_id).set(1)

    def works_with(self, *, loop: str, protocol: str) -> None:
        """Note what the connections of this worker run on."""
        self._works_with.labels(loop, protocol).set(1)

    def refused(self) -> None:
        """Note that a promoted run was not taken up."""
        self._refused.inc()

    def ready(self, *, ready: bool) -> None:
        """Note whether this worker is ready."""
        self._ready.set(ready)

    def flush(self) -> None:
        """Write what was noted since the last time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for (endpoint, status), seconds in self._answers.items():
            labels = {"endpoint": endpoint, "http_response_code": str(status), **self._labels}
            self._requests.labels(**labels).inc(len(seconds))
            self._duration.labels(**labels).observe_many(seconds)
        self._answers.clear()
        for work, batches in self._batches.items():
            self._batch_texts.labels(work).observe_many([size for size, _, _ in batches])
            self._batch_seconds.labels(work).observe_many([seconds for _, seconds, _ in batches])
            waits = [wait for _, _, waits in batches for wait in waits]
            self._queue_seconds.labels(work).observe_many(waits)
            batches.clear()
        self._queue_texts.set(self._waiting)
        for endpoint, waiting in self.in_progress.items():
            self._in_progress.labels(endpoint=endpoint, **self._labels).set(waiting)
