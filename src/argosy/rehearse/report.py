"""The report of a rehearsal: what was proposed, what happened, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonObject
from argosy.rehearse.differences import Environmental
from argosy.rehearse.notes import Note
from argosy.rehearse.repositories import Commits
from argosy.rehearse.standing import Finding
from argosy.rehearse.timeline import Entry

Outcome = Literal["delivered", "waiting", "unchanged", "failed", "stuck"]
WRONG: Final = frozenset({"failed", "stuck"})
VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`before`: problems that exist without the change. Times are virtual."""

    name: str
    seed: int
    began: datetime
    ended: datetime
    outcome: Outcome
    reason: str
    changes: Sequence[str]
    timeline: Sequence[Entry]
    differences: Sequence[Environmental] = ()
    commits: Sequence[Commits] = ()
    gates: Sequence[Finding] = ()
    failures: Sequence[Finding] = ()
    busy: Sequence[Finding] = ()
    before: Sequence[Finding] = ()
    notes: Sequence[Note] = ()
    problems: Sequence[str] = field(default=())
    """Parts of the configuration that could not be read or loaded."""

    @property
    def is_wrong(self) -> bool:
        return self.outcome in WRONG

    @property
    def took(self) -> timedelta:
        return self.ended - self.began


def span(passed: timedelta) -> str:
    """A duration in whole seconds, such as `1h30m0s`."""
    return duration.spelled(timedelta(seconds=round(passed.total_seconds())))


def as_json(report: Report) -> JsonObject:
    """The JSON form for programs and the web page; docs/rehearsals.md names each field."""
    return {
        "version": VERSION,
        "name": report.name,
        "seed": report.seed,
        "began": timestamps.seconds(report.began),
        "ended": timestamps.seconds(report.ended),
        "took": span(report.took),
        "outcome": report.outcome,
        "reason": report.reason,
        "changes": list(report.changes),
        "timeline": [_entry(entry, report.began) for entry in report.timeline],
        "differences": [_environment(one) for one in report.differences],
        "commits": [
            {"repository": one.url, "branch": one.branch, "commits": list(one.lines)} for one in report.commits
        ],
        "gates": [_finding(one) for one in report.gates],
        "failures": [_finding(one) for one in report.failures],
        "busy": [_finding(one) for one in report.busy],
        "before": [_finding(one) for one in report.before],
        "notes": [{"kind": one.kind, "text": one.text} for one in report.notes],
        "problems": list(report.problems),
    }


def _commits(found: Commits) -> JsonObject:
    return {"repository": found.url, "branch": found.branch, "commits": list(found.lines)}


def _entry(entry: Entry, began: datetime) -> JsonObject:
    return {
        "after": span(entry.at - began),
        "at": timestamps.seconds(entry.at),
        "kind": entry.kind,
        "namespace": entry.namespace,
        "name": entry.name,
        "cluster": entry.cluster,
        "severity": entry.severity,
        "text": entry.text,
    }


def _environment(found: Environmental) -> JsonObject:
    objects: list[dict[str, Any]] = [
        {
            "kind": one.kind,
            "namespace": one.namespace,
            "name": one.name,
            "change": one.change,
            "lines": list(one.lines),
        }
        for one in found.objects
    ]
    return {
        "namespace": found.namespace,
        "application": found.name,
        "destination": found.destination,
        "objects": objects,
    }


def _finding(found: Finding) -> JsonObject:
    return {
        "kind": found.kind,
        "namespace": found.namespace,
        "name": found.name,
        "cluster": found.cluster,
        "message": found.message,
        "until": timestamps.seconds(found.until) if found.until else "",
    }
