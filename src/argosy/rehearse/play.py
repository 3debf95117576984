"""Plays a rehearsal: waits until the present is stable, makes the change, and runs until nothing more would happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.rehearse import picture
from argosy.rehearse.acts import act
from argosy.rehearse.changes import Change
from argosy.rehearse.configuration.loading import load
from argosy.rehearse.differences import differences
from argosy.rehearse.report import Outcome, Report
from argosy.rehearse.run import Run
from argosy.rehearse.sandbox import Sandbox
from argosy.rehearse.scenario import Scenario, simulation
from argosy.rehearse.simulated.images import images_in
from argosy.rehearse.standing import Finding

BEFORE: Final = "2000-01-01T00:00:00Z"
"""The creation time of images without a recorded one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`problems`: parts of the configuration that could not be read."""

    name: str
    seed: int
    objects: Sequence[JsonObject]
    changes: Sequence[Change]
    scenario: Scenario
    problems: Sequence[str] = ()


async def play(sandbox: Sandbox, proposal: Proposal) -> Report:
    """Raises CannotAct for an impossible change."""
    run = Run(sandbox, proposal.scenario)
    for image in (*images_in(proposal.objects), *proposal.scenario.images):
        sandbox.registry.push(image, image.created_at or BEFORE)
    objects = [*proposal.objects, *simulation(proposal.scenario.rules)]
    problems = [*proposal.problems, *await load(sandbox.client, sandbox.clock, objects)]
    await run.rest()
    before, then = await run.findings(), await picture.environments(sandbox)
    await sandbox.repositories.mark()
    run.begin()
    for change in proposal.changes:
        run.changes.append(run.noted(await act(sandbox, change)))
    is_stuck = await run.until_nothing_happens()
    after = [one for one in await run.findings() if one not in before or run.touched(one)]
    outcome, reason = _outcome(run, after, is_stuck=is_stuck)
    return Report(
        name=proposal.name,
        seed=proposal.seed,
        began=run.began,
        ended=max(run.changed_at, run.began),
        outcome=outcome,
        reason=reason,
        changes=run.changes,
        timeline=run.entries,
        differences=differences(then, await picture.environments(sandbox)),
        commits=await sandbox.repositories.commits(),
        gates=[one for one in after if one.state == "gate"],
        failures=[*(one for one in after if one.state == "failed"), *run.refused],
        busy=[one for one in after if one.state == "busy"],
        before=[one for one in before if one.state == "failed"],
        notes=sandbox.notes.found,
        problems=problems,
    )


def _outcome(run: Run, after: Sequence[Finding], *, is_stuck: bool) -> tuple[Outcome, str]:
    failed = [*(one for one in after if one.state == "failed"), *run.refused]
    gates = [one for one in after if one.state == "gate"]
    busy = [one for one in after if one.state == "busy"]
    if failed:
        return "failed", _texts(failed)
    if is_stuck:
        return "stuck", _texts(busy) if busy else "it never settles"
    if gates:
        return "waiting", _texts(gates)
    if len(run.entries) <= len(run.changes):
        return "unchanged", "the change leads to nothing"
    return "delivered", "nothing is left to do, and all is well"


def _texts(found: Sequence[Finding]) -> str:
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{found[0].subject}: {found[0].message}{more}"
