"""Signing in as people do: with a provider, after a session has ended, with the operator's words and colours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import faults
from tests.e2e.site import PATIENCE_MS, Site, sign_in
from tests.kit import oidc_provider
from tests.kit.ports import free_port


class Provider:
    """A real one, in a process of its own."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([sys.executable, oidc_provider.__file__, str(port)])

    def control(self, **changes: bool) -> None:
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}/control", json.dumps(changes).encode(), headers)
        urllib.request.urlopen(asked, timeout=10).close()

    def is_ready(self) -> bool:
        try:
            self.control()
        except OSError:
            return False
        return True


@pytest.fixture
def provider(site: Site) -> Iterator[Provider]:
    found = Provider()
    try:
        site.argosy.eventually(found.is_ready, "the provider answers")
        yield found
    finally:
        found.process.terminate()
        found.process.wait()


@contextmanager
def configured(site: Site, settings: Mapping[str, str]) -> Iterator[None]:
    """Settings of argocd-cm, which are taken away again."""

    def patch(data: Mapping[str, str | None]) -> None:
        site.argosy.kubectl(
            "patch", "configmap", "argocd-cm", "-n", "argocd", "--type=merge", "-p", json.dumps({"data": data})
        )

    patch(settings)
    try:
        yield
    finally:
        patch(dict.fromkeys(settings))


@pytest.fixture
def visitor(site: Site, browser: Browser) -> Iterator[Page]:
    """Not signed in."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800}, base_url=site.url)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def oidc(site: Site, provider: Provider) -> dict[str, str]:
    config = {"name": "Corporate", "issuer": provider.url, "clientID": "argo", "clientSecret": "s3cret"}
    return {"url": site.url, "oidc.config": json.dumps(config)}


def eventually_offered(site: Site, name: str) -> None:
    site.argosy.eventually(lambda: name in str(site.asked("GET", "/api/argosy/v1/sign-in")[1]), f"{name} is offered")


def test_a_provider_is_offered_by_name_and_leads_back_to_where_one_was(
    site: Site, visitor: Page, provider: Provider
) -> None:
    with configured(site, oidc(site, provider)):
        eventually_offered(site, "Corporate")
        visitor.goto("/applications?search=web")
        expect(visitor.get_by_role("heading", name="Sign in to Argosy")).to_be_visible()
        assert faults(visitor) == []
        visitor.get_by_role("link", name="Sign in with Corporate").click()
        expect(visitor).to_have_url(re.compile(r"/applications\?search=web$"))
        expect(visitor.get_by_role("heading", level=1)).to_have_text("Applications")
        visitor.get_by_role("button", name="Sign out").click()
        expect(visitor.get_by_role("heading", name="Sign in to Argosy")).to_be_visible()


def test_a_refusal_of_the_provider_is_said_and_a_password_still_works(
    site: Site, visitor: Page, provider: Provider
) -> None:
    provider.control(refuses=True)
    with configured(site, {**oidc(site, provider), "ui.autosignin": "true"}):
        eventually_offered(site, "Corporate")
        visitor.goto("/applications")  # goes to the provider by itself, once
        expect(visitor.get_by_text("The provider did not sign you in")).to_be_visible()
        sign_in(visitor, site)
        expect(visitor.get_by_role("navigation", name="Main")).to_be_visible()


def test_an_automatic_sign_in_needs_no_press_and_does_not_undo_a_sign_out(
    site: Site, visitor: Page, provider: Provider
) -> None:
    with configured(site, {**oidc(site, provider), "ui.autosignin": "true"}):
        eventually_offered(site, "'automatic': True")
        visitor.goto("/applications?search=web")
        expect(visitor.get_by_role("heading", level=1)).to_have_text("Applications")
        expect(visitor).to_have_url(re.compile(r"/applications\?search=web$"))
        visitor.get_by_role("button", name="Sign out").click()
        expect(visitor.get_by_role("link", name="Sign in with Corporate")).to_be_visible()


def test_a_session_that_ended_elsewhere_says_why(site: Site, visitor: Page) -> None:
    visitor.goto("/login")
    sign_in(visitor, site)
    expect(visitor.get_by_role("heading", name="What needs you now")).to_be_visible()
    cookies = visitor.context.cookies()
    visitor.get_by_role("button", name="Sign out").click()
    expect(visitor.get_by_text("You are signed out.")).to_be_visible()
    visitor.context.add_cookies(cookies)  # type: ignore[arg-type]  # as whoever has kept a copy of them
    visitor.goto("/applications")
    expect(visitor.get_by_text("Your session was ended: somebody signed out or revoked it.")).to_be_visible()
    expect(visitor.get_by_text("You will return to the page you came from.")).to_be_visible()


def test_the_operator_has_words_and_colours_of_their_own(site: Site, visitor: Page) -> None:
    settings = {
        "ui.signinmessage": "Problems? <b>#platform</b>",
        "ui.bannercontent": "Maintenance on Sunday",
        "ui.bannerurl": "https://status.example/x",
        "ui.tokens": "accent: 'rgb(10 109 90)'",
        "help.chatUrl": "https://chat.example/argosy",
        "help.chatText": "Ask in the chat",
    }
    with configured(site, settings):
        eventually_offered(site, "#platform")
        visitor.goto("/login")
        expect(visitor.get_by_text("Problems? <b>#platform</b>")).to_be_visible()
        button = visitor.get_by_role("button", name="Sign in")
        expect(button).to_have_css("background-color", "rgb(10, 109, 90)")
        sign_in(visitor, site)
        banner = visitor.get_by_role("complementary", name="Announcement")
        expect(banner.get_by_role("link")).to_have_attribute("href", "https://status.example/x")
        assert faults(visitor) == []
        banner.get_by_role("button", name="Close the announcement").click()
        visitor.reload()
        expect(visitor.get_by_role("heading", name="What needs you now")).to_be_visible()
        expect(banner).to_have_count(0)
        visitor.keyboard.press("?")
        expect(visitor.get_by_role("link", name="Ask in the chat")).to_be_visible()
