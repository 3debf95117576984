"""Renders a report for a terminal. Control characters in objects and messages are escaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.machinery import timestamps
from argosy.machinery.text.plain_text import plain_line
from argosy.rehearse.report import Report, span
from argosy.rehearse.standing import Finding
from argosy.rehearse.timeline import Entry

MARKS: Final = {"ok": " ", "busy": "·", "attention": "!", "broken": "✗"}
WORDS: Final = {
    "delivered": "DELIVERED", "waiting": "WAITS FOR A PERSON", "unchanged": "NOTHING CHANGED",
    "failed": "FAILED", "stuck": "STUCK",
}  # fmt: skip
VERBS: Final = {"create": "+", "update": "~", "delete": "-"}


def text_of(report: Report, *, diffs: bool = True) -> str:
    return "\n".join([*map(plain_line, _lines(report, diffs=diffs)), ""])


def _lines(report: Report, *, diffs: bool) -> Iterator[str]:
    yield from report.changes
    if report.problems:
        yield from _section("Could not be loaded", report.problems)
    if report.before:
        yield from _section("Not well already before the change", map(_found, report.before))
    yield from _section("Timeline", (_entry(entry, report) for entry in report.timeline))
    for one in report.commits:
        yield from _section(f"Commits to {one.branch} of {one.url}", one.lines)
    for environment in report.differences:
        yield ""
        yield f"{environment.name} ({environment.destination})"
        for changed in environment.objects:
            where = f"{changed.namespace}/{changed.name}" if changed.namespace else changed.name
            yield f"  {VERBS[changed.change]} {changed.kind} {where}"
            if diffs:
                yield from (f"      {line}" for line in changed.lines[2:])
    yield from _section("Assumed", (one.text for one in report.notes if one.kind == "assumed"))
    yield from _section("Would be sent", (one.text for one in report.notes if one.kind == "sent"))
    yield from _section("Gates", map(_found, report.gates))
    yield from _section("Failures", map(_found, report.failures))
    yield from _section("Still under way", map(_found, report.busy))
    yield ""
    yield f"{WORDS[report.outcome]} after {span(report.took)}: {report.reason}"


def _section(title: str, lines: object) -> Iterator[str]:
    found = list(lines)  # type: ignore[call-overload]
    if found:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def _entry(entry: Entry, report: Report) -> str:
    after = span(entry.at - report.began)
    who = f"{entry.kind} {entry.name}" if entry.kind else "you"
    cluster = f" in {entry.cluster}" if entry.cluster else ""
    mark = MARKS.get(entry.severity, " ") if entry.kind else ">"
    return f"{after:>10} {mark} {who}{cluster}: {entry.text}"


def _found(found: Finding) -> str:
    until = f" (until {timestamps.seconds(found.until)})" if found.until else ""
    return f"{found.subject}: {found.message}{until}"
