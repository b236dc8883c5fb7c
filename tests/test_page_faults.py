"""What goes wrong on the page for people is told in plain words, and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Route, expect

from tests.browsing import TEXT, OpenPage, answering, ask, browser, made_up, open_page, tags
from tests.serving import Server

__all__ = ["browser", "open_page"]

MARKUP = '<img src=x onerror="document.title = 1"><script>document.title = 2</script><b>onion</b>'


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
