"""The report of a run: one page that an owner can decide by, with the figures that are stored."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tagger.exam import Exam, without_idle_scores
from tagger.gate import Gate
from tagger.records import Params, Run
from tagger.sources import STANDARD_INPUT
from tagger.store import Store
from tagger.writing import writing
from tests.browsing import browser, left_of, watch
from tests.conftest import TrainedHome
from tests.runs import TABLE, answering, answers, made_run, named, put, single
from tests.serving import run_python
from training.auxiliary import CATALOGUE
from training.data import read_dataset
from training.evaluate import measure, truth_of
from training.labelled import Reading
from training.out_of_domain import texts_by_kind
from training.report.beside import beside_section
from training.report.calibration import HONEST, calibration_section
from training.report.examined import Examined
from training.report.mistaken import mistaken_section
from training.report.more_rows import more_rows_section
from training.report.overall import overall_section
from training.report.resampling import interval, resample
from training.report.slices import STORED
from training.report.suspects import suspects_section
from training.report.table import find_table, known_texts
from training.report.tag_by_tag import tags_section
from training.runs import make_run
from training.split import split

__all__ = ["browser"]

OpenReport = Callable[..., Page]
MARKUP = '<img src=x onerror="document.title = 1"><script>document.title = 2</script>{{ 7 * 7 }}'
HEBREW = "\u05de\u05e8\u05e7!"
SECTIONS = [
    *("decision", "overall", "tags", "slices", "mistaken", "more-rows", "words", "calibration"),
    *("abstaining", "suspects", "card"),
]


@dataclass(frozen=True)
class Written:
    """A report, the run it is of, and where it lies."""

    run: Run
    path: Path
    said: str

    @property
    def html(self) -> str:
        """The file as it is."""
        return self.path.read_text(encoding="utf-8")

    def section(self, name: str) -> str:
        """One section of it."""
        found = re.search(rf'<section id="{name}".*?</section>', self.html, re.DOTALL)
        assert found, name
        return found[0]

    def rows(self, name: str) -> dict[str, list[str]]:
        """The cells of a section's tables by the first one of each row, as a person reads them."""
        rows = {}
        for row in re.findall(r"<tr.*?</tr>", self.section(name), re.DOTALL):
            cells = [
                " ".join(text_of(cell).split())
                for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
            ]
            rows[cells[0]] = cells[1:]
        return rows


class Letters(HTMLParser):
    """Keeps what is read of some HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        """Take a piece of text."""
        self.parts.append(data)


def text_of(html: str) -> str:
    """What of some HTML is read, without its small print."""
    letters = Letters()
    letters.feed(re.sub(r"<small>.*?</small>", "", html))
    return "".join(letters.parts)


def write_report(home: Path, run_id: str, path: Path, *arguments: str) -> Written:
    """Type the command."""
    done = run_python("-m", "training", "report", run_id, *arguments, "--out", str(path), home=home)
    assert done.returncode == 0, done.stderr
    return Written(Store(home).run(run_id), path, done.stdout + done.stderr)


def with_columns(path: Path, **columns: str) -> Path:
    """Write the tests' table with further columns, the value in every second row."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [
            row | {name: value if number % 2 else "" for name, value in columns.items()}
            for number, row in enumerate(csv.DictReader(file))
        ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def whole(trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write a report with its table, judged by one more column too."""
    folder = tmp_path_factory.mktemp("whole")
    table = with_columns(folder / "table.csv", origin="letter")
    return write_report(
        *(trained_home.path, trained_home.run_id, folder / "report.html"),
        *(str(table), "--slice", "origin"),
    )


@pytest.fixture(scope="module")
def alone(trained_home: TrainedHome, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write a report from the store alone."""
    folder = tmp_path_factory.mktemp("alone")
    return write_report(trained_home.path, trained_home.run_id, folder / "report.html")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write the report of a run whose texts and tags are markup, or read from right to left."""
    folder = tmp_path_factory.mktemp("hostile")
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [
            (
                f"{HEBREW} {MARKUP} {row['text']}",
                row["tags"].replace("cooking", f"{MARKUP}cooking").replace("cycling", HEBREW),
            )
            for row in csv.DictReader(file)
        ]
    # Some rows whose tags are wrong, to be suspected.
    rows[::25] = [(text, "music") for text, _ in rows[::25]]
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "tags"), *rows])
    done = run_python(
        *("-m", "training", "train", str(folder / "table.csv"), "--licence", MARKUP),
        home=folder / "home",
    )
    assert done.returncode == 0, done.stderr
    run_id = Store(folder / "home").run_ids()[0]
    table = str(folder / "table.csv")
    return write_report(folder / "home", run_id, folder / "report.html", table)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write the report of a run that gives no tag, beside a promoted one that knows all."""
    home, made = tmp_path_factory.mktemp("refused"), made_run()
    truth = made.exam.test.truth
    in_its_table = truth.copy()
    in_its_table[0] = ~truth[0]
    put(Store(home), named("good", answering(made, answers(in_its_table, truth))))
    put(Store(home), named("silent", answering(made, answers(truth, np.zeros_like(truth)))))
    return write_report(home, "silent", home / "report.html")


# What it says


def test_its_figures_are_the_stored_ones(whole: Written) -> None:
    """Overall, tag by tag and slice by slice: what `GET /performance` answers, as it is rounded."""
    performance = whole.run.performance
    overall, shown = performance.overall, whole.rows("overall")
    # Not of its rows: those that repeat a text are counted once.
    assert f"{whole.run.data.rows} different texts" in whole.html
    for name, value in (
        ("True tags that are found", overall.recall),
        ("Texts with exactly the right tags", overall.accuracy),
        ("F1", overall.f1),
        ("Precision", overall.precision),
        ("Macro F1", overall.macro_f1),
        ("Micro F1", overall.micro_f1),
        # Micro F1 is the harmonic mean of this one and of recall.
        ("Given tags that are right", 1 / (2 / overall.micro_f1 - 1 / overall.recall)),
    ):
        assert shown[name][1] == f"{value:.3f}", name
    tags = whole.rows("tags")
    for tag, scores in performance.by_tag.items():
        figures = [f"{value:.2f}" for value in (scores.f1, scores.precision, scores.recall)]
        assert tags[tag][1:5] == [*figures, str(scores.support)]
    slices = whole.rows("slices")
    for name, words in STORED.items():
        assert (words in slices) == (name in performance.slices)
    for name in performance.slices.keys() & STORED.keys():
        row = slices[STORED[name]]
        assert row[1] == f"{performance.slices[name].f1:.2f}"
        assert row[-1] == str(performance.slices[name].texts)


def test_no_threshold_is_shown_where_none_is_asked(alone: Written, tmp_path: Path) -> None:
    """Of a run that gives each text its best tag, tag by tag tells no threshold."""
    put(Store(tmp_path), single("single"))
    told = write_report(tmp_path, "single", tmp_path / "report.html")
    assert ["Threshold" in one.section("tags") for one in (alone, told)] == [True, False]


def test_intervals_hold_their_figures(whole: Written) -> None:
    """Each figure over all texts lies within the interval that other texts would give it."""
    for name, (_, value, ends) in whole.rows("overall").items():
        if name != "Figure":
            low, high = map(float, ends.split("\N{EN DASH}"))
            assert low - 0.005 <= float(value) <= high + 0.005, name


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


def test_the_curve_ends_at_the_run_itself(whole: Written) -> None:
    """Learnt from an eighth, a quarter and a half of the texts, and from all: the stored F1."""
    rows = whole.rows("more-rows")
    texts = whole.run.data.training_rows
    counts = [round(share * texts) for share in (0.125, 0.25, 0.5, 1)]
    shown = [int(name.removesuffix(" texts")) for name in rows if name.endswith(" texts")]
    assert shown == counts
    assert rows[f"{texts} texts"][0] == f"{whole.run.performance.overall.f1:.3f}"


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


def test_scores_that_were_not_given_are_not_called_exact(refused: Written) -> None:
    """Of a run that gives no score, no distance from what came true is told."""
    told = text_of(refused.section("calibration"))
    assert "too few scores of 0.1 or more to say whether scores mean what they say" in told
    assert "apart on average" not in told


def test_a_column_slices_the_test(whole: Written) -> None:
    """`--slice` judges the texts of the test by the values of a column of the table."""
    rows = whole.rows("slices")
    assert "By origin" in rows
    assert 20 <= int(rows["letter"][-1]) < whole.run.performance.overall.texts


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


def test_it_shows_what_abstaining_trades(whole: Written) -> None:
    """Its own limit and others on the table's unseen texts, and each kind of foreign text."""
    section = whole.section("abstaining")
    assert section.count('class="own"') == 1
    assert "on quite other subjects" in section
    # Texts of which no score reaches its threshold get none either.
    assert "get no tags" not in section
    assert texts_by_kind().keys() <= whole.rows("abstaining").keys()


def test_every_section_begins_with_what_it_means(whole: Written) -> None:
    """A sentence for the decision stands first in each section; the card names data and licence."""
    assert re.findall(r'<section id="([a-z-]+)"', whole.html) == SECTIONS
    for name in SECTIONS:
        assert re.search(r"</h2>\s*<p class=\"lead\">[A-Z0-9]", whole.section(name)), name
    card = text_of(whole.section("card"))
    for fact in (whole.run.data.sha256, whole.run.data.source, "not stated", "scikit-learn"):
        assert fact in card


def test_the_run_is_enough(alone: Written, whole: Written) -> None:
    """Without the table all else is as with it, and two sections say what to give."""
    assert "give it as well" in alone.said
    command = f"python -m training report {alone.run.run_id} TABLE"
    for name in SECTIONS:
        if name in ("more-rows", "suspects"):
            assert command in alone.section(name)
        elif name != "slices":
            assert alone.section(name) == whole.section(name)


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["strange.csv"], "does not hold the texts"),
        (["retagged.csv"], "or gives them other tags"),
        (["--slice", "origin"], "give TABLE"),
        ([str(TABLE), "--slice", "origin"], "no column 'origin'"),
    ],
    ids=["another table", "other tags", "a column of no table", "no such column"],
)
def test_what_it_cannot_use_it_refuses(
    trained_home: TrainedHome, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Another table, or a column that is not there: one sentence, status 2, and no file."""
    strange = tmp_path / "strange.csv"
    strange.write_text("text,tags\nnot seen before,cooking\nnor this one,music\n")
    retagged = re.sub(r",[a-z|]+$", ",other", TABLE.read_text(), flags=re.MULTILINE)
    (tmp_path / "retagged.csv").write_text(retagged.replace("text,other", "text,tags"))
    out = tmp_path / "report.html"
    made = ("strange.csv", "retagged.csv")
    typed = [str(tmp_path / argument) if argument in made else argument for argument in arguments]
    done = run_python(
        *("-m", "training", "report", "promoted", *typed, "--out", str(out)),
        home=trained_home.path,
    )
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_it_says_what_the_gate_says(refused: Written, alone: Written) -> None:
    """A run worse beyond chance is not to be promoted; one that nothing stands beside, says why."""
    decision = refused.section("decision")
    assert "Do not promote it" in decision
    assert "The tables of the two runs tag 1 of these texts differently" in decision
    for tag in refused.run.tags:
        assert tag in refused.rows("decision")
    assert "This is the promoted run" in alone.section("decision")
    assert "No text in common." in beside_section(Gate("a", None, "No text in common."), "b").lead


# What it is


@pytest.fixture
def open_report(browser: Browser) -> Iterator[OpenReport]:
    """Open a report as a file; nothing may be asked for but the file, nothing may go wrong."""
    wrong: list[str] = []
    pages: list[Page] = []

    def open_one(written: Written, *, width: int = 1280, scheme: str = "light") -> Page:
        page = browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        pages.append(page)
        address = written.path.as_uri()
        watch(page, wrong, own=address, counts=lambda _: True)
        page.goto(address)
        return page

    yield open_one
    for page in pages:
        page.close()
    assert wrong == []


def test_it_needs_nothing_beside_itself(whole: Written) -> None:
    """Nothing in it would be loaded from elsewhere, and no folder of this machine is named."""
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|\ssrc=", whole.html)
    assert "http" not in whole.html.replace("http-equiv", "")
    assert "default-src 'none'" in whole.html
    assert str(whole.path.parent) not in whole.html


def test_what_others_wrote_stays_text(hostile: Written, open_report: OpenReport) -> None:
    """Tags, texts and a licence that are markup or a template are shown as they were written."""
    page = open_report(hostile)
    assert page.title() == f"Run {hostile.run.run_id}: report and model card"
    assert page.locator("img, script").count() == 0
    for section in ("tags", "words", "suspects", "card"):
        assert MARKUP in page.locator(f"#{section}").inner_text(), section


def test_what_others_wrote_is_read_in_its_own_direction(
    hostile: Written, open_report: OpenReport
) -> None:
    """The mark that ends a Hebrew tag stands at its left, and a Hebrew text begins at the right."""
    page = open_report(hostile)
    for place in ("#tags th", "#words dt"):
        tag = page.locator(place).get_by_text(HEBREW, exact=True)
        assert left_of(tag, "!") < left_of(tag, HEBREW[0]), place
    text = page.locator("#suspects li p:nth-child(2)").first
    assert text.evaluate("it => getComputedStyle(it).direction") == "rtl"


@pytest.mark.parametrize("kind", ["whole", "refused", "hostile"])
def test_a_phone_needs_no_sideways_scrolling(
    kind: str, request: pytest.FixtureRequest, open_report: OpenReport
) -> None:
    """At 360 px nothing is wider than the screen, whatever tags are called."""
    page = open_report(request.getfixturevalue(kind), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    wider = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(it => it.getBoundingClientRect().right"
        " > it.closest('section, nav').getBoundingClientRect().right).length"
    )
    assert wider == 0


def test_it_prints(whole: Written, open_report: OpenReport) -> None:
    """On paper every section is there in dark letters on white, also where dark is preferred."""
    page = open_report(whole, scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert all(page.locator(f"#{name}").is_visible() for name in SECTIONS)
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_every_chart_can_be_read_without_seeing_it(whole: Written, open_report: OpenReport) -> None:
    """A drawn curve has a name, and its figures stand in a table beside it; bars only decorate."""
    page = open_report(whole)
    charts = page.get_by_role("img")
    assert charts.count() == 3
    for chart in charts.all():
        assert "table beside it" in (chart.get_attribute("aria-label") or "")
        assert chart.locator("xpath=../following-sibling::table").count() == 1
    assert page.locator("svg:not([role=img]):not([aria-hidden=true])").count() == 0
    assert page.locator("table:not(:has(caption))").count() == 0
