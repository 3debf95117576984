"""The smallest write that updates an Application's stored status to the result (spec 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.argoproj.application import ApplicationSpec, ApplicationStatus
from argosy.gitops.comparison.comparer import Comparison
from argosy.gitops.health import Health
from argosy.gitops.model.application_spec import is_multi, source_fields
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.jsonpatch import equal
from argosy.machinery.patches.mergepatch import create_merge_patch


def found(
    before: ApplicationStatus,
    spec: ApplicationSpec,
    comparison: Comparison,
    revisions: list[str],
    types: list[str],
    now: str,
) -> JsonObject:
    """The status after a comparison; conditions, operation and history stay as they are."""
    compared_to: JsonObject = {"destination": spec.destination.raw, **source_fields(spec)}
    if spec.ignore_differences:
        compared_to["ignoreDifferences"] = [one.raw for one in spec.ignore_differences]
    sync: JsonObject = {"status": comparison.status, "comparedTo": compared_to}
    made = {**before.raw, "sync": sync, "health": health(before, comparison.health, now)}
    if is_multi(spec):
        sync["revisions"], made["sourceTypes"] = revisions, types
    elif revisions:
        sync["revision"], made["sourceType"] = revisions[0], types[0] if types else ""
    made["resources"] = list(comparison.resources)
    made["summary"] = dict(comparison.summary)
    made["resourceHealthSource"] = "appTree"
    return {name: value for name, value in made.items() if value not in ([], "")}


def unknown(
    before: ApplicationStatus, spec: ApplicationSpec, now: str, found: Health | None, revisions: Sequence[str] = ()
) -> JsonObject:
    """The status if nothing could be compared: earlier facts stay, as Unknown. `revisions`: the requested ones, which
    replace those found earlier."""
    compared_to: JsonObject = {"destination": spec.destination.raw, **source_fields(spec)}
    old = before.sync.raw
    kept = {name: old[name] for name in ("revision", "revisions") if old.get(name)}
    if revisions:
        kept = {"revisions": list(revisions)} if is_multi(spec) else {"revision": revisions[0]}
    made = {**before.raw, "sync": {"status": "Unknown", "comparedTo": compared_to, **kept}}
    made["health"] = health(before, found or Health("Unknown"), now)
    if found is not None:
        made["resourceHealthSource"] = "appTree"
    if before.resources:
        made["resources"] = [{**item.raw, "status": "Unknown"} for item in before.resources]
    return made


def unlooked(before: ApplicationStatus, now: str) -> JsonObject:
    """The status if the spec is invalid: nothing was compared."""
    made = {**before.raw, "sync": {**before.sync.raw, "status": "Unknown"}}
    made["health"] = health(before, Health("Unknown"), now)
    if before.resources:
        made["resources"] = [{**item.raw, "status": "Unknown"} for item in before.resources]
    return made


def health(before: ApplicationStatus, after: Health, now: str) -> JsonObject:
    """`lastTransitionTime` changes only with the status."""
    old = before.health
    made: JsonObject = {"status": after.status}
    if after.message:
        made["message"] = after.message
    made["lastTransitionTime"] = old.last_transition_time or now if old.status == after.status else now
    return made


def is_too_large(code: int, message: str) -> bool:
    """Whether a write was refused for its size: by the API server, by etcd, or on the way between them."""
    return code == 413 or any(text in message for text in ("request is too large", "larger than max"))


def patch(before: JsonObject, after: JsonObject) -> JsonObject | None:
    """None if there is nothing to write. Changed times alone are no reason to write."""
    if equal(before, after):
        return None
    return create_merge_patch(before, after)
