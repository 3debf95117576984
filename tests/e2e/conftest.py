"""A real `argosy up` with three Applications, and its page in a real Chromium."""

from __future__ import annotations

import base64
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, expect, sync_playwright

from tests.e2e.site import PATIENCE_MS, Site, sign_in
from tests.e2e.up_process import Argosy, Repository, config
from tests.kit.ports import free_port


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("page")
    # a port of its own: the server that a test starts again finds it free
    argosy = Argosy(folder / "data", flags=("--server-port", str(free_port())))
    argosy.up()
    try:
        repository = Repository(folder / "repository")
        repository.commit({"conf/a.yaml": config("a", "1")})
        for name in ("web", "api"):
            argosy.apply_application(name, repository)
            argosy.eventually(lambda name=name: argosy.status(name) == ("Synced", "Healthy"), "Synced")  # type: ignore[misc]
        argosy.apply_application("broken", repository, "nowhere")
        argosy.eventually(lambda: argosy.get("secret", "-n", "argocd", "argocd-initial-admin-secret"), "a password")
        secret = argosy.get("secret", "-n", "argocd", "argocd-initial-admin-secret")
        password = base64.b64decode(secret["data"]["password"]).decode()
        yield Site(argosy, (argosy.data / "server").read_text().strip(), password)
    finally:
        if argosy.process is not None:
            argosy.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """Signed in; a script error, a dialog or a request to another site fails the test."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800}, base_url=site.url)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    found, wrong = context.new_page(), list[str]()

    def dismissed(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def requested(one: Request) -> None:
        if not one.url.startswith(site.url):
            wrong.append(f"request: {one.url}")

    found.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    found.on("dialog", dismissed)
    found.on("request", requested)
    found.goto("/login")
    sign_in(found, site)
    expect(found.get_by_role("heading", name="What needs you now")).to_be_visible()
    yield found
    context.close()
    assert wrong == []
