"""The report of a run: one page that an owner can decide by, with the figures that are stored."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tagger.gate import Gate
from tagger.records import Run
from tagger.store import Store
from tests.browsing import browser, left_of, watch
from tests.conftest import TrainedHome
from tests.runs import TABLE, answering, answers, made_run, named, put, single
from tests.serving import run_python
from training.out_of_domain import texts_by_kind
from training.report.beside import beside_section
from training.report.slices import STORED

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


def test_the_curve_ends_at_the_run_itself(whole: Written) -> None:
    """Learnt from an eighth, a quarter and a half of the texts, and from all: the stored F1."""
    rows = whole.rows("more-rows")
    texts = whole.run.data.training_rows
    counts = [round(share * texts) for share in (0.125, 0.25, 0.5, 1)]
    shown = [int(name.removesuffix(" texts")) for name in rows if name.endswith(" texts")]
    assert shown == counts
    assert rows[f"{texts} texts"][0] == f"{whole.run.performance.overall.f1:.3f}"


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
