"""Whether scores mean what they say: the reliability curve and the Brier score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from tagger.exam import KEPT_FROM
from training.report.charts import Chart, Figure, shares
from training.report.examined import Examined
from training.report.resampling import Interval, wilson
from training.report.wording import of_100

EDGES = np.append(KEPT_FROM, np.linspace(0.1, 1, 10))
"""Between the ten steps of scores. Of lower ones an exam keeps those of true tags, and few others:
they would all seem to come true."""
SHOWN_FROM = 10
"""Scores that a step needs to be drawn."""
DECIDING_FROM = 0.1
"""Lower scores are nearly all of them, and hardly ever give a tag."""
HONEST = 0.05
"""Mean distance between a score and what came true, up to which scores are called honest; or up to
twice what chance makes of true probabilities, if that is more."""


@dataclass(frozen=True, slots=True)
class Step:
    """Scores of about the same height, and how often they came true."""

    low: float
    high: float
    mean: float
    true: float
    interval: Interval
    scores: int


@dataclass(frozen=True, slots=True)
class Apart:
    """How far scores of `DECIDING_FROM` or more and what came true are apart on average."""

    found: float
    by_chance: float
    """What is to be expected of scores that are true probabilities, of so few."""


@dataclass(frozen=True, slots=True)
class CalibrationSection:
    """The steps, from the lowest scores on."""

    lead: str
    steps: tuple[Step, ...]
    apart: Apart | None
    """None where no step of such scores is drawn."""
    brier: float
    brier_of_shares: float
    """Of a tagger that gives each tag its share of the texts, whatever the text."""
    chart: Chart


def calibration_section(examined: Examined) -> CalibrationSection:
    """Set the test's scores beside the truth.

    The exam leaves out scores that are too low to decide anything: in the Brier score they count
    as 0.
    """
    test = examined.exam.test
    truth, scores = test.truth, test.scores.astype(np.float64)
    drawn = scores >= KEPT_FROM
    steps = _steps(scores[drawn], truth[drawn])
    deciding = [step for step in steps if step.low >= DECIDING_FROM]
    apart = _apart(deciding) if deciding else None
    share = examined.exam.training.truth.mean(axis=0)
    return CalibrationSection(
        lead=_lead(deciding, apart),
        steps=steps,
        apart=apart,
        brier=float(np.square(scores - truth).mean()),
        brier_of_shares=float(np.square(share - truth).mean()),
        chart=Chart(
            "How often scores of each height came true",
            shares("Score that it gave"),
            shares("Came true"),
            tuple(
                Figure(step.mean, step.true, step.interval.low, step.interval.high)
                for step in steps
            ),
            ideal=(Figure(0, 0), Figure(1, 1)),
        ),
    )


def _steps(scores: NDArray[np.float64], came_true: NDArray[np.bool_]) -> tuple[Step, ...]:
    step_of = np.clip(np.digitize(scores, EDGES) - 1, 0, len(EDGES) - 2)
    found = []
    for step in range(len(EDGES) - 1):
        inside = step_of == step
        count = int(inside.sum())
        if count >= SHOWN_FROM:
            true = float(came_true[inside].mean())
            found.append(
                Step(
                    low=float(EDGES[step]),
                    high=float(EDGES[step + 1]),
                    mean=float(scores[inside].mean()),
                    true=true,
                    interval=wilson(true, count),
                    scores=count,
                )
            )
    return tuple(found)


def _apart(steps: Sequence[Step]) -> Apart:
    counts = [step.scores for step in steps]
    found = [abs(step.mean - step.true) for step in steps]
    # The mean distance of a normal number of this spread from its middle.
    by_chance = [sqrt(2 / pi * step.mean * (1 - step.mean) / step.scores) for step in steps]
    return Apart(*(float(np.average(each, weights=counts)) for each in (found, by_chance)))


def _lead(steps: Sequence[Step], apart: Apart | None) -> str:
    if apart is None:
        return (
            f"The test holds too few scores of {DECIDING_FROM} or more to say whether scores mean "
            "what they say."
        )
    honest = apart.found <= max(HONEST, 2 * apart.by_chance)
    told = (
        min(steps, key=lambda step: abs(step.mean - 0.75))
        if honest
        else max(steps, key=lambda step: abs(step.mean - step.true) * step.scores)
    )
    example = (
        f"of 100 tags scored about {told.mean:.2f}, {of_100(told.true)} are right"
        f"{'' if told.scores >= 50 else f' (judged by only {told.scores})'}"
    )
    if honest:
        return f"A score can be read as a probability: {example}."
    return f"Read scores as an order, not as probabilities: {example}."
