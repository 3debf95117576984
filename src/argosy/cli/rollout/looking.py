"""`argosy rollout get, list, status`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from argosy.cli.app.wait_conditions import deadline
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.rollout.objects import EXPERIMENTS, ROLLOUTS, get, rollout, whole
from argosy.cli.terminal import own, steer
from argosy.machinery import requests
from argosy.rollouts.commands.info import experiment_node, info_of
from argosy.rollouts.commands.tree import experiment_text, experiments_table, rollout_text, rollouts_table
from argosy.rollouts.commands.view import view_of
from argosy.rollouts.status.phase import shown_phase
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

PAUSE = 0.5
CLEAR = "\x1b[H\x1b[2J"
DONE = ("Healthy", "Degraded")


def show(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        await follow(client, clock, options)
        return Exit.OK

    return with_client(options, work)


async def follow(client: Client, clock: Clock, options: argparse.Namespace) -> None:
    """Shows a Rollout or an Experiment once, or with `watch` until the user stops it."""
    if options.watch and options.kind == "rollout" and options.output == "tree" and sys.stdout.isatty():
        await _live(client, clock, options)
    else:
        await _follow(clock, options, lambda: _text(client, clock, options))


async def _live(client: Client, clock: Clock, options: argparse.Namespace) -> None:
    """Runs until the user stops it."""
    from rich.live import Live

    from argosy.cli.rollout.live import PlainConsole, screen

    with Live(console=PlainConsole(file=own(sys.stdout)), auto_refresh=False, screen=False) as shown:
        until = _end(clock, options)
        while until is None or clock.now() < until:
            found = await rollout(client, options.name, options.namespace)
            info = info_of(found, await whole(client, options.namespace))
            shown.update(screen(found, info, clock.now()), refresh=True)
            await clock.sleep(PAUSE)


async def _follow(clock: Clock, options: argparse.Namespace, text: Callable[[], Awaitable[str]]) -> None:
    """Prints once, or with --watch at each change."""
    before, until = "", _end(clock, options)
    while True:
        now = await text()
        if now != before:
            if options.watch and sys.stdout.isatty():
                steer(sys.stdout, CLEAR)
            sys.stdout.write(now)
            sys.stdout.flush()
            before = now
        if not options.watch or (until is not None and clock.now() >= until):
            return
        await clock.sleep(PAUSE)


def _end(clock: Clock, options: argparse.Namespace) -> datetime | None:
    seconds = getattr(options, "timeout_seconds", 0)
    return clock.now() + timedelta(seconds=seconds) if seconds > 0 else None


async def _text(client: Client, clock: Clock, options: argparse.Namespace) -> str:
    if options.kind == "experiment":
        obj = await get(client, EXPERIMENTS, options.name, options.namespace)
        node = experiment_node(obj, await whole(client, options.namespace))
        message = str((obj.get("status") or {}).get("message") or "")
        return experiment_text(node, options.namespace, message, clock.now())
    found = await rollout(client, options.name, options.namespace)
    info = info_of(found, await whole(client, options.namespace))
    if options.output == "json":
        return json.dumps(view_of(found, info), indent=2) + "\n"
    return rollout_text(info, clock.now())


def list_all(options: argparse.Namespace) -> int:
    namespace, wide = "" if options.all_namespaces else options.namespace, options.all_namespaces
    resource, table = (EXPERIMENTS, experiments_table) if options.kind == "experiment" else (ROLLOUTS, rollouts_table)

    async def text(client: Client, clock: Clock) -> str:
        objs = (await client.page(requests.List(resource=resource, namespace=namespace))).items
        named = [obj for obj in objs if options.name in ("", obj["metadata"]["name"])]
        now = clock.now()
        return table(named, now, namespaces=wide, timestamps=options.timestamps)

    async def work(client: Client, clock: Clock) -> int:
        await _follow(clock, options, lambda: text(client, clock))
        return Exit.OK

    return with_client(options, work)


def status(options: argparse.Namespace) -> int:
    """Prints each change of phase or message, until Healthy or Degraded, which has exit code 1."""

    async def work(client: Client, clock: Clock) -> int:
        async with deadline(options.timeout, f"rollout {options.name!r} to become Healthy"):
            before = ""
            while True:
                phase, message = shown_phase(await rollout(client, options.name, options.namespace))
                text = f"{phase} - {message}" if message and not (not options.watch and phase in DONE) else phase
                if text != before:
                    print(text, flush=True)
                    before = text
                if phase in DONE or not options.watch:
                    break
                await clock.sleep(PAUSE)
        if phase == "Degraded":
            raise CommandError(f"The rollout is in a degraded state with message: {message}")
        return Exit.OK

    return with_client(options, work)
