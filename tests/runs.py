"""Runs for tests of the store: made once in this process, given other names and other answers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from tagger.exam import Answers, Exam
from tagger.records import Params
from tagger.store import Store
from training.data import read_dataset
from training.labelled import Reading
from training.runs import Made, make_run
from training.split import split

TABLE = Path(__file__).parent / "table.csv"
"""250 made-up texts with six tags, one or two each."""


@cache
def made_run() -> Made:
    """Train on the tests' table, without a store."""
    params = Params()
    dataset = read_dataset(str(TABLE), Reading())
    return make_run(dataset, split(dataset, params), params)


def named(run_id: str, made: Made | None = None) -> Made:
    """Give a made run another name."""
    made = made or made_run()
    return replace(made, run=replace(made.run, run_id=run_id))


def single(run_id: str) -> Made:
    """Give a made run another name, and the task of one tag a text."""
    made = named(run_id)
    params = replace(made.run.params, task="single")
    policy = replace(made.model.policy, task="single")
    run, model = replace(made.run, params=params), replace(made.model, policy=policy)
    return replace(made, run=run, model=model)


def answering(made: Made, test: Answers) -> Made:
    """Give a made run other answers to its test."""
    return replace(made, exam=Exam(test, made.exam.training))


FAMILIAR = 1e9
"""So familiar that no run abstains."""


def answers(truth: np.ndarray, predicted: np.ndarray) -> Answers:
    """Make an exam's answers from the truth and what is to be predicted, (texts, tags) each."""
    texts = len(truth)
    return Answers(
        np.arange(texts, dtype=np.uint64),
        truth.astype(np.bool_),
        np.where(predicted, 0.99, 0.0).astype(np.float32),
        np.full(texts, FAMILIAR, np.float32),
    )


def put(store: Store, made: Made) -> bool:
    """Write a made run; whether it was promoted as the first."""
    return store.write(made.run, made.model, made.exam)


def store_of_two(home: Path) -> Store:
    """Fill a store with the runs ``first``, promoted, and ``second``."""
    store = Store(home)
    for run_id in ("first", "second"):
        put(store, named(run_id))
    return store
