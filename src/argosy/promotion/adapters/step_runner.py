"""Runs steps for Promotions, each in its own working directory, with a journal of finished steps.

A step whose result is in the journal is not run again, so a crash between the effect and the status repeats nothing.
If the directory is lost, the earlier steps that built it run again first; those with effects elsewhere do not.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.unexpected import described
from argosy.promotion.adapters.tools import Effective, Tools
from argosy.promotion.credentials.committing import identity_from
from argosy.promotion.credentials.matching import opened
from argosy.promotion.promotions.questions import RemoveDirectory, RunStep
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.kind import Job, Kind, Result, Run, Status, StepFault
from argosy.sources.port import Credentials, SourceError

JOURNAL: Final = "journal.json"
FILES: Final = "files"

log = logging.getLogger(__name__)


class StepRunner:
    def __init__(self, directory: Path, tools: Tools, effective: Effective) -> None:
        """`effective` exchanges stored credentials for a token where needed, such as a GitHub App's key."""
        self._directory = directory
        self._tools = tools
        self._effective = effective

    async def run(self, question: RunStep) -> Result:
        place = self._place(question.uid)
        journal = await self._tools.in_thread(lambda: _journal(place))
        if done := journal.get(f"{question.index}/{question.run}"):
            return _read(done)
        identity = identity_from(json.loads(question.identity.value))
        tools = self._tools.given(await self._credentials(question), identity)
        job = _job(str(question.job.value))
        for earlier in json.loads(question.before.value):
            if f"{earlier['index']}" in journal:
                continue
            result = await self._made_again(earlier, job, place, tools)
            if result.status not in (Status.SUCCEEDED, Status.SKIPPED):
                error = f"the working directory was lost and could not be made again: {result.error}"
                return Result(status=Status.ERRORED, error=error)
            journal[f"{earlier['index']}"] = _plain(result)
        result = await self._timed(STEPS[question.uses], Run(job=job, directory=place / FILES, tools=tools))
        if result.status in (Status.SUCCEEDED, Status.SKIPPED):
            journal[f"{question.index}"] = journal[f"{question.index}/{question.run}"] = _plain(result)
        await self._tools.in_thread(lambda: _keep(place, journal))
        return result

    async def remove(self, question: RemoveDirectory) -> bool:
        place = self._place(question.uid)
        await self._tools.in_thread(lambda: shutil.rmtree(place, ignore_errors=True))
        return True

    def _place(self, uid: str) -> Path:
        return self._directory / f"promotion-{uid}"

    async def _credentials(self, question: RunStep) -> dict[tuple[str, str], Credentials]:
        found: dict[tuple[str, str], Credentials] = {}
        for key, fields in json.loads(question.credentials.value).items():
            kind, _, url = key.partition(" ")
            found[kind, url] = await self._effective(opened(fields))
        return found

    async def _made_again(self, earlier: JsonObject, job: Job, place: Path, tools: Tools) -> Result:
        fields = {**{name: getattr(job, name) for name in Job.__dataclass_fields__}, "output": None}
        again = Job(**{**fields, "alias": earlier["alias"], "uses": earlier["uses"], "config": earlier["config"]})
        return await self._timed(STEPS[earlier["uses"]], Run(job=again, directory=place / FILES, tools=tools))

    async def _timed(self, kind: Kind, run: Run) -> Result:
        started = self._tools.clock.now()
        await self._tools.in_thread(lambda: run.directory.mkdir(parents=True, exist_ok=True, mode=0o700))
        result = await self._run(kind, run)
        fields = {name: getattr(result, name) for name in Result.__dataclass_fields__}
        return Result(**{**fields, "started_at": started, "finished_at": self._tools.clock.now()})

    async def _run(self, kind: Kind, run: Run) -> Result:
        try:
            found: Result = await kind.run(run) if kind.waits else await self._tools.in_thread(lambda: kind.run(run))
        except StepFault as fault:
            return Result(status=fault.status, error=str(fault), terminal=fault.terminal)
        except SourceError as error:
            return Result(status=Status.ERRORED, error=str(error))
        except Exception as error:
            # Its text may quote a secret: only the type of the error and where it was raised are logged.
            log.warning("step %s failed: %s", kind.name, described(error))
            return Result(status=Status.ERRORED, error=type(error).__name__, panicked=True)
        return found


def _journal(place: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((place / JOURNAL).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _keep(place: Path, journal: Mapping[str, Any]) -> None:
    """Atomic: a crash leaves the previous journal."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place / f"{JOURNAL}.new"
    fresh.write_text(json.dumps(journal))
    fresh.chmod(0o600)
    fresh.replace(place / JOURNAL)


def _plain(result: Result) -> JsonObject:
    fields = asdict(result)
    for name in ("started_at", "finished_at"):
        fields[name] = timestamps.micros(fields[name]) if fields[name] else None
    fields["poll"] = None
    return fields


def _read(fields: JsonObject) -> Result:
    moments = {name: timestamps.parse(fields[name]) for name in ("started_at", "finished_at") if fields.get(name)}
    return Result(**{**fields, "started_at": None, "finished_at": None, **moments})


def _job(text: str) -> Job:
    fields = json.loads(text)
    started = fields.pop("started_at")
    return Job(**fields, started_at=timestamps.parse(started) if started else None)
