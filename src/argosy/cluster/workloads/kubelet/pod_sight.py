"""The kubelet's view of a Pod, and its messages about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from argosy.cluster.workloads.configuration import missing_configuration, missing_volume
from argosy.cluster.workloads.decision import Event
from argosy.cluster.workloads.kubelet.effects import effects_of, ordinal_of, owners_of
from argosy.cluster.workloads.kubelet.turn import Exact
from argosy.cluster.workloads.pods import FINISHED, is_deleting, phase
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rules import Effect, Rule
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject

UNKNOWN = datetime.min.replace(tzinfo=UTC)
"""A time for which no mark is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    pod: JsonObject
    rules: Sequence[Rule]
    ordinal: int | None
    owners: tuple[tuple[str, str], ...]
    problems: tuple[tuple[str, str], ...]
    """(container, message) of missing configuration."""
    volume_problem: str
    exact: Exact
    seed: str
    events: bool


def effects_in_force(seen: Seen, now: datetime) -> dict[str, Effect]:
    return effects_of(seen.pod, seen.rules, seen.ordinal, seen.owners, now)


def said(seen: Seen, what: Sequence[tuple[str, str, str, bool]]) -> list[Event]:
    if not seen.events:
        return []
    host = seen.pod["spec"].get("nodeName") or ""
    return [
        Event(
            about=seen.pod,
            reason=reason,
            message=message,
            component="kubelet",
            type="Warning" if warning else "Normal",
            field_path=f"spec.containers{{{container}}}" if container else "",
            host=host,
        )
        for container, reason, message, warning in what
    ]


def sight_of(view: View, pod: JsonObject, book: RuleBook, *, events: bool) -> Seen:
    uid = pod["metadata"]["uid"]
    pending = phase(pod) not in FINISHED and not is_deleting(pod)
    return Seen(
        pod=pod,
        rules=book.current,
        ordinal=ordinal_of(view, pod),
        owners=owners_of(view, pod),
        problems=missing_configuration(view, pod) if pending else (),
        volume_problem=missing_volume(view, pod) if pending and phase(pod) == "Pending" else "",
        exact=lambda label, text: view.exact(uid, label, text) if text else view.marked(uid, label) or UNKNOWN,
        seed=view.seed,
        events=events,
    )
