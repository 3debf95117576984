"""`RespectIgnoreDifferences=true`: ignored fields are not overwritten either (spec 7.2). Pure."""

from __future__ import annotations

from argosy.gitops.comparison.normalizers import Rules, without_ignored, without_managed
from argosy.machinery.objects import JsonObject, JsonValue


def respecting(target: JsonObject, live: JsonObject, rules: Rules) -> JsonObject:
    """The target with the live value of every ignored field, except `status`."""
    made = without_managed(target, live, rules.managers) if rules.managers else target
    if not rules.pointers and not rules.paths:
        return made
    found = _restored(without_ignored(made, rules), made, live, without_ignored(live, rules))
    assert isinstance(found, dict)
    if "status" in found and "status" not in target:
        del found["status"]
    return found


def _restored(target: JsonValue, complete: JsonValue, live: JsonValue, bare: JsonValue) -> JsonValue:
    """`target` and `bare` are `whole` and `live` without ignored fields; what `bare` lacks is copied to the target."""
    if bare is live:
        return target
    if isinstance(target, dict) and isinstance(live, dict) and isinstance(bare, dict):
        result = dict(target)
        for key, value in live.items():
            if key not in bare:
                result[key] = value
            elif key in target:
                of_complete = complete.get(key) if isinstance(complete, dict) else None
                result[key] = _restored(target[key], of_complete, value, bare[key])
        return result
    if isinstance(target, list) and isinstance(live, list) and isinstance(bare, list):
        if len(live) != len(bare):
            return [*target, *(item for item in live if item not in bare and item not in target)]
        same = isinstance(complete, list) and len(complete) == len(target)
        return _restored_items(target, complete if same and isinstance(complete, list) else target, live, bare)
    return target


def _restored_items(
    target: list[JsonValue], complete: list[JsonValue], live: list[JsonValue], bare: list[JsonValue]
) -> list[JsonValue]:
    """Named items are matched by name, in any position, and new ones are kept completely; others by position."""
    wanted, found = _names(target), _names(live)
    if wanted and found:
        theirs = dict(zip(found, zip(live, bare, strict=True), strict=True))
        named = zip(wanted, target, complete, strict=True)
        return [_restored(item, full, *theirs[name]) if name in theirs else full for name, item, full in named]
    if len(target) == len(live):
        return [_restored(*each) for each in zip(target, complete, live, bare, strict=True)]
    return target


def _names(items: list[JsonValue]) -> list[str]:
    """The names of all items; empty if one has none, or two have the same."""
    found = [item.get("name") if isinstance(item, dict) else None for item in items]
    names = [name for name in found if isinstance(name, str)]
    return names if len(set(names)) == len(items) else []
