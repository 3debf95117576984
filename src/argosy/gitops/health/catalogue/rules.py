"""Building blocks of the catalogue's rules: ordered conditions, tables of phases, generations first.

Most third-party kinds report health in one of a few forms (spec 17, a to g). Those are tables here, built once when the
module is loaded; only a kind that fits no table has a function in its family's file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.gitops.health.verdict import Check, Health, progressing
from argosy.machinery.objects import JsonObject

Say = str | Callable[[JsonObject], str]
"""A fixed text, or one computed from the condition or the object."""

Table = Mapping[tuple[str, str], Check]
"""(group, kind), either a pattern or exact: the check."""


def at(obj: object, *path: str) -> Any:
    """The value at the path, None if any step is missing."""
    found: Any = obj
    for step in path:
        if not isinstance(found, dict):
            return None
        found = found.get(step)
    return found


def text(obj: object, *path: str) -> str:
    found = at(obj, *path)
    return "" if found is None else str(found)


def message(condition: JsonObject) -> str:
    return text(condition, "message")


def reason(condition: JsonObject) -> str:
    return text(condition, "reason")


def message_or_reason(condition: JsonObject) -> str:
    return message(condition) or reason(condition)


def reason_and_message(condition: JsonObject) -> str:
    """`reason: message`, or whichever exists."""
    return ": ".join(part for part in (reason(condition), message(condition)) if part)


def listed(obj: JsonObject, *path: str) -> list[JsonObject]:
    """The objects of a list in their order; those of `status.conditions` by default."""
    found = at(obj, *(path or ("status", "conditions")))
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def having(obj: JsonObject, kind: str, status: str | None = None) -> JsonObject | None:
    """The first condition of that type (and status)."""
    for item in listed(obj):
        if item.get("type") == kind and (status is None or str(item.get("status")) == status):
            return item
    return None


def is_true(obj: JsonObject, kind: str) -> bool:
    return having(obj, kind, "True") is not None


def stale(obj: JsonObject, *path: str) -> bool:
    """The controller has recorded an observed generation, but not this one."""
    observed, generation = at(obj, *(path or ("status", "observedGeneration"))), at(obj, "metadata", "generation")
    return observed is not None and generation is not None and observed != generation


def wording(say: Say, source: JsonObject) -> str:
    return say if isinstance(say, str) else say(source)


def kind_of(obj: JsonObject) -> str:
    return text(obj, "kind")


@dataclass(frozen=True, slots=True)
class On:
    """One rule over conditions: type and status (and reason, if given) determine the health."""

    kind: str
    status: str
    health: str
    say: Say = message
    reasons: tuple[str, ...] = ()

    def holds(self, condition: JsonObject) -> bool:
        return (
            condition.get("type") == self.kind
            and str(condition.get("status")) == self.status
            and (not self.reasons or condition.get("reason") in self.reasons)
        )


def by_condition(
    *rules: On, waiting: Say, otherwise: str = "Progressing", generation: Say = "", suspended: Say = ""
) -> Check:
    """The first rule that some condition matches; rules, not conditions, are in order of precedence.

    `waiting` is the message (with `otherwise` as health) if none matches. With `generation`, a different observed
    generation comes first; with `suspended`, `spec.suspend` comes before everything.
    """

    def check(obj: JsonObject) -> Health:
        if suspended and at(obj, "spec", "suspend") is True:
            return Health("Suspended", wording(suspended, obj))
        if generation and stale(obj):
            return progressing(wording(generation, obj))
        found = listed(obj)
        for rule in rules:
            for condition in found:
                if rule.holds(condition):
                    return Health(rule.health, wording(rule.say, condition))
        return Health(otherwise, wording(waiting, obj))

    return check


def ready(
    waiting: Say,
    condition: str = "Ready",
    say: Say = message,
    healthy: Say | None = None,
    busy: tuple[str, ...] = (),
    generation: Say = "",
    suspended: Say = "",
) -> Check:
    """Families a, b and d: True is Healthy, False Degraded (or, for a busy reason, Progressing), absent Progressing."""
    moving = (On(condition, "False", "Progressing", say, busy),) if busy else ()
    return by_condition(
        On(condition, "True", "Healthy", say if healthy is None else healthy),
        *moving,
        On(condition, "False", "Degraded", say),
        waiting=waiting,
        generation=generation,
        suspended=suspended,
    )


def by_value(
    path: tuple[str, ...],
    healths: Mapping[str, str],
    say: Say,
    waiting: Say,
    otherwise: str = "Progressing",
    unset: str = "Progressing",
) -> Check:
    """Family c: a field's value is looked up; `say` gets the complete object; an empty field is `waiting`."""

    def check(obj: JsonObject) -> Health:
        value = text(obj, *path)
        if not value:
            return Health(unset, wording(waiting, obj))
        return Health(healths.get(value, otherwise), wording(say, obj))

    return check


def states(**names: str) -> dict[str, str]:
    """`states(Healthy="Running Done", Degraded="Failed")`: each word to its health."""
    return {word: health for health, line in names.items() for word in line.split()}


def field(*path: str) -> Callable[[JsonObject], str]:
    """The text at the path."""
    return lambda obj: text(obj, *path)


def about_kind(template: str) -> Callable[[JsonObject], str]:
    """The template with the object's kind in place of `{kind}`."""
    return lambda obj: template.format(kind=kind_of(obj))
