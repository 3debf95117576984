"""Shows the progress of Applications and Stages until all Applications exist and staging has verified its Freight."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from argosy.cli.demo.pipeline import PROJECT
from argosy.cli.terminal import steer
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import STAGES
from argosy.runtime.client import Client
from argosy.runtime.clock import RealClock

PAUSE = 0.1
VERIFIED = ("dev", "staging")


async def watch(client: Client, names: set[str]) -> None:
    """On a terminal the lines are updated in place; elsewhere each line is printed once."""
    clock, progress = RealClock(), _Progress(sys.stdout.isatty())
    while True:
        apps = [
            one
            for one in (await client.page(requests.List(resource=APPLICATIONS, namespace="argocd"))).items
            if one["metadata"]["name"] in names
        ]
        stages = [
            one
            for one in (await client.page(requests.List(resource=STAGES, namespace=PROJECT))).items
            if one["metadata"]["name"] in VERIFIED
        ]
        lines = [(line_of(app), is_there(app)) for app in apps] + [
            (stage_line(one), is_verified(one)) for one in stages
        ]
        progress.show(lines)
        if len(apps) == len(names) and len(stages) == len(VERIFIED) and all(done for _, done in lines):
            return
        await clock.sleep(PAUSE)


class _Progress:
    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._lines = 0
        self._printed: set[str] = set()

    def show(self, lines: Iterable[tuple[str, bool]]) -> None:
        if self._terminal:
            steer(sys.stdout, f"\033[{self._lines}A" if self._lines else "")
            texts = [line for line, _ in lines]
            for line in texts:
                steer(sys.stdout, "\033[K")
                print(line)
            self._lines = len(texts)
        else:
            for line, done in lines:
                if done and line.split()[0] not in self._printed:
                    self._printed.add(line.split()[0])
                    print(line)
        sys.stdout.flush()


def line_of(app: JsonObject) -> str:
    sync, health = _words(app)
    return f"  {app['metadata']['name']:<14} {sync:<10} {health}"


def stage_line(stage: JsonObject) -> str:
    conditions = {one["type"]: one for one in (stage.get("status") or {}).get("conditions") or ()}
    ready = conditions.get("Ready") or {}
    text = "verified" if is_verified(stage) else str(ready.get("reason") or "starting")
    return f"  {'stage/' + stage['metadata']['name']:<14} {text}"


def _words(app: JsonObject) -> tuple[str, str]:
    status = app.get("status") or {}
    sync, health = (str((status.get(name) or {}).get("status") or "Unknown") for name in ("sync", "health"))
    return sync, health


def is_there(app: JsonObject) -> bool:
    return _words(app) == ("Synced", "Healthy")


def is_verified(stage: JsonObject) -> bool:
    conditions = (stage.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
