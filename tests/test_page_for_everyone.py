"""The page for people works by keyboard, on a phone, in the dark, and for a screen reader."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browsing import (
    TEXT,
    UNLIKE,
    OpenPage,
    answering,
    ask,
    browser,
    left_of,
    made_up,
    open_page,
    tags,
)
from tests.serving import Server

__all__ = ["browser", "open_page"]


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


def test_a_tag_is_read_in_its_own_direction(open_page: OpenPage) -> None:
    """The mark that ends a Hebrew tag stands at its left, wherever the page names the tag."""
    page = open_page()
    tag = "\u05de\u05e8\u05e7!"
    score = {"tag": tag, "score": 0.9, "threshold": 0.5}
    quality = {"precision": 1, "recall": 1, "threshold": 0.5}
    page.route("**/tags", answering(200, {"data": {"tags": [{"tag": tag, **quality}]}}))
    page.reload()
    page.locator("#known summary").click()
    prediction = made_up(input_text=TEXT, predicted_tags=[tag], scores=[score])
    page.route("**/predict", answering(200, prediction))
    ask(page, TEXT)
    for place in ("#given .name", "#caption b", "#tags th"):
        named = page.locator(place)
        expect(named).to_have_text(tag)
        assert left_of(named, "!") < left_of(named, tag[0]), place
