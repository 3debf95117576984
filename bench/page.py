"""The web page with 10,000 Applications in a real Chromium: first rows, a filter, scrolling, longest task and heap.

Run as `python -m bench.page [APPLICATIONS] [CHANGES]`; needs `chromium` on PATH. Beside the time on the clock is the
processor time of the page's main thread, which other work on the machine does not change.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from argosy.cli.assembly.server_part import ports_of
from argosy.cli.place import HOST, free_port
from argosy.cli.process import embedded
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.server.configuration import decoded
from argosy.server.process import Place, serving

APPLICATIONS: Final = Resource("argoproj.io", "v1alpha1", "applications", "Application")
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
COUNT: Final = 10_000
CHANGES: Final = 3000
"""Five minutes of what is shown, ten a second: the heap of an hour is told by how it grows in the second half."""
CHANGES_PER_SECOND: Final = 10
AMONG: Final = 50
"""Those that are seen."""
HEAP_MB: Final = 150
AT_ONCE: Final = 32
SCREENS: Final = 40
LONG_TASKS: Final = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) longest = Math.max(longest, one.duration);
}).observe({type: 'longtask', buffered: true});
"""
FIRST_ROW: Final = "() => document.querySelector('tbody tr[data-drawn] a') !== null"
FILTERS: Final = """(name) => new Promise((done) => {
  const group = [...document.querySelectorAll('.facets fieldset')]
    .find((one) => one.querySelector('legend').textContent === 'Sync');
  const box = [...group.querySelectorAll('label')].find((one) => one.textContent.startsWith(name));
  const count = document.querySelector('.head .number');
  const before = count.textContent;
  const begun = performance.now();
  const seen = new MutationObserver(() => {
    if (count.textContent === before) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
  });
  seen.observe(count, {subtree: true, childList: true, characterData: true});
  box.querySelector('input').click();
})"""
"""From the press to the picture, told by the page itself: the way to this program and back is not counted."""
FIRST_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
QUIET_MS: Final = 6000
"""So long a person looks before they press."""
FILTERS_TRIED: Final = 6
SCROLLS: Final = """async (screens) => {
  const blank = () => [...document.querySelectorAll('tbody tr[data-drawn]')].some((row) => row.cells.length === 1);
  let [longest, since] = [0, 0];
  for (let at = 0; at < screens * 10; at++) {
    scrollBy(0, innerHeight / 10);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    if (!blank()) since = 0;
    else if (!since) since = now;
    else longest = Math.max(longest, now - since);
  }
  return longest;
}"""


def application(number: int) -> JsonObject:
    """One that no controller works on: its state is what is stored."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": f"app-{number:05}",
            "namespace": "argocd",
            "annotations": {"argocd.argoproj.io/skip-reconcile": "true"},
        },
        "spec": {
            "project": "default",
            "source": {"repoURL": f"https://git.example/{number % 100}.git", "path": "."},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": f"ns-{number % 100}"},
        },
        "status": {
            "sync": {"status": "Synced" if number % 7 else "OutOfSync", "revision": "a" * 40},
            "health": {"status": "Healthy"},
        },
    }


async def filled(client: Any, count: int) -> None:
    numbers = iter(range(count))

    async def create() -> None:
        for number in numbers:
            await client.write(requests.create(APPLICATIONS, application(number)))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(create())


async def changed(client: Any, clock: RealClock, first: int, last: int) -> None:
    """What is seen becomes another state, at a steady pace."""
    begun = clock.monotonic()
    for number in range(first, last):
        status = {"sync": {"status": "OutOfSync" if number // AMONG % 2 else "Synced", "revision": f"{number:040x}"}}
        key = Key("argocd", f"app-{number % AMONG:05}")
        await client.write(requests.patch(APPLICATIONS, key, {"status": status}, PatchType.MERGE))
        await clock.sleep(max(0.0, begun + (number - first + 1) / CHANGES_PER_SECOND - clock.monotonic()))


async def served(folder: Path, count: int, program: str, changes: int) -> None:
    clock, rng = RealClock(), SystemRng()
    async with embedded(folder, HOST, free_port(), clock, rng) as running:
        await running.wait_ready(clock)
        await filled(running.client, count)
        ports = ports_of(running.control_plane, running.client, clock, rng, "argocd", None)
        async with serving(ports, Place(insecure=True)) as server:
            secret = await running.client.get(requests.Get(SECRETS, Key("argocd", "argocd-initial-admin-secret")))
            loop = asyncio.get_running_loop()

            def change(first: int, last: int) -> None:
                asyncio.run_coroutine_threadsafe(changed(running.client, clock, first, last), loop).result()

            password = decoded(secret)["password"]
            print(await asyncio.to_thread(_in_a_browser, program, server.url, password, count, changes, change))


def _in_a_browser(
    program: str, url: str, password: str, count: int, changes: int, change: Callable[[int, int], None]
) -> str:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            said = _looks(browser, url, password, count)
            if changes:
                said.append(_heaps(browser, url, password, changes, change))
            return "\n".join(said)
        finally:
            browser.close()


def _heaps(browser: Browser, url: str, password: str, changes: int, change: Callable[[int, int], None]) -> str:
    """Of the list while its rows change: what is left after a collection, at the start, half way and at the end."""
    page = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800}).new_page()
    _signed_in(page, password)
    page.get_by_role("link", name="Applications", exact=True).click()
    page.wait_for_function(FIRST_ROW)
    session = page.context.new_cdp_session(page)
    found = [_heap(session)]
    for first, last in ((0, changes // 2), (changes // 2, changes)):
        change(first, last)
        found.append(_heap(session))
    start, half, end = found
    hour = end + (end - half) / (changes - changes // 2) * (3600 * CHANGES_PER_SECOND - changes)
    return (
        f"heap: {start:.1f} MB, after {changes // 2} changes {half:.1f}, after {changes} {end:.1f}; "
        f"at that pace {hour:.0f} MB after an hour of {CHANGES_PER_SECOND} a second (below {HEAP_MB})"
    )


def _heap(session: CDPSession) -> float:
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def _signed_in(page: Page, password: str) -> None:
    page.goto("/login")
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What needs you now").wait_for()


def _looks(browser: Browser, url: str, password: str, count: int) -> list[str]:
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
    context.add_init_script(LONG_TASKS)
    page = context.new_page()
    _signed_in(page, password)
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.get_by_role("link", name="Applications", exact=True).click()
    page.wait_for_function(FIRST_ROW)
    page.get_by_role("link", name="Home", exact=True).click()
    said = [
        f"first rows of {count}: {_measured(page, session, lambda: _pressed(page, 'Applications', FIRST_ROW))}",
        f"a filter: {_filtered(page, session)}",
    ]
    page.goto("/applications")
    page.wait_for_function(FIRST_ROW)
    said.append(f"first picture of the list in a new page: {page.evaluate(FIRST_PAINT):.0f} ms")
    before = _busy(session)
    blank = page.evaluate(SCROLLS, SCREENS)
    busy = (_busy(session) - before) / SCREENS
    rows = page.locator("tbody tr[data-drawn]").count()
    said.append(f"{SCREENS} screens scrolled: {busy:.1f} ms of the main thread each, blank for {blank:.0f} ms at most")
    said.append(f"rows in the document: {rows}; the longest task: {page.evaluate('longest'):.0f} ms")
    return said


def _pressed(page: Page, name: str, goal: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_function(goal)


def _filtered(page: Page, session: CDPSession) -> str:
    """The quickest and the slowest, each pressed after a while: the machine may have had other work for a moment."""
    took, busy = list[float](), 0.0
    for _ in range(FILTERS_TRIED):
        page.wait_for_timeout(QUIET_MS)
        before = _busy(session)
        took.append(float(page.evaluate(FILTERS, "OutOfSync")))
        busy += _busy(session) - before
    return f"{min(took):.0f} to {max(took):.0f} ms to the screen, {busy / FILTERS_TRIED:.0f} ms of the main thread each"


def _measured(page: Page, session: CDPSession, act: Callable[[], None]) -> str:
    before, begun = _busy(session), page.evaluate("performance.now()")
    act()
    took = page.evaluate("performance.now()") - begun
    return f"{took:.0f} ms, {_busy(session) - before:.0f} ms of the main thread"


def _busy(session: CDPSession) -> float:
    """Milliseconds that the page's main thread worked."""
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return float(found["TaskDuration"]) * 1000


def main() -> None:
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not on PATH (apt-get install chromium)")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    changes = int(sys.argv[2]) if len(sys.argv) > 2 else CHANGES
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(served(Path(folder), count, program, changes))


if __name__ == "__main__":
    main()
