"""`argosy rehearse`: reads the present configuration, plays the change on copies, and prints the result."""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from argosy.cli.failing import CommandError, Exit

if TYPE_CHECKING:
    from argosy.machinery.objects import JsonObject
    from argosy.rehearse.changes import Change
    from argosy.rehearse.play import Proposal
    from argosy.rehearse.report import Report
    from argosy.rehearse.scenario import Scenario
    from argosy.runtime.client import Client
    from argosy.runtime.clock import Clock


def run(options: argparse.Namespace) -> int:
    """Exit code 1 for a delivery that would fail or get stuck."""
    from argosy.rehearse.report import as_json
    from argosy.rehearse.text import text_of

    # controllers' log messages are in the report
    logging.getLogger("argosy").setLevel(logging.CRITICAL)
    scenario, changes = _scenario(options), _changes(options)
    if not changes and not scenario.events:
        raise CommandError("nothing is proposed: give --push, --image or --apply, or events in a --scenario")
    if options.save and not is_label(options.save):
        raise CommandError(f"--save {options.save}: give a name of a-z, 0-9 and -, of 50 characters at most")
    objects, problems = _configuration(options)
    report = played(options, _proposal(options, objects, changes, scenario, problems))
    if options.output == "json":
        json.dump(as_json(report), sys.stdout, indent=2)
        print()
    else:
        print(text_of(report, diffs=not options.no_diffs), end="")
    if options.save:
        _kept(options, report)
    return Exit.FAILED if report.is_wrong else Exit.OK


def is_label(name: str) -> bool:
    """Whether it is a valid name of a ConfigMap."""
    return re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?", name) is not None


def played(options: argparse.Namespace, proposal: Proposal) -> Report:
    """Raises CommandError for an impossible change."""
    from argosy.cli.rehearse.sandbox import opened
    from argosy.rehearse.acts import CannotAct
    from argosy.rehearse.play import play
    from argosy.runtime.virtual import VirtualProcess

    start = proposal.scenario.start or _now()
    with (
        tempfile.TemporaryDirectory(prefix="argosy-rehearsal-") as folder,
        VirtualProcess(proposal.seed, start) as process,
    ):

        async def work() -> Report:
            async with opened(
                Path(folder),
                process.clock,
                process.rng,
                objects=proposal.objects,
                scenario=proposal.scenario,
                repositories=_repositories(options),
                namespace=options.namespace,
            ) as sandbox:
                return await play(sandbox, proposal)

        try:
            return process.run(work())
        except CannotAct as error:
            raise CommandError(str(error)) from None


def _now() -> datetime:
    from argosy.runtime.clock import RealClock

    return RealClock().now().astimezone(UTC).replace(microsecond=0)


def _proposal(
    options: argparse.Namespace,
    objects: list[JsonObject],
    changes: list[Change],
    scenario: Scenario,
    problems: list[str],
) -> Proposal:
    from argosy.rehearse.play import Proposal

    return Proposal(
        name=options.save or "rehearsal",
        seed=options.seed,
        objects=objects,
        changes=changes,
        scenario=scenario,
        problems=problems,
    )


def _scenario(options: argparse.Namespace) -> Scenario:
    from argosy.rehearse.scenario import Scenario, ScenarioError, scenario_of, span_of

    try:
        found = scenario_of(options.scenario.read_text()) if options.scenario is not None else Scenario()
        within = span_of(options.within) if options.within else found.within
    except ScenarioError as error:
        place = f"--scenario {options.scenario}" if options.scenario is not None else "--within"
        raise CommandError(f"{place}: {error}") from None
    except OSError as error:
        raise CommandError(f"--scenario {options.scenario}: {error.strerror}") from None
    return replace(found, within=within, opens_gates=found.opens_gates or options.open_gates)


def _changes(options: argparse.Namespace) -> list[Change]:
    from argosy.rehearse.changes import Apply, ChangeError, image_of, push_of
    from argosy.rehearse.configuration.files import UnreadableManifest, read_manifests

    try:
        return [
            *map(push_of, options.push),
            *map(image_of, options.image),
            *(Apply(str(path), tuple(read_manifests([path]))) for path in options.apply),
        ]
    except (ChangeError, UnreadableManifest) as error:
        raise CommandError(str(error)) from None


def _repositories(options: argparse.Namespace) -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for text in options.repository:
        url, equals, directory = text.rpartition("=")
        if not equals or not url:
            raise CommandError(f"--repository {text}: give URL=DIR")
        if not Path(directory).is_dir():
            raise CommandError(f"--repository {text}: there is no directory {directory}")
        if not any((Path(directory) / name).exists() for name in (".git", "HEAD")):
            raise CommandError(f"--repository {text}: {directory} is not a Git repository: give the top of a checkout")
        found[url] = Path(directory).absolute()
    return found


def _configuration(options: argparse.Namespace) -> tuple[list[JsonObject], list[str]]:
    from argosy.rehearse.configuration.cluster import read_cluster
    from argosy.rehearse.configuration.files import UnreadableManifest, read_manifests

    if options.paths:
        try:
            return read_manifests(options.paths), []
        except UnreadableManifest as error:
            raise CommandError(str(error)) from None
    found: list[JsonObject] = []
    problems: list[str] = []

    async def work(client: Client, clock: Clock) -> int:
        objects, refused = await read_cluster(client, options.namespace)
        found.extend(objects)
        problems.extend(refused)
        return Exit.OK

    from argosy.cli.connect import with_client

    with_client(options, work)
    return found, problems


def _kept(options: argparse.Namespace, report: Report) -> None:
    from argosy.cli.connect import with_client
    from argosy.rehearse.keeping import keep
    from argosy.server.rehearsal_reports import TooLarge

    async def work(client: Client, clock: Clock) -> int:
        try:
            await keep(client, options.namespace, report)
        except TooLarge as error:
            raise CommandError(f"--save {options.save}: {error}") from None
        return Exit.OK

    with_client(options, work)
