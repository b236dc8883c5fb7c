"""What the sections of a report say: what the texts bear out, of the texts that are meant."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.exam import Exam, without_idle_scores
from tagger.records import Params
from tagger.sources import STANDARD_INPUT
from tagger.store import Store
from tagger.writing import writing
from tests.conftest import TrainedHome
from tests.runs import TABLE, answers, made_run
from training.auxiliary import CATALOGUE
from training.data import read_dataset
from training.evaluate import measure, truth_of
from training.labelled import Reading
from training.report.calibration import HONEST, calibration_section
from training.report.examined import Examined
from training.report.mistaken import mistaken_section
from training.report.more_rows import more_rows_section
from training.report.overall import overall_section
from training.report.resampling import interval, resample
from training.report.suspects import suspects_section
from training.report.table import find_table, known_texts
from training.report.tag_by_tag import tags_section
from training.runs import make_run
from training.split import split


def test_an_interval_lies_about_its_figure_not_about_the_draws() -> None:
    """Draws of macro F1 with rare tags lie below it, as it lies below the true one: both count."""
    draws = np.random.default_rng(0).normal(0.5, 0.1, 1000)
    for value, low, high in ((0.5, 0.304, 0.696), (0.55, 0.404, 0.796)):
        found = interval(value, draws, texts=300)
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.04)
    for value, low, high in ((0.9, 0.9, 1), (0.7, 0.7, 1), (0.1, 0, 0.1)):  # beyond every draw
        found = interval(value, 0.5 + (draws - 0.5) / 10, texts=300)
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.1)
        assert 0 <= found.low <= value <= found.high <= 1


def test_a_test_without_an_error_is_no_proof_of_none() -> None:
    """Where all was right, or nothing of a tag, intervals are those of so few texts."""
    made = made_run()
    truth = made.exam.test.truth
    predicted = truth.copy()
    predicted[:, 0] = False
    tags = made.run.tags
    for given, ends in ((truth, ("high", 1.0)), (predicted, ("low", 0.0))):
        run = replace(made.run, performance=measure(truth, given, tags))
        examined = Examined.of(run, made.model, Exam(answers(truth, given), made.exam.training))
        drawn = resample(truth, given)
        row = next(row for row in tags_section(examined, drawn).rows if row.tag == tags[0])
        assert getattr(row.interval, ends[0]) == pytest.approx(ends[1])
        assert row.interval.high - row.interval.low > 1 / row.support
    told = overall_section(Examined.of(made.run, made.model, made.exam), resample(truth, truth))
    assert all(0.9 < one.interval.low < 0.99 for one in told.measures)


def test_the_curve_of_a_part_of_the_table_ends_at_what_the_part_teaches(tmp_path: Path) -> None:
    """The run has learnt from more texts than the table given holds."""
    table, made = tmp_path / "table.csv", made_run()
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    parts = split(read_dataset(str(TABLE), Reading()), made.run.params)
    held = (1, *parts.training.numbers[:24], *parts.test.numbers)
    table.write_text("\n".join(lines[number - 1] for number in held))
    known = known_texts(read_dataset(str(table), Reading()), made.run, made.exam)
    examined = Examined.of(made.run, made.model, made.exam)
    section = more_rows_section(examined, known, step=lambda _: None)
    assert section
    assert section.learnt[-1].texts == 24
    assert section.learnt[-1].f1 < made.run.performance.overall.f1 - 0.01


def test_a_small_test_does_not_say_that_more_rows_promise_little(tmp_path: Path) -> None:
    """Where the second half may have brought much or nothing, neither is said."""
    table, params = tmp_path / "table.csv", Params(min_support=2)
    table.write_text("\n".join(TABLE.read_text(encoding="utf-8").splitlines()[:61]))
    dataset = read_dataset(str(table), Reading())
    made = make_run(dataset, split(dataset, params), params)
    examined = Examined.of(made.run, made.model, made.exam)
    known = known_texts(dataset, made.run, made.exam)
    section = more_rows_section(examined, known, step=lambda _: None)
    assert section
    assert section.learnt[-1].f1 - section.learnt[-2].f1 > 0.05
    assert "cannot be told from so small a test" in section.lead


@pytest.mark.parametrize(
    ("texts", "power", "lead"),
    [(15, 1, "A score can be read as a prob"), (400, 2, "Read scores as an order")],
)
def test_scores_are_judged_beyond_chance(texts: int, power: int, lead: str) -> None:
    """Few true probabilities are not called untrue for what chance does; squared ones are."""
    made, random = made_run(), np.random.default_rng(0)
    scores = random.uniform(size=(texts, len(made.run.tags)))
    truth = random.uniform(size=scores.shape) < scores**power
    test = answers(truth, truth)
    test = replace(test, scores=scores.astype(np.float32))
    section = calibration_section(Examined.of(made.run, made.model, Exam(test, made.exam.training)))
    assert section.apart
    assert section.apart.found > HONEST
    assert section.lead.startswith(lead)
    example = re.search(r"scored about (\S+), (\d+) are right", section.lead)
    assert example
    if power > 1:  # the example shows what it is an example of
        assert float(example[1]) - int(example[2]) / 100 > HONEST


def test_the_likeliest_mix_up_is_the_larger_share() -> None:
    """Of pairs of tags that as many texts mix up, the rarer true one is told."""
    made = made_run()
    truth = np.zeros((40, len(made.run.tags)), np.bool_)
    truth[:30, 0] = truth[30:, 1] = True
    given = truth.copy()
    for mixed in (slice(0, 3), slice(30, 33)):
        given[mixed] = False
        given[mixed, 2] = True
    test = answers(truth, given)
    examined = Examined.of(made.run, made.model, Exam(test, made.exam.training))
    told = mistaken_section(examined)
    assert [(pair.texts, pair.support) for pair in told.pairs] == [(3, 10), (3, 30)]
    assert "3 of the 10 texts" in told.lead


def test_the_lowest_scores_of_true_tags_are_not_drawn_alone() -> None:
    """An exam keeps all scores from 0.01 on, and below that hardly any but those of true tags."""
    made, random = made_run(), np.random.default_rng(0)
    scores = random.uniform(0, 0.1, size=(2000, len(made.run.tags)))
    truth = random.uniform(size=scores.shape) < scores
    kept = without_idle_scores(scores.astype(np.float32), truth, np.full(len(made.run.tags), 0.5))
    test = replace(answers(truth, truth), scores=kept)
    section = calibration_section(Examined.of(made.run, made.model, Exam(test, made.exam.training)))
    (step,) = section.steps
    assert (step.low, step.high) == (0.01, 0.1)
    assert step.true == truth[scores >= 0.01].mean()


def test_a_column_of_numbers_slices_by_naught_too(tmp_path: Path) -> None:
    """0 and false are values as any other; none is the empty one."""
    table, made = tmp_path / "table.jsonl", made_run()
    values = (0, False, 1.5, None)
    with writing(table) as write, TABLE.open(encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            write(row | {"kind": values[number % 4]})
    known = known_texts(read_dataset(str(table), Reading()), made.run, made.exam)
    assert set(known.column("kind", Reading())) == {"0", "False", "1.5", ""}


@pytest.mark.parametrize("changed", [0, 100])
def test_a_column_stands_beside_the_texts_of_the_test(tmp_path: Path, changed: int) -> None:
    """Its values slice the texts that they belong to; a text of other tags is none of the run's."""
    table, made = tmp_path / "table.csv", made_run()
    with writing(table) as write, TABLE.open(encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            tags = "other" if number < changed else row["tags"]
            write(row | {"tags": tags, "before": row["tags"]})
    known = known_texts(read_dataset(str(table), Reading()), made.run, made.exam)
    assert (known.whole, known.texts) == (not changed, 250 - changed)
    values = known.column("before", Reading())
    assert sum(map(bool, values)) == len(known.test.places)
    truth = truth_of([value.split("|") for value in values], made.run.tags)
    filled = np.array(values) != ""
    assert (truth[filled] == made.exam.test.truth[filled]).all()


def test_the_command_for_all_doubtful_rows_can_be_typed(trained_home: TrainedHome) -> None:
    """It names the table, unless that is the embedded one, how it was read, and what for."""
    store = Store(trained_home.path)
    run, exam = store.run(trained_home.run_id), store.exam(trained_home.run_id)
    examined = Examined.of(run, store.model(run.run_id), exam)
    table = find_table(str(TABLE), run, exam, Reading())
    assert table is not None
    params = replace(run.params, task="single", min_support=3)
    examined = replace(examined, run=replace(run, params=params))
    command = suspects_section(examined, table, ("--separator", "; ")).command
    assert command == (
        "python -m training train table.csv --separator '; ' "
        f"--model {params.model} --task single --min-support 3 --suspects suspects-{run.run_id}.csv"
    )
    embedded = suspects_section(examined, replace(table, source=str(CATALOGUE))).command
    assert embedded.startswith("python -m training train --model")
    piped = suspects_section(examined, replace(table, source=STANDARD_INPUT)).command
    assert piped.startswith("python -m training train - --model")


def test_its_own_table_is_found(
    trained_home: TrainedHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the table's name in this folder is taken if it has the same rows, else none is."""
    store = Store(trained_home.path)
    run, exam = store.run(trained_home.run_id), store.exam(trained_home.run_id)
    monkeypatch.chdir(tmp_path)
    assert find_table(None, run, exam, Reading()) is None
    Path("table.csv").write_text(TABLE.read_text())
    found = find_table(None, run, exam, Reading())
    assert found is not None
    assert found.whole
    for changed in (f"{TABLE.read_text()}one more,cooking\n", "no table at all"):
        Path("table.csv").write_text(changed)
        assert find_table(None, run, exam, Reading()) is None
