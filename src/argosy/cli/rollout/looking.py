"""`argosy rollout get, list, status, lint`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.cli.app.waiting import deadline
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.rollout.objects import EXPERIMENTS, ROLLOUTS, get, rollout, whole
from argosy.machinery.objects import JsonObject
from argosy.machinery.yaml import YamlError, load_documents
from argosy.rollouts.commands.info import Info, Objects, experiment_node, info_of
from argosy.rollouts.commands.tree import age, aligned, experiment_text, rollout_text
from argosy.rollouts.status.phase import shown_phase
from argosy.rollouts.validation.spec import spec_errors
from argosy.runtime.clock import Clock
from argosy.runtime.verbs import Verbs

PAUSE = 0.5
CLEAR = "\x1b[H\x1b[2J"
DONE = ("Healthy", "Degraded")


def show(options: argparse.Namespace) -> int:
    async def work(client: Verbs, clock: Clock) -> int:
        await _follow(clock, options, lambda: _text(client, clock, options))
        return Exit.OK

    return with_client(options, work)


async def _follow(clock: Clock, options: argparse.Namespace, text: Callable[[], Awaitable[str]]) -> None:
    """Once, or with --watch again whenever it changes."""
    before = ""
    while True:
        now = await text()
        if now != before:
            sys.stdout.write(f"{CLEAR}{now}" if options.watch and sys.stdout.isatty() else now)
            sys.stdout.flush()
            before = now
        if not options.watch:
            return
        await clock.sleep(PAUSE)


async def _text(client: Verbs, clock: Clock, options: argparse.Namespace) -> str:
    if options.kind == "experiment":
        obj = await get(client, EXPERIMENTS, options.name, options.namespace)
        node = experiment_node(obj, await whole(client, options.namespace))
        message = str((obj.get("status") or {}).get("message") or "")
        return experiment_text(node, options.namespace, message, clock.now())
    found = await rollout(client, options.name, options.namespace)
    return rollout_text(info_of(found, await whole(client, options.namespace)), clock.now())


def list_all(options: argparse.Namespace) -> int:
    namespace = "" if options.all_namespaces else options.namespace

    async def text(client: Verbs, clock: Clock) -> str:
        objs = (await client.list(EXPERIMENTS if options.kind == "experiments" else ROLLOUTS, namespace)).items
        if not objs:
            return f"No resources found{f' in {namespace} namespace' if namespace else ''}.\n"
        rows = _experiments(objs, clock) if options.kind == "experiments" else _rollouts(objs)
        if not options.all_namespaces:
            rows = [row[1:] for row in rows]
        return aligned(rows) + "\n"

    async def work(client: Verbs, clock: Clock) -> int:
        await _follow(clock, options, lambda: text(client, clock))
        return Exit.OK

    return with_client(options, work)


def _rollouts(objs: Sequence[JsonObject]) -> list[list[str]]:
    header = [
        "NAMESPACE",
        "NAME",
        "STRATEGY",
        "STATUS",
        "STEP",
        "SET-WEIGHT",
        "READY",
        "DESIRED",
        "UP-TO-DATE",
        "AVAILABLE",
    ]
    return [header, *(_row(info_of(read(Rollout, obj), Objects())) for obj in objs)]


def _row(info: Info) -> list[str]:
    counts = [str(info.counts[name]) for name in ("Desired", "Updated", "Available")]
    ready = f"{info.counts['Ready']}/{info.counts['Current']}"
    place = [info.step or "-", info.set_weight or "-"]
    return [info.namespace, info.name, info.strategy, info.status, *place, ready, *counts]


def _experiments(objs: Sequence[JsonObject], clock: Clock) -> list[list[str]]:
    rows = [["NAMESPACE", "NAME", "STATUS", "DURATION", "AGE"]]
    for obj in objs:
        metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
        created = age(str(metadata.get("creationTimestamp") or ""), clock.now())
        phase = str(status.get("phase") or "")
        rows.append([metadata["namespace"], metadata["name"], phase, str(spec.get("duration") or "-"), created])
    return rows


def status(options: argparse.Namespace) -> int:
    """Each change of phase or message; ends with Healthy or Degraded, the latter with exit code 1."""

    async def work(client: Verbs, clock: Clock) -> int:
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


def lint(options: argparse.Namespace) -> int:
    """The rules of section 10 that need no cluster."""
    found: list[str] = []
    for file in options.files:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text()
            documents = load_documents(text)
        except (OSError, YamlError) as error:
            raise CommandError(f"{file}: {error}") from None
        for document in documents:
            if isinstance(document, dict) and document.get("kind") == "Rollout":
                found += [f"{file}: {error}" for error in spec_errors(read(Rollout, document))]
    for line in found:
        print(line, file=sys.stderr)
    return Exit.FAILED if found else Exit.OK
