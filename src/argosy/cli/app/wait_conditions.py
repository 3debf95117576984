"""Waits for an Application: the conditions, when they can no longer be met, and the timeout."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argosy.cli.app.applications import (
    awaits_comparison,
    follow,
    health_status,
    is_busy,
    refreshed,
    sync_status,
)
from argosy.cli.app.resource_states import is_selected, states_of
from argosy.cli.failing import CommandError, Exit
from argosy.cli.terminal import steer
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.text.plain_text import plain_line
from argosy.runtime.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All set conditions must hold; the three health states are alternatives."""

    synced: bool = False
    idle: bool = False
    healthy: bool = False
    degraded: bool = False
    suspended: bool = False
    hydrated: bool = False
    only: tuple[JsonObject, ...] = ()
    """Waits for these objects instead of the whole Application."""

    def holds(self, app: JsonObject) -> bool:
        if self.hydrated and _hydration(app) != "Hydrated":
            return False
        if self.idle and is_busy(app):
            return False
        if self.only:
            states = states_of(app, self.only)
            there = all(any(is_selected(one.key, [each]) for one in states) for each in self.only if _is_exact(each))
            return there and all(self._fits(one.status, one.health or "Healthy") for one in states)
        return self._fits(sync_status(app), health_status(app))

    @property
    def asks_health(self) -> bool:
        return self.healthy or self.degraded or self.suspended

    def _fits(self, sync: str, health: str) -> bool:
        words = {"Healthy": self.healthy, "Degraded": self.degraded, "Suspended": self.suspended}
        if any(words.values()) and not words.get(health, False):
            return False
        return not self.synced or sync == "Synced"

    def is_hopeless(self, before: str, app: JsonObject) -> bool:
        """Health has become Degraded from another known state, and Degraded is not awaited."""
        turned = health_status(app) == "Degraded" and before not in ("", "Degraded", "Unknown")
        return turned and self.healthy and not self.degraded


def _hydration(app: JsonObject) -> str:
    hydrator = (app.get("status") or {}).get("sourceHydrator") or {}
    return str((hydrator.get("currentOperation") or {}).get("phase") or "")


def _is_exact(wanted: JsonObject) -> bool:
    """Names one object, which must be there."""
    return not wanted.get("exclude") and "*" not in wanted.values()


class TimedOut(CommandError):
    """The time of `--timeout` is up."""


def no_news(app: JsonObject) -> None:
    """For commands that print nothing while they wait."""


async def as_stored(app: JsonObject) -> JsonObject:
    return app


@asynccontextmanager
async def deadline(seconds: float, what: str) -> AsyncIterator[None]:
    """0 means no timeout."""
    try:
        async with asyncio.timeout(seconds or None):
            yield
    except TimeoutError:
        raise TimedOut(f"timed out ({seconds:g}s) waiting for {what}", Exit.CALL_FAILED) from None


async def wait_for(
    client: Client,
    key: Key,
    wanted: Wanted,
    seconds: float,
    news: Callable[[JsonObject], None] = no_news,
    judged: Callable[[JsonObject], Awaitable[JsonObject]] = as_stored,
) -> JsonObject:
    """The Application at the moment when all conditions held; `news` gets it before that.

    `judged`: with what is not stored, such as the health of each object.

    Raises TimedOut, or CommandError when the conditions can hold no more.
    """
    async with deadline(seconds, f'app "{key.name}" match desired state'):
        before = ""
        async for app in follow(client, key):
            if app is None:
                raise CommandError(f"application {key.name!r} was deleted", Exit.CALL_FAILED)
            tell(app)
            if not is_busy(app) and awaits_comparison(app):
                app = await refreshed(client, key)
            if wanted.holds(await judged(app)):
                return app
            if wanted.is_hopeless(before, app):
                text = f"application {key.name!r} health state has transitioned from {before} to Degraded"
                raise CommandError(text, Exit.CALL_FAILED)
            if before:
                news(app)  # as upstream: what a watch brings, not what was there
            before = health_status(app)
    raise AssertionError("following ends with the application's end")


async def wait_gone(client: Client, key: Key, seconds: float) -> None:
    async with deadline(seconds, f"application {key.name!r} to be deleted"):
        async for app in follow(client, key):
            if app is None:
                return


def tell(app: JsonObject, is_terminal: Callable[[], bool] = sys.stderr.isatty) -> None:
    """One status line that is overwritten; only on a terminal."""
    if is_terminal():
        state = (app.get("status") or {}).get("operationState") or {}
        busy = f"  {state.get('phase') or 'Pending'}: {state.get('message') or ''}" if is_busy(app) else ""
        line = f"{app['metadata']['name']}  {sync_status(app)}  {health_status(app)}{busy}"
        steer(sys.stderr, "\r\033[K")
        print(plain_line(line)[:100], end="\n" if not busy else "", file=sys.stderr, flush=True)
