"""Pictures of every page with the demonstration at work: `make screenshots` puts them into `.screenshots`.

Those named in IN_DOCS also go to `docs/`. Needs Chromium (`chromium` on PATH) and the development environment.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from argosy.cli.place import HOST
from argosy.cli.process import embedded
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from bench.page import COUNT, filled
from tests.kit.ports import free_port

Started = Callable[[Path], AbstractContextManager[tuple[str, str]]]
"""A server on that data directory: its address and the password."""
ROOT: Final = Path(__file__).parents[1]
OUT: Final = ROOT / ".screenshots"
SIZES: Final = {"phone": (360, 780), "laptop": (1280, 800), "wall": (2560, 1440)}
PAGES: Final = {
    "home": "/",
    "applications": "/applications",
    "tiles": "/applications?view=tiles",
    "summary": "/applications?view=summary",
    "application": "/applications/argocd/shop-prod",
    "tree": "/applications/argocd/shop-prod?view=tree",
    "traffic": "/applications/argocd/shop-prod?view=tree&layout=traffic",
    "diff": "/applications/argocd/shop-prod?view=diff&from=history:0&to=git&sides=yes",
    "history": "/applications/argocd/shop-prod?view=history",
    "logs": "/applications/argocd/shop-prod?view=logs",
    "edit": "/applications/argocd/shop-prod/edit",
    "new-application": "/applications/new",
    "pipeline": "/pipelines/shop",
    "stages": "/pipelines/shop?view=list",
    "stage": "/pipelines/shop?stage=prod",
    "warehouse": "/pipelines/shop?warehouse=images",
    "promotions": "/promotions",
    "rollout": "/rollouts/shop-prod/shop",
    "certificate": "/certificates/secure/shop",
    "sealed-secrets": "/sealedsecrets",
    "seal": "/seal",
    "settings": "/settings/clusters",
    "activity": "/activity",
    "events": "/activity?view=events",
    "sign-in": "/login?signed-out=1",
    "deliveries": "/deliveries",
    "rehearsals": "/rehearsals",
    "narrowed": "/applications?pattern=shop-(test|prod)",
    "empty": "/applicationsets",
    "broken": "/applications/argocd/absent",
    "parts": "/_parts",
}
MANY: Final = {
    "many-home": "/",
    "many-applications": "/applications",
    "many-out-of-sync": "/applications?sync=OutOfSync",
    "many-tiles": "/applications?view=tiles",
    "many-summary": "/applications?view=summary",
    "many-application": "/applications/argocd/app-00007",
    "many-activity": "/activity",
}
"""With 10,000 Applications."""
IN_DOCS: Final = {"home", "tree", "pipeline", "rollout"}
PATIENCE_MS: Final = 180_000
"""The demonstration has much to do when it begins, and the machine may be a slow one."""
IS_SHOWN: Final = """() => document.querySelector('h1') !== null
  && !/Loading( \\S+)?…|Comparing…|Searching…/.test(document.body.innerText)"""


def main() -> None:
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not on PATH (apt-get install chromium)")
    OUT.mkdir(exist_ok=True)
    take_all(program, demonstration, PAGES)
    take_all(program, many_applications, MANY)
    for name in IN_DOCS:
        shutil.copyfile(OUT / f"{name}-laptop-light.png", ROOT / "docs" / f"page-{name}.png")


def take_all(program: str, started: Started, pages: dict[str, str]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        started(Path(folder) / "data") as (url, password),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        state = signed_in(browser, url, password, Path(folder) / "state.json")
        for scheme in ("light", "dark"):
            for size in SIZES:
                take(browser, state, url, pages, size, scheme)
        browser.close()


def take(browser: Browser, state: Path, url: str, pages: dict[str, str], size: str, scheme: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        ignore_https_errors=True,
        storage_state=state,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    for name, place in pages.items():
        page.goto(url + place)
        page.wait_for_function(IS_SHOWN)
        page.wait_for_timeout(500)
        page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png")
    context.close()


@contextmanager
def demonstration(data: Path) -> Iterator[tuple[str, str]]:
    """The page's address and the password, when two images have gone their way."""
    argosy("demo", "--detach", "--data-dir", str(data))
    try:
        registry = f"127.0.0.1:{json.loads((data / 'demo-ports.json').read_text())[0]}"
        argosy("image", "push", f"{registry}/shop:1.1.0")
        argosy("wait-for", "1.1.0", "--in", "staging", "--data-dir", str(data))
        argosy("promote", "prod", "--wait", "--data-dir", str(data))
        argosy("image", "push", f"{registry}/shop:1.2.0")
        argosy("wait-for", "1.2.0", "--in", "staging", "--data-dir", str(data))
        password = argosy("admin", "initial-password", "--data-dir", str(data)).split()[-1]
        yield (data / "server").read_text().strip(), password
    finally:
        argosy("down", "--data-dir", str(data))


@contextmanager
def many_applications(data: Path) -> Iterator[tuple[str, str]]:
    """Written straight into the data directory, and then served."""
    asyncio.run(fill(data))
    argosy("up", "--detach", "--data-dir", str(data))
    try:
        password = argosy("admin", "initial-password", "--data-dir", str(data)).split()[-1]
        yield (data / "server").read_text().strip(), password
    finally:
        argosy("down", "--data-dir", str(data))


async def fill(data: Path) -> None:
    clock = RealClock()
    async with embedded(data, HOST, free_port(), clock, SystemRng()) as running:
        await running.wait_ready(clock)
        await filled(running.client, COUNT)


def argosy(*arguments: str) -> str:
    command = [sys.executable, "-m", "argosy.cli.main", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        sys.exit(re.sub(r"\s+", " ", f"argosy {' '.join(arguments)}: {done.stdout} {done.stderr}"))
    return done.stdout


def signed_in(browser: Browser, url: str, password: str, state: Path) -> Path:
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{url}/login")
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What needs you now").wait_for()
    context.storage_state(path=state)
    return state


if __name__ == "__main__":
    main()
