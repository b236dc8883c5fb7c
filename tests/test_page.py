"""The page for people: a real browser shows what the server answers."""

from __future__ import annotations

import csv
from html.parser import HTMLParser

import pytest
import requests
from playwright.sync_api import Route, expect

from tests.browsing import (
    STRANGE,
    TEXT,
    UNLIKE,
    OpenPage,
    answering,
    ask,
    browser,
    data,
    made_up,
    marked_places,
    open_page,
    places_of,
    predicted,
    tags,
)
from tests.conftest import TrainedHome
from tests.serving import PROJECT, Server

__all__ = ["browser", "open_page"]


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


def test_going_back_shows_the_fields_that_were_filled_in(open_page: OpenPage) -> None:
    """The browser puts the choice and the description in again, and the page follows it."""
    page = open_page()
    page.get_by_label("A title and a description").check()
    page.get_by_label("Description", exact=True).fill(TEXT)
    page.get_by_role("link", name="Performance as JSON").click()
    page.wait_for_url("**/performance")
    page.go_back()
    expect(page.get_by_label("A title and a description")).to_be_checked()
    expect(page.get_by_label("Description", exact=True)).to_be_visible()
    expect(page.get_by_label("Description", exact=True)).to_have_value(TEXT)
    expect(page.get_by_label("Your text", exact=True)).to_be_hidden()


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


def test_where_every_tag_is_given_nothing_came_close(open_page: OpenPage) -> None:
    """A person sees that there are no other tags, and the keyboard stays among those there are."""
    page = open_page()
    score = {"tag": "soup", "score": 0.9, "threshold": 0.5}
    prediction = made_up(input_text=TEXT, predicted_tags=["soup"], scores=[score])
    page.route("**/predict", answering(200, prediction))
    ask(page, TEXT)
    page.get_by_role("button", name="Show what came close").press("Enter")
    expect(page.get_by_role("heading", name="There are no other tags.")).to_be_visible()
    expect(page.get_by_role("heading", name="Not given")).to_have_count(0)
    expect(page.get_by_role("radio", name="soup")).to_be_focused()


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
    for summary in page.locator(".about summary").all():
        summary.click()
    expect(page.get_by_role("columnheader", name="Right when given")).to_be_visible()
    expect(page.locator("#given .line")).to_have_count(0)
    told = ("how sure it must be", "Its line", "The line on the bar", "Or no tag reached its line.")
    for words in told:
        expect(page.get_by_text(words, exact=True)).to_be_hidden()


def test_tags_can_be_copied(server: Server, open_page: OpenPage) -> None:
    """One press puts the tags, separated by commas, onto the clipboard."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, TEXT)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Tags copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == ", ".join(predicted(server, TEXT)["predicted_tags"])


def test_a_browser_that_lets_nothing_be_copied_is_told_of(open_page: OpenPage) -> None:
    """Where the clipboard is barred the button says that nothing was copied."""
    page = open_page()
    ask(page, TEXT)
    page.evaluate(
        "() => { navigator.clipboard.writeText = async () => {"
        " throw new DOMException('Write permission denied.', 'NotAllowedError') } }"
    )
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Not copied")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("did not let")


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


def test_examples_are_our_own_and_are_tagged_at_a_click(
    server: Server, open_page: OpenPage
) -> None:
    """Three texts, none of them taken from the default table, each answered by one click."""
    with (PROJECT / "training" / "catalogue.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    taken = {cell for row in rows for cell in row.values()}
    entry = data(server, "/tags")["tags"][0]
    known = [
        {**entry, "tag": tag} for tag in {tag for row in rows for tag in row["tags"].split("|")}
    ]
    page = open_page()
    page.route("**/tags", answering(200, {"data": {"tags": known}}))
    page.reload()
    expect(page.locator("#examples button")).to_have_count(3)
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


def test_an_example_is_offered_where_the_run_has_its_tag_alone(
    server: Server, open_page: OpenPage
) -> None:
    """A run of another field would answer all of them that it does not know."""
    page = open_page()
    expect(page.get_by_text("No text at hand?")).to_be_hidden()
    entry = data(server, "/tags")["tags"][0]
    page.route("**/tags", answering(200, {"data": {"tags": [{**entry, "tag": "speech"}]}}))
    page.reload()
    expect(page.get_by_text("No text at hand?")).to_be_visible()
    expect(page.locator("#examples button:visible")).to_have_text(["A voice for a small language"])


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
