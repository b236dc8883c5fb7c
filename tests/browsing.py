"""A real browser on the page for people: opening it, asking, reading what it shows.

The fixtures last no longer than a file: playwright has an event loop running for as long.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Route,
    expect,
    sync_playwright,
)

from tests.serving import Server

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


def watch(
    page: Page, wrong: list[str], *, own: str, counts: Callable[[ConsoleMessage], bool]
) -> None:
    """Note what goes wrong on a page: faults of scripts, what is asked of others, what is said.

    Addresses that begin with ``own`` are no others'; ``counts`` picks what of the console counts.
    """
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if counts(said) else None)
    not_elsewhere = (own, "data:", "blob:")
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(not_elsewhere) else wrong.append(asked.url),
    )


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
        # The browser tells of each refusal, too, that a test brings about.
        watch(page, wrong, own=server.url, counts=lambda said: "Security Policy" in said.text)
        page.goto(f"{server.url}/ui")
        expect(page.locator("#run")).not_to_be_empty()
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


def left_of(place: Locator, character: str) -> float:
    """Where on the screen a character of an element's text begins."""
    found: float = place.evaluate(
        """(element, character) => {
          const node = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
          const range = document.createRange();
          const at = node.textContent.indexOf(character);
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          return range.getBoundingClientRect().left;
        }""",
        character,
    )
    return found


def places_of(prediction: Any, tag: str) -> set[int]:
    """Code points of the words that speak most for a tag, by the API."""
    (words,) = (entry["words"] for entry in prediction["evidence"] if entry["tag"] == tag)
    least = 0.08 * words[0]["contribution"]
    spans = [span for word in words if word["contribution"] >= least for span in word["spans"]]
    return {place for start, end in spans for place in range(start, end)}
