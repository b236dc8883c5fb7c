"""The documentation's pages work in a real browser without a network; every example answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.browsing import browser, watch
from tests.serving import Server

__all__ = ["browser"]


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page that may load nothing but from the server, and on which nothing goes wrong."""
    opened = browser.new_page(viewport={"width": 1280, "height": 1600})
    wrong: list[str] = []
    watch(opened, wrong, own=server.url, counts=lambda said: said.type == "error")
    yield opened
    opened.close()
    assert wrong == []


def document(server: Server) -> Any:
    """Ask for the document that the pages show."""
    return requests.get(f"{server.url}/openapi.json", timeout=30).json()


def test_docs_try_every_route_out(page: Page, server: Server) -> None:
    """On /docs each operation opens, and its given example answers 200."""
    page.goto(f"{server.url}/docs")
    assert "Tagline" in page.title()
    page.wait_for_selector(".opblock")
    operations = page.locator(".opblock")
    assert operations.count() == sum(map(len, document(server)["paths"].values()))
    for number in range(operations.count()):
        operation = operations.nth(number)
        operation.locator(".opblock-summary-control").click()
        operation.locator("button.execute").click()
        status = operation.locator(".live-responses-table .response-col_status").last
        status.wait_for()
        assert status.inner_text().startswith("200"), operation.inner_text()[:200]
        operation.locator(".opblock-summary-control").click()


def test_docs_fit_a_phone(page: Page, server: Server) -> None:
    """What a section is about stands across the page, not in a column one word wide."""
    page.set_viewport_size({"width": 375, "height": 900})
    page.goto(f"{server.url}/docs")
    page.wait_for_selector(".opblock")
    sections = page.locator(".opblock-tag small").all()
    assert len(sections) > 1
    for words in sections:
        box = words.bounding_box()
        assert box is not None
        assert box["width"] > 250, words.inner_text()
    page.locator(".opblock-summary-control").first.click()
    page.wait_for_selector(".responses-table")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert not page.locator("#servers").is_visible()


def test_redoc_shows_every_section(page: Page, server: Server) -> None:
    """On /redoc the whole document is there to read."""
    page.goto(f"{server.url}/redoc")
    page.wait_for_selector("h1:has-text('Tagline')")
    page.wait_for_selector("text=Tag texts by another run", state="attached")
    headings = set(page.locator("h2").all_inner_texts())
    assert {section["name"] for section in document(server)["tags"]} <= headings
