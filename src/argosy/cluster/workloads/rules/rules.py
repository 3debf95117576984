"""Rules that define how simulated containers behave, and which one applies (kinds sheet 5.6; docs/simulation.md).

An ordered list, the first match wins; annotations of the Pod (`simulation.argosy.dev/...`) win over the list, and
`DEFAULTS` has the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from fnmatch import fnmatchcase

from argosy.cluster.workloads.inside.rules import Command, Page
from argosy.cluster.workloads.matching import matches
from argosy.machinery.objects import JsonObject

IMAGE_REASONS = ("ErrImagePull", "InvalidImageName", "ErrImageNeverPull")
RUN_REASONS = ("Error", "OOMKilled", "Liveness", "Unready", "Evicted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    reason: str
    after: float = 0.0
    """Seconds of running before it happens; image reasons happen at the pull."""
    times: int | None = None
    """How often it happens before it succeeds; None means always."""
    probability: float = 1.0


USUAL_LATENCY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How requests that reach a Pod are handled."""

    error_share: float = 0.0
    error_code: int = 500
    latency: float = USUAL_LATENCY
    """Seconds, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Seconds; None means not set here."""

    start_delay: float | None = None
    ready_delay: float | None = None
    stop_delay: float | None = None
    jitter: float | None = None
    """Each delay is increased by up to this fraction, drawn from the seed and the Pod's name."""
    run_for: float | None = None
    exit_code: int | None = None
    fail: Fail | None = None
    never_ready: bool | None = None
    logs: tuple[tuple[float, str], ...] | None = None
    """(offset from the container's start, line)."""
    metrics: Mapping[str, float] | None = None
    commands: tuple[Command, ...] | None = None
    """The output of commands run in the container."""
    files: Mapping[str, str] | None = None
    http: tuple[Page, ...] | None = None
    """The responses of its ports."""
    traffic: Treatment | None = None
    """How it handles requests."""
    apply: tuple[JsonObject, ...] | None = None
    """The objects its program creates once it runs, with the rights of its Pod's ServiceAccount."""

    def over(self, other: Effect) -> Effect:
        """The values set here, and those of `other` for the rest."""
        said = {item.name: value for item in fields(self) if (value := getattr(self, item.name)) is not None}
        return replace(other, **said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A Service's responses to requests: data for analysis metrics and in-process checks."""

    status: int = 200
    latency: float = 0.0
    """Seconds."""
    error_share: float = 0.0
    """The share of all requests that get a 500 instead."""
    rate: float = 0.0
    """Requests per second to the Service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    namespace: str = "*"
    owner_kind: str = "*"
    owner_name: str = "*"
    selector: JsonObject | None = None
    image: str = "*"
    container: str = "*"
    service: str | None = None
    """A rule about Services: it matches no container."""
    ordinal: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    match: Match
    effect: Effect = field(default_factory=Effect)
    answers: Answers | None = None


DEFAULTS = Effect(start_delay=0.2, ready_delay=0.5, stop_delay=0.1, jitter=0.0, exit_code=0, never_ready=False)
JOB_RUN = 1.0
"""How long a container runs whose Pod is meant to complete (restartPolicy is not Always)."""


def means(
    match: Match,
    pod: JsonObject,
    container: JsonObject,
    ordinal: int | None,
    owners: Sequence[tuple[str, str]],
    now: datetime,
) -> bool:
    return (
        match.service is None
        and fnmatchcase(pod["metadata"].get("namespace") or "", match.namespace)
        and fnmatchcase(container.get("image") or "", match.image)
        and fnmatchcase(container["name"], match.container)
        and (match.ordinal is None or match.ordinal == ordinal)
        and (match.start is None or match.start <= now)
        and (match.end is None or now < match.end)
        and (match.selector is None or matches(match.selector, pod))
        and (
            (match.owner_kind, match.owner_name) == ("*", "*")
            or any(fnmatchcase(kind, match.owner_kind) and fnmatchcase(name, match.owner_name) for kind, name in owners)
        )
    )


def answers_for(rules: Sequence[Rule], service: JsonObject, now: datetime) -> Answers | None:
    """The response of the first rule that matches the Service; None without one."""
    return next((rule.answers for rule in rules if rule.answers and _means_service(rule.match, service, now)), None)


def _means_service(match: Match, service: JsonObject, now: datetime) -> bool:
    metadata = service["metadata"]
    return (
        match.service is not None
        and fnmatchcase(metadata["name"], match.service)
        and fnmatchcase(metadata.get("namespace") or "", match.namespace)
        and (match.start is None or match.start <= now)
        and (match.end is None or now < match.end)
        and (match.selector is None or matches(match.selector, service))
    )
