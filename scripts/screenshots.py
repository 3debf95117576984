"""Pictures of the page for the docs, of a running `argosy demo`: python scripts/screenshots.py URL PASSWORD FOLDER

Needs Chromium. Each page once in light and once in dark, and once as wide as a phone.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PAGES = {
    "home": "/",
    "applications": "/applications",
    "application": "/applications/argocd/shop-prod",
    "tree": "/applications/argocd/shop-prod?view=tree",
    "stages": "/stages",
    "freight": "/freight",
    "rollouts": "/rollouts",
    "certificates": "/certificates",
}
SIZES = {"": (1280, 800), "-phone": (360, 740)}


def main(url: str, password: str, folder: str) -> int:
    program = shutil.which("chromium")
    if program is None:
        print("screenshots need chromium (apt-get install chromium)", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            _shoot(browser, url, password, Path(folder), scheme)
        browser.close()
    return 0


def _shoot(browser: Browser, url: str, password: str, folder: Path, scheme: str) -> None:
    context = browser.new_context(ignore_https_errors=True, base_url=url)
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto("/login")
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="What needs you now").wait_for()
    for name, place in PAGES.items():
        for suffix, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(place)
            page.get_by_role("heading", level=1).wait_for()
            page.get_by_text("Loading…").wait_for(state="detached")
            page.screenshot(path=folder / f"{name}-{scheme}{suffix}.png")
    context.close()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
