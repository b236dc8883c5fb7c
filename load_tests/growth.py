"""`make bench CURVES=1`: how Tagline behaves as its work grows, one curve for each thing."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import click

from load_tests import made_runs
from load_tests.bare_loop import bare_loop
from load_tests.capacity import capacity_of
from load_tests.curves import Curve, Effort, Growth, Line, Point
from load_tests.open_loop import arrive
from load_tests.results import CURVES, Row, write
from load_tests.rounds import measure, summarise
from load_tests.running import Running, running
from load_tests.subjects import TAGLINE, Ground, at_once, measuring, tagline, write_bodies
from load_tests.texts import of_length, of_words, read_texts, recurring, unknown_words
from load_tests.wrk import Sample, load
from tagger.store import Store

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024)
TEXTS_A_REQUEST = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
TEXT_LENGTHS = (10, 30, 100, 300, 1_000, 3_000, 10_000)
TAGS = (10, 100, 1_000, 5_000)
UNKNOWN_SHARES = (0, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
ARRIVALS = (0.5, 0.8, 0.95, 1.2)
FULL = Effort(rounds=2, seconds=2, most_tags=5_000)
QUICK = Effort(rounds=1, seconds=1, most_tags=1_000)
IN_FLIGHT = 2_000
"""Texts on all connections together at most, where a request brings many: with more, a second or
two would not be enough to see a request through from its start."""
RECURRING = 2_000
"""Different unknown words that recur: fewer than are remembered."""


@dataclass(frozen=True)
class Asked:
    """What a server is asked at one point."""

    x: float
    bodies: Path
    connections: int = 64
    texts: int = 1
    """Texts a request."""


def measured(server: Running, loads: Sequence[Asked], effort: Effort) -> tuple[Point, ...]:
    """Put every load on a server once a round."""
    load(server, seconds=1)
    samples = [[_sample(server, one, effort) for one in loads] for _ in range(effort.rounds)]
    return tuple(
        _medians(one, [taken[place] for taken in samples]) for place, one in enumerate(loads)
    )


def _sample(server: Running, asked: Asked, effort: Effort) -> Sample:
    return load(server, seconds=effort.seconds, connections=asked.connections, bodies=asked.bodies)


def _medians(asked: Asked, samples: Sequence[Sample]) -> Point:
    return Point(
        x=asked.x,
        per_second=statistics.median(s.requests_per_second for s in samples) * asked.texts,
        p99_ms=statistics.median(s.p99_ms for s in samples),
        failures=sum(s.failures for s in samples),
        cpu_us=statistics.median(s.cpu_us for s in samples),
    )


def curves(ground: Ground, effort: Effort) -> Iterator[Curve]:
    """Measure one curve after the other."""
    with running(tagline(ground)) as server:
        yield connections(server, ground, effort)
        yield texts_a_request(server, ground, effort)
        yield text_length(server, ground, effort)
        yield unknown_share(server, ground, effort)
        yield arrivals(server, effort)
    yield workers(ground, effort)
    yield tags(ground, effort)


def connections(server: Running, ground: Ground, effort: Effort) -> Curve:
    """Grow the connections, with the batcher and without."""
    loads = [Asked(count, ground.objects, connections=count) for count in CONNECTIONS]
    with running(at_once(ground)) as without:
        lines = (
            Line("batched", measured(server, loads, effort)),
            Line("each at once", measured(without, loads, effort)),
        )
    return Curve("connections", "Connections", "connections", "requests", lines)


def texts_a_request(server: Running, ground: Ground, effort: Effort) -> Curve:
    """Grow the texts of a request, beside a bare loop over the model."""
    texts = read_texts()
    loads = [
        Asked(
            count,
            write_bodies(ground.folder / f"texts-{count}.jsonl", _groups(texts, count)),
            connections=min(64, max(2, IN_FLIGHT // count)),
            texts=count,
        )
        for count in TEXTS_A_REQUEST
    ]
    load(server, seconds=1)
    points = tuple(_beside_bare_loop(server, one, ground, effort) for one in loads)
    return Curve(
        "texts",
        "Texts a request",
        "texts a request",
        "texts",
        (Line(TAGLINE, points),),
        ratio="a bare loop over the model",
    )


def _beside_bare_loop(server: Running, asked: Asked, ground: Ground, effort: Effort) -> Point:
    """Measure a point and the bare loop in turn, so that a slow minute slows both."""
    samples, ratios = [], []
    for _ in range(effort.rounds + 1):
        bare = bare_loop(ground.model, ground.objects, seconds=effort.seconds)
        sample = _sample(server, asked, effort)
        samples.append(sample)
        ratios.append(sample.requests_per_second * asked.texts / bare)
    return replace(_medians(asked, samples), ratio=statistics.median(ratios))


def _groups(texts: Sequence[str], count: int) -> Iterator[list[str]]:
    """Cut the texts, again and again, into a hundred groups or more of ``count``."""
    groups = max(100, len(texts) // count)
    for group in range(groups):
        yield [texts[(group * count + place) % len(texts)] for place in range(count)]


def text_length(server: Running, ground: Ground, effort: Effort) -> Curve:
    """Grow the text."""
    texts = read_texts()
    loads = [
        Asked(
            length,
            write_bodies(
                ground.folder / f"length-{length}.jsonl",
                ([text] for text in of_length(texts, length, 500)),
            ),
        )
        for length in TEXT_LENGTHS
    ]
    line = Line(TAGLINE, measured(server, loads, effort))
    return Curve("length", "Length of a text", "characters a text", "requests", (line,))


def unknown_share(server: Running, ground: Ground, effort: Effort) -> Curve:
    """Grow the share of unknown words: different ones every time, and such as recur."""
    texts = read_texts()
    known = set(ground.runs.model(ground.run_id).weights.words)
    sources = {
        "new every time": unknown_words(known, first=RECURRING),
        "recurring": recurring(known, RECURRING),
    }
    lines = []
    for name, source in sources.items():
        loads = [
            Asked(
                share,
                write_bodies(
                    ground.folder / f"{name}-{share}.jsonl",
                    ([text] for text in of_words(texts, source, share, 10_000)),
                ),
            )
            for share in UNKNOWN_SHARES
        ]
        lines.append(Line(name, measured(server, loads, effort)))
    return Curve("unknown", "Unknown words", "share of unknown words", "requests", tuple(lines))


def arrivals(server: Running, effort: Effort) -> Curve:
    """Grow the rate at which requests arrive, whether or not the last ones are answered."""
    capacity = capacity_of(server)
    points = []
    for share in ARRIVALS:
        found = arrive(server, per_second=share * capacity, seconds=2 * effort.seconds)
        points.append(
            Point(
                share,
                found.answered_per_second,
                found.p99_ms,
                failures=found.refused + found.failures,
            )
        )
    line = Line(TAGLINE, tuple(points))
    return Curve(
        "arrivals",
        "Arrivals, answered or not",
        f"share of the capacity, {capacity:,.0f} a second",
        "requests",
        (line,),
    )


def workers(ground: Ground, effort: Effort) -> Curve:
    """Grow the workers, on both cores, with wrk beside them."""
    subjects = [
        tagline(ground, f"workers-{count}", cores="0,1", TAGLINE_WORKERS=str(count))
        for count in (1, 2)
    ]
    with ExitStack() as stack:
        servers = [stack.enter_context(running(subject)) for subject in subjects]
        points = tuple(
            measured(server, [Asked(count, ground.objects)], effort)[0]
            for count, server in enumerate(servers, start=1)
        )
    line = Line(TAGLINE, points)
    return Curve("workers", "Workers", "workers, on both cores", "requests", (line,))


def tags(ground: Ground, effort: Effort) -> Curve:
    """Grow the tags of the run, made in the shape of the trained one."""
    texts = read_texts()[:500]
    source = ground.runs
    points: list[Point] = []
    for count in (count for count in TAGS if count <= effort.most_tags):
        home = ground.folder / f"tags-{count}"
        run_id = made_runs.write_run(source, ground.run_id, Store(home), tags=count, texts=texts)
        larger = replace(ground, store=home / "models", run_id=run_id)
        subject = tagline(larger, f"serving-{count}")
        with running(subject) as server:
            points += measured(server, [Asked(count, ground.objects)], effort)
    return Curve("tags", "Tags", "tags of the run", "requests", (Line(TAGLINE, tuple(points)),))


def one_connection(ground: Ground, effort: Effort) -> Row:
    """Set the batcher beside answering at once, at one connection, in many short rounds."""
    own, other = tagline(ground), at_once(ground)
    samples = measure([own, other], rounds=4 * effort.rounds, seconds=1, connections=1)
    return summarise(own, samples, other.name)


@click.command()
@click.option("--quick", is_flag=True, help="One second a point, and no run of 5,000 tags.")
def main(*, quick: bool) -> None:
    """Measure all curves on the promoted run of BENTOML_HOME.

    Example: make bench CURVES=1
    """
    effort = QUICK if quick else FULL
    found = []
    with measuring() as (ground, on):
        for curve in curves(ground, effort):
            curve.table().show(curve.title)
            found.append(curve)
        alone = one_connection(ground, effort)
    click.echo(f"At one connection {alone.ratio:.2f} of the rate of answering at once.")
    write(Growth(on, effort, tuple(found), alone), CURVES)


if __name__ == "__main__":
    main()
