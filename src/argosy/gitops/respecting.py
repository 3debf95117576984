"""`RespectIgnoreDifferences=true`: what is ignored is not overwritten either (spec 7.2). Pure."""

from __future__ import annotations

from argosy.gitops.normalize import Rules, without_ignored, without_managed
from argosy.machinery.objects import JsonObject, JsonValue


def respecting(target: JsonObject, live: JsonObject, rules: Rules) -> JsonObject:
    """The target with the live value of every ignored field, `status` aside."""
    made = without_managed(target, live, rules.managers) if rules.managers else target
    if not rules.pointers and not rules.paths:
        return made
    found = _restored(without_ignored(made, rules), live, without_ignored(live, rules))
    assert isinstance(found, dict)
    if "status" in found and "status" not in target:
        del found["status"]
    return found


def _restored(target: JsonValue, live: JsonValue, bare: JsonValue) -> JsonValue:
    """`bare` is `live` without what is ignored; what it lacks comes back into the target."""
    if bare is live:
        return target
    if isinstance(target, dict) and isinstance(live, dict) and isinstance(bare, dict):
        result = dict(target)
        for key, value in live.items():
            if key not in bare:
                result[key] = value
            elif key in target:
                result[key] = _restored(target[key], value, bare[key])
        return result
    if isinstance(target, list) and isinstance(live, list) and isinstance(bare, list):
        if len(live) != len(bare):
            return [*target, *(item for item in live if item not in bare and item not in target)]
        if len(target) == len(live):
            return [_restored(*triple) for triple in zip(target, live, bare, strict=True)]
    return target
