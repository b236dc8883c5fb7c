"""The page for people: a real browser shows what the server answers, to anyone, safely."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
TEXT = "Broth, onion and garlic in a skillet by the saddle, gear, chain, tyre and handlebar."
"""Of two tags, by the table that the server was trained on."""
STRANGE = (
    "\U0001f469\u200d\U0001f373 Broth \U0001fad6 in a skillet, e\u0301clairs; "
    "\u05de\u05e8\u05e7 onion \u0645\u0631\u0642 garlic, \U0001d51f broth \u6c64\u9505 onion."
)
"""Characters of two UTF-16 units, joined emoji, combining marks, right to left, Chinese."""
UNLIKE = "Zzyzx qwfp arstd."
MARKUP = '<img src=x onerror="document.title = 1"><script>document.title = 2</script><b>onion</b>'

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium: make system-packages")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[OpenPage]:
    """Open the page; whatever a test does, no script fails, nothing is asked of another host."""
    wrong: list[str] = []
    contexts = []

    def open_one(*, width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if "Security Policy" in said.text else None,
        )
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(server.url) else wrong.append(request.url)
            ),
        )
        page.goto(f"{server.url}/ui")
        expect(page.locator("#examples button")).to_have_count(3)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []


def ask(page: Page, text: str) -> None:
    """Write a text and press the button, whatever it says at this moment."""
    page.get_by_label("Your text", exact=True).fill(text)
    page.locator("#find").click()


def predicted(server: Server, text: str, **options: Any) -> Any:
    """Ask the API about the same text."""
    body = {"texts": [{"text": text}], "evidence": True, **options}
    answer = requests.post(f"{server.url}/predict", json=body, timeout=30)
    return answer.json()["data"]["predictions"][0]


def data(server: Server, path: str) -> Any:
    """Ask the API for a resource."""
    return requests.get(f"{server.url}{path}", timeout=30).json()["data"]


def answering(status: int, body: Any, kind: str = "application/json") -> Callable[[Route], None]:
    """Answer in the server's place."""

    def answer(route: Route) -> None:
        if kind == "application/json":
            route.fulfill(status=status, json=body)
        else:
            route.fulfill(status=status, body=body, content_type=kind)

    return answer


def made_up(**prediction: Any) -> Any:
    """Make an envelope with a prediction of which only some is of interest."""
    rest = {"input_text": "", "predicted_tags": [], "scores": [], "abstained": False}
    return {"data": {"run_id": "none", "predictions": [{**rest, **prediction}]}}


def tags(page: Page) -> Locator:
    """Find the tags that were given."""
    return page.locator("#given .tag")


def marked_places(page: Page) -> set[int]:
    """Code points of the text on show that are marked."""
    places: set[int] = set()
    at = 0
    nodes = page.locator("#marked").evaluate(
        "box => [...box.childNodes].map(node => [node.nodeName, node.textContent])"
    )
    for name, text in nodes:
        if name == "MARK":
            places.update(range(at, at + len(text)))
        at += len(text)
    return places


def places_of(prediction: Any, tag: str) -> set[int]:
    """Code points of the words that speak most for a tag, by the API."""
    (words,) = (entry["words"] for entry in prediction["evidence"] if entry["tag"] == tag)
    least = 0.08 * words[0]["contribution"]
    spans = [span for word in words if word["contribution"] >= least for span in word["spans"]]
    return {place for start, end in spans for place in range(start, end)}


# How it is served


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ui", "text/html; charset=utf-8"),
        ("/assets/page.css", "text/css; charset=utf-8"),
        ("/assets/page.js", "text/javascript; charset=utf-8"),
        ("/assets/tagline.svg", "image/svg+xml"),
    ],
)
def test_files_have_their_types_and_are_sent_once(server: Server, path: str, kind: str) -> None:
    """Each file has its content type, an ETag that saves sending it again, and a HEAD."""
    first = requests.get(f"{server.url}{path}", timeout=30)
    assert (first.status_code, first.headers["Content-Type"]) == (200, kind)
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    seen = {"If-None-Match": first.headers["ETag"]}
    again = requests.get(f"{server.url}{path}", headers=seen, timeout=30)
    assert (again.status_code, again.content) == (304, b"")
    head = requests.head(f"{server.url}{path}", timeout=30)
    assert (head.status_code, head.headers["ETag"]) == (200, first.headers["ETag"])


class Inline(HTMLParser):
    """Finds scripts, styles and handlers that stand in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag and its attributes."""
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]


def test_no_script_but_the_servers_own_can_run(server: Server) -> None:
    """The policy allows this server's files alone, and no text to become markup."""
    answer = requests.get(f"{server.url}/ui", timeout=30)
    policy = answer.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'"):
        assert rule in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    inline = Inline()
    inline.feed(answer.text)
    assert inline.found == []


# What it shows


@pytest.mark.parametrize("how", ["button", "Control+Enter", "Meta+Enter"])
def test_a_text_gets_the_tags_that_the_api_gives(
    server: Server, open_page: OpenPage, how: str
) -> None:
    """The same tags in the same order, with scores as percentages and the words behind them."""
    page = open_page()
    page.get_by_label("Your text", exact=True).fill(TEXT)
    if how == "button":
        page.get_by_role("button", name="Find tags").click()
    else:
        page.keyboard.press(how)
    prediction = predicted(server, TEXT)
    expect(tags(page).locator(".name")).to_have_text(prediction["predicted_tags"])
    for row, score, evidence in zip(
        tags(page).all(), prediction["scores"], prediction["evidence"], strict=True
    ):
        share = score["score"]
        said = "over 99% sure" if share > 0.99 else f"{int(100 * share + 0.5)}% sure"
        expect(row.locator(".sure")).to_have_text(said)
        expect(row.locator(".why b").first).to_have_text(evidence["words"][0]["text"])
    for tag in prediction["predicted_tags"]:
        expect(page.get_by_role("status")).to_contain_text(tag)


def test_a_title_and_a_description_are_one_text(server: Server, open_page: OpenPage) -> None:
    """The pair is sent as a pair, and shown as the text that the server made of it."""
    page = open_page()
    page.get_by_label("A title and a description").check()
    page.get_by_label("Title", exact=True).fill("Old onion broth")
    page.get_by_label("Description", exact=True).fill("Simmer in a skillet.")
    page.keyboard.press("Control+Enter")
    joined = "Old onion broth. Simmer in a skillet."
    expect(page.locator("#marked")).to_have_text(joined)
    expect(tags(page).locator(".name")).to_have_text(predicted(server, joined)["predicted_tags"])


def test_bars_are_as_long_as_scores_and_lines_stand_at_thresholds(open_page: OpenPage) -> None:
    """A score of 0.7 fills 70% of a bar, and a threshold of 0.25 is a line at a quarter."""
    page = open_page()
    score = {"tag": "cooking", "score": 0.7, "threshold": 0.25}
    page.route("**/predict", answering(200, made_up(predicted_tags=["cooking"], scores=[score])))
    ask(page, TEXT)
    bar, fill, line = (
        tags(page).locator(part).bounding_box() for part in (".bar", ".fill", ".line")
    )
    assert bar is not None
    assert fill is not None
    assert line is not None
    assert fill["width"] / bar["width"] == pytest.approx(0.7, abs=0.01)
    middle = line["x"] + line["width"] / 2 - bar["x"]
    assert middle / bar["width"] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("text", [TEXT, STRANGE], ids=["plain", "strange"])
def test_words_are_highlighted_where_they_stand(
    server: Server, open_page: OpenPage, text: str
) -> None:
    """The marks cover the spans of the strongest words to the character, in any script."""
    page = open_page()
    ask(page, text)
    prediction = predicted(server, text)
    tag = prediction["predicted_tags"][0]
    expect(page.locator("#caption b")).to_have_text(tag)
    assert page.locator("#marked").text_content() == text
    assert marked_places(page) == places_of(prediction, tag)
    assert marked_places(page)


def test_a_tag_pointed_at_shows_its_words_and_a_chosen_one_keeps_them(
    server: Server, open_page: OpenPage
) -> None:
    """Hovering shows a tag's words for as long; a click, or an arrow key, for good."""
    page = open_page()
    ask(page, TEXT)
    prediction = predicted(server, TEXT)
    first, second = prediction["predicted_tags"][:2]
    caption = page.locator("#caption b")
    tags(page).nth(1).hover()
    expect(caption).to_have_text(second)
    assert marked_places(page) == places_of(prediction, second)
    page.get_by_role("heading", level=1).hover()
    expect(caption).to_have_text(first)
    tags(page).nth(1).click()
    page.get_by_role("heading", level=1).hover()
    expect(caption).to_have_text(second)
    page.keyboard.press("ArrowUp")
    expect(caption).to_have_text(first)
    assert marked_places(page) == places_of(prediction, first)


def test_a_tap_shows_a_tags_words_in_sight(server: Server, open_page: OpenPage) -> None:
    """On a phone the text stays in sight above the tags, so that a tap shows something."""
    page = open_page(width=360, height=640, has_touch=True, is_mobile=True)
    ask(page, TEXT)
    second = predicted(server, TEXT)["predicted_tags"][1]
    tags(page).nth(1).tap()
    expect(page.locator("#caption b")).to_have_text(second)
    expect(page.locator("mark").first).to_be_in_viewport()


def test_tags_that_came_close_are_shown_on_demand(server: Server, open_page: OpenPage) -> None:
    """The next best follow apart from those given, with the lines that they did not reach."""
    page = open_page()
    ask(page, TEXT)
    page.get_by_role("button", name="Show what came close").click()
    given = predicted(server, TEXT)["predicted_tags"]
    everything = predicted(server, TEXT, threshold=0, top_k=len(given) + 5)["predicted_tags"]
    close = page.locator("#close .tag")
    expect(close.locator(".name")).to_have_text([tag for tag in everything if tag not in given])
    expect(tags(page).locator(".name")).to_have_text(given)
    expect(close.locator(".line")).to_have_count(len(everything) - len(given))
    expect(page.locator("#caption b")).to_have_text(close.locator(".name").first.inner_text())
    tags(page).first.click()
    expect(page.locator("#caption b")).to_have_text(given[0])
    assert marked_places(page)


def test_abstaining_is_explained(server: Server, open_page: OpenPage) -> None:
    """No tag, the server's reason, no claim; and its guesses if one insists."""
    prediction = predicted(server, UNLIKE)
    assert prediction["abstained"]
    page = open_page()
    ask(page, UNLIKE)
    expect(page.get_by_role("heading", name="it would be guessing")).to_be_visible()
    expect(page.locator("#verdict")).to_contain_text(prediction["reason"])
    expect(page.get_by_role("status")).to_contain_text(prediction["reason"])
    expect(tags(page)).to_have_count(0)
    page.get_by_role("button", name="Show its guesses all the same").click()
    expect(page.locator("#close .tag").first).to_be_visible()
    expect(tags(page)).to_have_count(0)


def test_a_text_without_any_tag_is_no_error(open_page: OpenPage) -> None:
    """Where no tag reached its line, the page says just that."""
    page = open_page()
    page.route("**/predict", answering(200, made_up(input_text=TEXT)))
    ask(page, TEXT)
    expect(page.get_by_role("heading", name="No tag fits well enough")).to_be_visible()
    expect(page.locator("#trouble")).to_be_empty()


def test_a_run_of_one_tag_a_text_shows_no_lines(server: Server, open_page: OpenPage) -> None:
    """Where the best tag is given whatever its score, no line claims that it was needed."""
    page = open_page()
    runs = data(server, "/runs")
    run = {**runs["runs"][0], "task": "single"}
    page.route("**/runs", answering(200, {"data": {"runs": [run]}}))
    page.reload()
    expect(page.locator("#run code")).to_have_text(run["run_id"])
    ask(page, TEXT)
    expect(tags(page).first).to_be_visible()
    expect(page.locator("#given .line")).to_have_count(0)
    expect(page.locator("#legend-line")).to_be_hidden()


def test_tags_can_be_copied(server: Server, open_page: OpenPage) -> None:
    """One press puts the tags, separated by commas, onto the clipboard."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, TEXT)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Tags copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == ", ".join(predicted(server, TEXT)["predicted_tags"])


def test_the_run_and_how_good_it_is(
    server: Server, open_page: OpenPage, trained_home: TrainedHome
) -> None:
    """The run's name, what of 100 tags is right and found, and every tag with its own.

    The figures are those of the run's report.
    """
    page = open_page()
    performance = data(server, "/performance")
    overall = performance["overall"]
    right = sum(tag["recall"] * tag["support"] for tag in performance["class"].values())
    given = sum(
        tag["recall"] * tag["support"] / tag["precision"]
        for tag in performance["class"].values()
        if tag["precision"]
    )
    expect(page.locator("#run code")).to_have_text(trained_home.run_id)
    facts = page.locator(".fact b")
    expect(facts).to_have_text(
        [
            f"{int(100 * right / given + 0.5)} of 100",
            f"{int(100 * overall['recall'] + 0.5)} of 100",
            str(overall["texts"]),
        ]
    )
    known = data(server, "/tags")["tags"]
    page.get_by_text(f"The {len(known)} tags it can give").click()
    expect(page.locator("#tags th")).to_have_text([entry["tag"] for entry in known])
    expect(page.locator("#tags tr").first.locator("td").first).to_have_text(
        f"{int(100 * known[0]['precision'] + 0.5)}%"
    )


def test_examples_are_our_own_and_are_tagged_at_a_click(open_page: OpenPage) -> None:
    """Three texts, none of them taken from the default table, each answered by one click."""
    with (PROJECT / "training" / "catalogue.csv").open(newline="") as table:
        taken = {cell for row in csv.reader(table) for cell in row}
    page = open_page()
    shown = set()
    for button in page.locator("#examples button").all():
        button.click()
        expect(page.locator("#answer")).to_be_visible()
        sent = page.locator("#text:visible, #title:visible, #description:visible")
        written = [field.input_value() for field in sent.all()]
        expect(page.locator("#marked")).to_have_text(". ".join(written))
        assert not taken & set(written)
        shown.add(". ".join(written))
    assert len(shown) == 3


def test_a_newer_question_takes_the_place_of_an_older(open_page: OpenPage) -> None:
    """A slow answer to an older text is given up and never shown."""
    page = open_page()
    held: list[Route] = []
    page.route("**/predict", lambda route: route.continue_() if held else held.append(route))
    ask(page, "An older text about onion.")
    with page.expect_event("requestfailed") as failed:
        ask(page, TEXT)
    assert failed.value == held[0].request
    expect(page.locator("#marked")).to_have_text(TEXT)
    expect(page.get_by_role("button", name="Find tags")).to_be_visible()
    expect(page.locator("#trouble")).to_be_empty()


# What goes wrong


def test_faults_of_the_input_are_told_in_the_servers_words(
    server: Server, open_page: OpenPage
) -> None:
    """A 422 names the field and the fault; the field is marked and has the focus."""
    page = open_page()
    page.get_by_label("A title and a description").check()
    page.get_by_label("Description", exact=True).fill("Broth")
    page.get_by_role("button", name="Find tags").click()
    refused = requests.post(
        f"{server.url}/predict",
        json={"texts": [{"title": "", "description": "Broth"}]},
        timeout=30,
    ).json()
    (fault,) = refused["detail"]
    expect(page.get_by_role("alert")).to_contain_text(f"Title: {fault['msg']}")
    title = page.get_by_label("Title", exact=True)
    expect(title).to_be_focused()
    expect(title).to_have_attribute("aria-invalid", "true")
    title.fill("Onion")
    page.keyboard.press("Control+Enter")
    expect(tags(page).first).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()
    expect(title).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            answering(503, {"detail": "The server has more work than it takes on. Try in 1 s."}),
            "The server has more work than it takes on. Try in 1 s.",
        ),
        (answering(500, {"detail": "Tell its operator: 6f-1"}), "Tell its operator: 6f-1"),
        (answering(504, {"detail": "The time is over."}), "That took too long."),
        (answering(502, "<h1>Bad gateway</h1>", "text/html"), "(status 502)"),
        (lambda route: route.abort("connectionrefused"), "The server cannot be reached."),
    ],
    ids=["overloaded", "failed", "deadline", "proxy", "unreachable"],
)
def test_trouble_is_told_in_plain_words(
    open_page: OpenPage, answer: Callable[[Route], None], said: str
) -> None:
    """Whatever goes wrong is said, the text stays, and the next try works."""
    page = open_page()
    page.route("**/predict", answer)
    ask(page, TEXT)
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_label("Your text", exact=True)).to_have_value(TEXT)
    page.unroute("**/predict")
    page.get_by_role("button", name="Find tags").click()
    expect(tags(page).first).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()


@pytest.mark.parametrize("limit", ["known", "unknown"])
def test_too_long_a_text_is_refused_with_the_limit(
    server: Server, open_page: OpenPage, limit: str
) -> None:
    """Counted in characters as the server counts; not sent if the limit is known beforehand."""
    document = requests.get(f"{server.url}/openapi.json", timeout=30).json()
    most = document["components"]["schemas"]["Text"]["properties"]["text"]["maxLength"]
    page = open_page()
    if limit == "unknown":
        page.route("**/openapi.json", answering(500, {"detail": "Broken."}))
        page.reload()
    else:
        expect(page.locator("#length")).to_have_text(f"0 of {most:,} characters")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(urlsplit(request.url).path))
    pot = "\U0001fad6"
    ask(page, pot * (most + 1))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(re.compile(f"{most:,}|{most}"))
    assert ("/predict" in sent) == (limit == "unknown")
    ask(page, pot * most)
    expect(page.locator("#marked")).to_have_text(pot * most)
    expect(alert).to_be_empty()


def test_the_page_works_when_nothing_is_known_of_the_run(open_page: OpenPage) -> None:
    """Tags come all the same when performance, tags and runs cannot be read; the page says so."""
    page = open_page()
    for path in ("**/performance*", "**/tags", "**/runs"):
        page.route(path, answering(503, {"detail": "The store cannot be read."}))
    page.reload()
    expect(page.locator("#performance")).to_contain_text("did not tell")
    ask(page, TEXT)
    expect(tags(page).first).to_be_visible()


@pytest.mark.parametrize("place", ["text", "tags", "trouble"])
def test_markup_stays_text(open_page: OpenPage, place: str) -> None:
    """Markup in a text, in a tag or in an error is shown letter by letter and does nothing."""
    page = open_page()
    title = page.title()
    if place == "tags":
        word = {"text": MARKUP, "contribution": 1.0, "spans": [[0, len(MARKUP)]]}
        prediction = made_up(
            input_text=MARKUP,
            predicted_tags=[MARKUP],
            scores=[{"tag": MARKUP, "score": 0.9, "threshold": 0.5}],
            evidence=[{"tag": MARKUP, "words": [word]}],
        )
        page.route("**/predict", answering(200, prediction))
    elif place == "trouble":
        page.route("**/predict", answering(400, {"detail": MARKUP}))
    ask(page, MARKUP)
    shown = {"text": "#marked", "tags": "#given .name", "trouble": "#trouble li"}[place]
    expect(page.locator(shown)).to_have_text(MARKUP)
    expect(
        page.locator("#answer img, #answer script, #trouble img, #trouble script")
    ).to_have_count(0)
    assert page.title() == title


# For everyone


def test_everything_works_by_keyboard_alone(server: Server, open_page: OpenPage) -> None:
    """Tab reaches every control in the order of the page; arrows move through the tags."""
    page = open_page()

    def focused() -> str:
        name: str = page.evaluate(
            "document.activeElement.id || document.activeElement.name "
            "|| document.activeElement.textContent"
        )
        return name

    def tab_to(wanted: str) -> None:
        passed: list[str] = []
        while not passed or passed[-1] != wanted:
            page.keyboard.press("Tab")
            passed.append(focused())
            assert len(passed) < 12, passed

    tab_to("kind")
    tab_to("text")
    page.keyboard.type(TEXT)
    tab_to("find")
    page.keyboard.press("Enter")
    expect(tags(page).first).to_be_visible()
    assert focused() == "find"
    tab_to("tag")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#caption b")).to_have_text(tags(page).nth(1).locator(".name").inner_text())
    tab_to("more")
    page.keyboard.press("Enter")
    expect(page.locator("#close .tag").first).to_be_visible()
    assert focused() == "tag"


@pytest.mark.parametrize(
    "text", [TEXT, "onion" * 400, UNLIKE], ids=["tagged", "one long word", "abstained"]
)
def test_a_phone_needs_no_sideways_scrolling(open_page: OpenPage, text: str) -> None:
    """At 360 px nothing is wider than the screen, whatever is unfolded and however long a word."""
    page = open_page(width=360, height=640, has_touch=True, is_mobile=True)
    ask(page, text)
    expect(page.locator("#answer")).to_be_visible()
    page.locator("#more").click()
    expect(page.locator("#close .tag").first).to_be_visible()
    page.get_by_label("A title and a description").check()
    page.get_by_role("button", name="Find tags").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_it_is_dark_where_dark_is_preferred(open_page: OpenPage) -> None:
    """Ground and letters change places with the system's own preference."""
    for scheme, dark in (("light", False), ("dark", True)):
        page = open_page(color_scheme=scheme)
        style = "getComputedStyle(document.body)"
        ground, letters = (
            sum(map(int, re.findall(r"\d+", page.evaluate(f"{style}.{name}"))[:3]))
            for name in ("backgroundColor", "color")
        )
        assert (ground < letters) == dark


def test_every_control_has_a_name(open_page: OpenPage) -> None:
    """A screen reader has a name for each control, and hears answers without leaving its place."""
    page = open_page()
    ask(page, TEXT)
    expect(tags(page).first).to_be_visible()
    for control in page.locator("input:visible, textarea:visible, button:visible, a:visible").all():
        name = control.evaluate("it => (it.labels?.[0] ?? it).textContent.trim()")
        assert name, control
    group = page.get_by_role("group", name="choose one to highlight the words")
    expect(group.get_by_role("radio")).to_have_count(tags(page).count())
    expect(page.get_by_role("status")).to_contain_text("sure")
