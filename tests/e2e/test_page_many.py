"""The page with 10,000 Applications. No test here is about time: `python -m bench.page` is."""

from __future__ import annotations

import asyncio
import base64
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from argosy.cli.place import HOST
from argosy.cli.process import embedded
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from bench.page import COUNT, filled
from tests.e2e.site import Site
from tests.e2e.up_process import Argosy
from tests.kit.ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.xdist_group("page")]
OUT_OF_SYNC: Final = len(range(0, COUNT, 7))
MOST_ROWS: Final = 80
"""In the document: what a screen of 800 pixels shows, and some beyond."""


async def fill(data: Path) -> None:
    """Straight into the data directory that `argosy up` opens afterwards."""
    clock = RealClock()
    async with embedded(data, HOST, free_port(), clock, SystemRng()) as running:
        await running.wait_ready(clock)
        await filled(running.client, COUNT)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """In place of the small one."""
    folder = tmp_path_factory.mktemp("many")
    argosy = Argosy(folder / "data")
    asyncio.run(fill(argosy.data))
    argosy.up()
    try:
        found: list[str] = []

        def asked() -> str:
            found.append(password(argosy))
            return found[-1]

        argosy.eventually(asked, "a password")
        yield Site(argosy, (argosy.data / "server").read_text().strip(), found[-1])
    finally:
        if argosy.process is not None:
            argosy.end(signal.SIGKILL)


def password(argosy: Argosy) -> str:
    """Empty while there is none, or while a server that has 10,000 objects to read does not answer yet."""
    asked = ("get", "secret", "argocd-initial-admin-secret", "-n", "argocd", "-o", "jsonpath={.data.password}")
    return base64.b64decode(argosy.kubectl(*asked, check=False)).decode()


def drawn(page: Page) -> int:
    return page.locator("tbody tr[data-drawn]").count()


def link(page: Page, number: int) -> Any:
    return page.get_by_role("link", name=f"app-{number:05}", exact=True)


def test_of_ten_thousand_applications_only_those_that_are_seen_are_in_the_document(page: Page) -> None:
    page.goto("/applications")
    expect(link(page, 0)).to_be_visible()
    expect(page.get_by_role("table", name="Applications")).to_have_attribute("aria-rowcount", str(COUNT + 1))
    assert drawn(page) <= MOST_ROWS
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(link(page, COUNT - 1)).to_be_visible()
    expect(link(page, 0)).to_have_count(0)
    assert drawn(page) <= MOST_ROWS


def test_where_the_list_is_scrolled_to_is_in_the_address(page: Page) -> None:
    page.goto("/applications?offset=5000")
    expect(link(page, 5000)).to_be_visible()
    assert drawn(page) <= MOST_ROWS
    page.mouse.wheel(0, 3000)
    page.wait_for_function("() => Number(new URLSearchParams(location.search).get('offset')) > 5010")
    first = int(page.evaluate("Number(new URLSearchParams(location.search).get('offset'))"))
    page.reload()
    expect(link(page, first + 1)).to_be_in_viewport()


def test_a_filter_and_a_search_of_ten_thousand_begin_at_the_top(page: Page) -> None:
    page.goto("/applications?offset=5000")
    expect(link(page, 5000)).to_be_visible()
    page.get_by_role("group", name="Sync", exact=True).get_by_label("OutOfSync").check()
    expect(page.locator(".head")).to_contain_text(f"{OUT_OF_SYNC:,} of {COUNT:,}")
    expect(link(page, 0)).to_be_in_viewport()
    expect(link(page, 1)).to_have_count(0)
    page.get_by_role("searchbox").fill("app-00707")
    expect(page.locator("tbody tr[data-drawn]")).to_have_count(1)
    expect(link(page, 707)).to_be_visible()


def test_the_keyboard_moves_down_a_list_beyond_what_was_drawn(page: Page) -> None:
    page.goto("/applications")
    expect(link(page, 0)).to_be_visible()
    for number in range(60):
        page.keyboard.press("j")
        expect(link(page, number)).to_be_focused()
    assert drawn(page) <= MOST_ROWS


def test_all_that_match_are_selected_though_few_are_drawn(page: Page) -> None:
    page.goto("/applications?namespace=ns-7")
    expect(link(page, 7)).to_be_visible()
    page.get_by_label("Select all that match").check()
    expect(page.get_by_role("region", name="Selection")).to_contain_text("100 selected")
