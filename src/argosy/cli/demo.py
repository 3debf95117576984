"""`argosy demo`: a small real repository, five Applications, and their way to Synced and Healthy."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from argosy.cli.demo_repository import applications, make_repository
from argosy.cli.failing import CommandError
from argosy.cli.place import Place, data_dir_option
from argosy.cli.terminal import steer
from argosy.cli.up import start, with_controllers

if TYPE_CHECKING:
    from argosy.cli.process import Embedded
    from argosy.machinery.objects import JsonObject

PATIENCE = 120.0
"""Seconds until the demonstration says that something is wrong."""


def run(options: argparse.Namespace) -> int:
    return start(options, "demo", with_controllers(options), _demonstrate)


async def _demonstrate(running: Embedded, place: Place) -> None:
    from argosy.gitops.keys import APPLICATIONS

    repository = place.directory / "demo"
    make_repository(repository)
    wanted = applications(repository)
    for app in wanted:
        await running.client.apply(APPLICATIONS, app, field_manager="argosy-demo", force=True)
    print(f"Argosy is ready at {running.server.url}. {len(wanted)} Applications follow {repository}:\n", flush=True)
    try:
        async with asyncio.timeout(PATIENCE):
            await _watch(running, {app["metadata"]["name"] for app in wanted})
    except TimeoutError:
        raise CommandError(f"not all Applications are Synced and Healthy after {PATIENCE:g} s: see above") from None
    print(next_steps(place), flush=True)


async def _watch(running: Embedded, names: set[str]) -> None:
    """On a terminal the lines change in place; elsewhere each Application is told once, when it is there."""
    apps: dict[str, JsonObject] = {}
    changed = asyncio.Event()

    def heard(old: JsonObject | None, new: JsonObject | None) -> None:
        if new is not None and new["metadata"]["name"] in names:
            apps[new["metadata"]["name"]] = new
            changed.set()

    stop = running.control_plane.gitops.plane.applications.on_change(heard)
    progress = _Progress(sys.stdout.isatty())
    try:
        while len(apps) < len(names) or not all(_is_there(app) for app in apps.values()):
            await changed.wait()
            changed.clear()
            progress.show(apps)
    finally:
        stop()


class _Progress:
    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._lines = 0
        self._told: set[str] = set()

    def show(self, apps: dict[str, JsonObject]) -> None:
        lines = [(name, line_of(apps[name])) for name in sorted(apps)]
        if self._terminal:
            steer(sys.stdout, f"\033[{self._lines}A" if self._lines else "")
            for _, line in lines:
                steer(sys.stdout, "\033[K")
                print(line)
            self._lines = len(lines)
        else:
            for name, line in lines:
                if name not in self._told and _is_there(apps[name]):
                    self._told.add(name)
                    print(line)
        sys.stdout.flush()


def line_of(app: JsonObject) -> str:
    sync, health = _words(app)
    return f"  {app['metadata']['name']:<14} {sync:<10} {health}"


def _words(app: JsonObject) -> tuple[str, str]:
    status = app.get("status") or {}
    sync, health = (str((status.get(name) or {}).get("status") or "Unknown") for name in ("sync", "health"))
    return sync, health


def _is_there(app: JsonObject) -> bool:
    return _words(app) == ("Synced", "Healthy")


def next_steps(place: Place) -> str:
    option = data_dir_option(place)
    return f"""
All are Synced and Healthy. Try next:

  export KUBECONFIG={place.kubeconfig}
  kubectl get applications -n argocd
  kubectl get all -n shop-prod
  kubectl scale deployment shop -n shop-prod --replicas=9     # drift: it is put right
  argosy app get shop-prod{option}

  cd {place.directory / "demo"}
  sed -i.bak 's/1.0.0/1.1.0/' shop/overlays/dev/kustomization.yaml
  git commit -am 'shop 1.1.0 for dev'
  argosy app get shop-dev --refresh{option}

Stop it with Ctrl-C or 'argosy down{option}'."""
