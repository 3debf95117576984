"""Runs through the steps of a Promotion that was built but not created."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.promotion import PromotionStatus
from argosy.machinery.controller import PENDING
from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.tools import Effective, Tools
from argosy.promotion.credentials.committing import committing, identity_from
from argosy.promotion.credentials.finding import found_credentials
from argosy.promotion.credentials.matching import opened
from argosy.promotion.preview.files import WorkingFiles
from argosy.promotion.preview.git import PreviewGit, Push
from argosy.promotion.preview.loaded import Loaded
from argosy.promotion.preview.outside import OUTSIDE, on_cluster, open_pr
from argosy.promotion.promotions.context import collected, context_of, job_of
from argosy.promotion.promotions.execution import Execution, Visit, after, resumed
from argosy.promotion.promotions.visiting import visit
from argosy.promotion.settings import Settings
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.git import git_push, github_push
from argosy.promotion.steps.git.working_copy import copy_at
from argosy.promotion.steps.kind import Job, Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.pulls import git_open_pr
from argosy.sources.port import SourceError

SHORT: Final = 12
OUTPUTS: Final = 20
WIDTH: Final = 400


@dataclass(frozen=True, slots=True)
class Effect:
    """A step's status if everything before succeeds as shown, and what it would do."""

    alias: str
    uses: str
    status: str
    lines: tuple[str, ...] = ()
    applications: tuple[tuple[str, str], ...] = ()
    """Namespaces and names of the Applications that it touches."""


class Preview:
    """`git` is the one in `tools`."""

    def __init__(
        self,
        snapshot: Loaded,
        settings: Settings,
        tools: Tools,
        git: PreviewGit,
        directory: Path,
        effective: Effective,
    ) -> None:
        self._snapshot, self._settings, self._tools, self._git = snapshot, settings, tools, git
        self._directory, self._effective = directory, effective
        self._files = WorkingFiles(directory / "files")
        self._repositories: list[tuple[str, str]] = []
        """The URLs that steps so far used credentials for: later steps push to them."""

    async def effects(self, promotion: Promotion, stage: Stage, freight: Freight, now: datetime) -> list[Effect]:
        held = collected(stage, freight)
        context = context_of(self._snapshot, self._settings, promotion, stage, freight, held)
        execution = resumed(promotion.spec.steps, STEPS, PromotionStatus())
        found: list[Effect] = []
        while not execution.done and not execution.waiting:
            jobs: list[Job] = []

            def asked(config: JsonObject, execution: Execution = execution, jobs: list[Job] = jobs) -> Any:
                jobs.append(job_of(promotion, context, execution, config))
                return PENDING

            seen = visit(execution, context, asked)
            lines: Sequence[str] = ()
            touched: tuple[tuple[str, str], ...] = ()
            if not isinstance(seen, Visit):
                result, lines = await self._done(replace(jobs[0], started_at=now))
                seen, touched = Visit("ran", result), _touched(result)
                lines = lines or _without_effect(result)
            elif seen.what == "skipped":
                lines = ["its condition does not hold"]
            step = execution.steps[execution.current]
            execution = after(execution, seen, now)
            meta = execution.metadata[len(found)]
            messages = [str(meta["message"])] if meta.get("message") else []
            found.append(Effect(step.as_, step.uses, str(meta["status"]), (*lines, *messages), touched))
        return found

    async def _done(self, job: Job) -> tuple[Result, list[str]]:
        kind = STEPS[job.uses]
        try:
            if kind.sort is Sort.CLUSTER:
                return on_cluster(job, kind.run(job, self._snapshot, None), self._snapshot)
            if job.uses in OUTSIDE and job.uses != "git-open-pr":
                return OUTSIDE[job.uses](job)
            return await self._run(kind, job)
        except StepFault as fault:
            return Result(status=fault.status, error=str(fault), terminal=True), []
        except SourceError as error:
            return Result(status="Errored", error=str(error), terminal=True), []

    async def _run(self, kind: Kind, job: Job) -> tuple[Result, list[str]]:
        before, place = len(self._git.pushes), self._directory / "files"
        place.mkdir(parents=True, exist_ok=True)
        self._repositories += kind.repositories(job.config)
        given = found_credentials(self._snapshot, job.project, self._repositories, self._settings)
        credentials = {}
        for key, fields in given.items():
            type_, _, url = key.partition(" ")
            credentials[type_, url] = await self._effective(opened(fields))
        run = Run(
            job=job,
            directory=place,
            tools=self._tools.given(credentials, identity_from(committing(self._snapshot, self._settings))),
        )
        if job.uses == "git-open-pr":
            return await self._proposed(run)
        if job.uses == "github-push":
            result = await self._pushed_to_github(run)
        else:
            result = await kind.run(run) if kind.waits else await self._tools.in_thread(lambda: kind.run(run))
        changes = await self._tools.in_thread(self._files.changes)
        pushed = [line for push in self._git.pushes[before:] for line in push_lines(push)]
        return replace(result), [*_own_lines(job, result, changes), *pushed]

    async def _proposed(self, run: Run) -> tuple[Result, list[str]]:
        """Its source branch may be one that a step before would have pushed."""
        config, url = run.job.config, self._git.checked(run.job.config["repoURL"])
        sent = [self._git.pushed(url, f"refs/heads/{config[name]}") for name in ("sourceBranch", "targetBranch")]
        there = await git_open_pr.heads_of(run, config["sourceBranch"], config["targetBranch"])
        source, target = (push.commit if push else head for push, head in zip(sent, there, strict=True))
        git_open_pr.refuse_missing(run, (source, target))
        if source == target:
            return Result(status=Status.SKIPPED), [f"proposes nothing: {config['targetBranch']} has all of it"]
        return open_pr(run.job, sent[0].subject if sent[0] else "")

    async def _pushed_to_github(self, run: Run) -> Result:
        """The same commits and branch as of `git-push`; only who signs them differs."""
        place, url, _ = await copy_at(run, run.job.config["path"])
        await github_push.missing(run, place, url, await github_push.target_of(run, place))
        pushes = replace(run.job, config={**run.job.config, "provider": "github"})
        result: Result = await git_push.run(replace(run, job=pushes))
        return result


def _own_lines(job: Job, result: Result, changes: list[str]) -> list[str]:
    """A clone creates all files: which commits they come from is more useful."""
    output = result.output or {}
    if job.uses == "git-clone":
        return [f"checks out {commit[:SHORT]} as {name}" for name, commit in (output.get("commits") or {}).items()]
    if job.uses == "git-tag":
        return [f"tags {output['commit'][:SHORT]} as {job.config['tag']}"]
    if job.uses == "github-push":
        return ["GitHub makes the commits again and signs those of the system's key"]
    if job.uses == "git-commit" and result.status == Status.SUCCEEDED:
        return [f'commits "{str(job.config["message"]).partition(chr(10))[0]}"']
    return changes


def _without_effect(result: Result) -> list[str]:
    """A step that only has outputs shows them."""
    if result.status not in (Status.SUCCEEDED, Status.SKIPPED):
        return []
    outputs = [_shortened(f"output {name}: {json.dumps(value)}") for name, value in (result.output or {}).items()]
    return outputs[:OUTPUTS] or ["changes nothing"]


def _shortened(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}..."


def _touched(result: Result) -> tuple[tuple[str, str], ...]:
    apps = (result.output or {}).get("apps")
    if not isinstance(apps, list):
        return ()
    return tuple((str(one.get("namespace")), str(one.get("name"))) for one in apps if isinstance(one, dict))


def push_lines(push: Push) -> Iterable[str]:
    yield f"pushes to {push.to} of {push.url}:"
    if not push.commits:
        yield f"  {push.commit[:SHORT]}, which is there" if push.is_new else "  nothing that is not there"
    yield from (f"  commit {commit}" for commit in push.commits)
    yield from (f"  {line}" for line in push.diff)
