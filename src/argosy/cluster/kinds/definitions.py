"""Decisions about CustomResourceDefinitions: which names are accepted, whether it is established (spec 12).

Pure functions: the caller stores the status they return, in the transaction that changed the definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from argosy.machinery.objects import JsonObject

APPROVED = "api-approved.kubernetes.io"
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
_NAMES = ("plural", "singular", "shortNames", "kind", "listKind", "categories")
_PROTECTED = ("k8s.io", "kubernetes.io")


def is_protected(group: str) -> bool:
    """Groups of the Kubernetes project itself."""
    return f".{group}".endswith(tuple(f".{suffix}" for suffix in _PROTECTED))


def is_established(definition: JsonObject) -> bool:
    return bool(condition(definition, "Established").get("status") == "True")


def is_terminating(definition: JsonObject) -> bool:
    return bool(definition["metadata"].get("deletionTimestamp"))


def condition(definition: JsonObject, spelled: str) -> JsonObject:
    """The condition of this type, or an empty one."""
    found = (definition.get("status") or {}).get("conditions") or ()
    empty: JsonObject = {}
    return next((item for item in found if item.get("type") == spelled), empty)


def decided_status(definition: JsonObject, others: Iterable[JsonObject], now: datetime) -> JsonObject:
    """The status that a definition should have, given all others; equal to the current one when nothing changes."""
    status = dict(definition.get("status") or {})
    group = definition["spec"]["group"]
    rivals = [other for other in others if _is_rival(other, definition, group)]
    accepted, reason, message = _accept(definition, rivals)
    conditions: list[JsonObject] = list(status.get("conditions") or ())
    fine = reason == "NoConflicts"
    conditions = _set(conditions, "NamesAccepted", fine, reason, message, now)
    if fine:
        text = "the initial names have been accepted"
        conditions = _set(conditions, "Established", True, "InitialNamesAccepted", text, now)
    elif not is_established(definition):
        conditions = _set(conditions, "Established", False, "NotAccepted", "not all names are accepted", now)
    conditions = _with_approval(definition, conditions, now)
    return {**status, "conditions": conditions, "acceptedNames": accepted}


def _is_rival(other: JsonObject, definition: JsonObject, group: str) -> bool:
    same: bool = other["metadata"]["name"] == definition["metadata"]["name"]
    return not same and bool(other["spec"].get("group") == group)


def _accept(definition: JsonObject, rivals: Sequence[JsonObject]) -> tuple[JsonObject, str, str]:
    """(accepted names, reason, message). On a conflict the accepted names are kept; the last conflict is reported."""
    wanted = definition["spec"]["names"]
    before = (definition.get("status") or {}).get("acceptedNames") or {}
    resources, kinds = _taken(rivals)
    accepted: JsonObject = {"plural": "", "kind": "", **before}
    reason, message = "NoConflicts", "no conflicts found"
    for name, word, pool in (
        ("plural", "PluralConflict", resources),
        ("singular", "SingularConflict", resources),
        ("shortNames", "ShortNamesConflict", resources),
        ("kind", "KindConflict", kinds),
        ("listKind", "ListKindConflict", kinds),
    ):
        value = wanted.get(name)
        taken = [item for item in (value if isinstance(value, list) else [value]) if item in pool]
        if taken:
            reason, message = word, ", ".join(f'"{item}" is already in use' for item in taken)
        else:
            _put(accepted, name, value)
    _put(accepted, "categories", wanted.get("categories"))
    return {name: accepted[name] for name in _NAMES if name in accepted}, reason, message


def _put(target: JsonObject, name: str, value: object) -> None:
    if value:
        target[name] = value
    else:
        target.pop(name, None)


def _taken(rivals: Iterable[JsonObject]) -> tuple[set[str], set[str]]:
    resources: set[str] = set()
    kinds: set[str] = set()
    for rival in rivals:
        names = (rival.get("status") or {}).get("acceptedNames") or {}
        resources |= {names.get("plural", ""), names.get("singular", ""), *(names.get("shortNames") or ())}
        kinds |= {names.get("kind", ""), names.get("listKind", "")}
    return resources - {""}, kinds - {""}


def _with_approval(definition: JsonObject, conditions: list[JsonObject], now: datetime) -> list[JsonObject]:
    spelled = "KubernetesAPIApprovalPolicyConformant"
    text = (definition["metadata"].get("annotations") or {}).get(APPROVED)
    if not is_protected(definition["spec"]["group"]) or text is None:
        return conditions
    if text.startswith("unapproved"):
        return _set(conditions, spelled, False, "UnapprovedAnnotation", f"not approved: {text!r}", now)
    return _set(conditions, spelled, True, "ApprovedAnnotation", f"approved in {text}", now)


def _set(
    conditions: list[JsonObject], spelled: str, met: bool, reason: str, message: str, now: datetime
) -> list[JsonObject]:
    """lastTransitionTime changes only with the status."""
    status = "True" if met else "False"
    old = next((item for item in conditions if item.get("type") == spelled), None)
    changed = old.get("lastTransitionTime") if old is not None and old.get("status") == status else None
    fresh: JsonObject = {"type": spelled, "status": status}
    fresh["lastTransitionTime"] = changed or now.strftime("%Y-%m-%dT%H:%M:%SZ")
    fresh |= {"reason": reason, "message": message}
    if old is None:
        return [*conditions, fresh]
    return [fresh if item is old else item for item in conditions]
