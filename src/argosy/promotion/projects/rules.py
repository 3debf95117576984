"""Policy rules of Kargo roles in one form: one rule per group, resource and name, verbs sorted.

Source: spec/kargo-api.md 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from argosy.machinery.objects import JsonObject

VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CUSTOM_VERBS: Final = {"stages": ("promote",)}


class RuleError(ValueError):
    """A rule names a type that does not exist."""


def normalised(rules: Iterable[Mapping[str, Sequence[str]]], *, custom_verbs: bool) -> list[JsonObject]:
    """`custom_verbs`: a `*` includes our custom verbs too, as when a rule is written. Raises RuleError."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for rule in rules:
        for group in (text.strip() for text in rule.get("apiGroups") or ("",)):
            for resource in (text.strip() for text in rule.get("resources") or ()):
                check_resource(resource)
                for name in rule.get("resourceNames") or ("",):
                    verbs = _verbs(rule.get("verbs") or (), resource, custom_verbs=custom_verbs)
                    found.setdefault((group, resource, name.strip()), set()).update(verbs)
    return [_rule(key, found[key]) for key in sorted(found, key=_order)]


def check_resource(resource: str) -> None:
    """Types must be plural. Raises RuleError."""
    main, slash, below = resource.partition("/")
    if main.endswith("s") or main == "*":
        return
    plural = f"{main.removesuffix('y')}ies" if main.endswith("y") else f"{main}s"
    hint = f'; did you mean "{plural}{slash}{below}"?' if main else ""
    raise RuleError(f'unrecognized resource type "{resource}"{hint}')


def _verbs(given: Iterable[str], resource: str, *, custom_verbs: bool) -> set[str]:
    verbs = {verb.strip() for verb in given}
    if "*" not in verbs:
        return verbs
    return (verbs - {"*"}) | set(VERBS) | set(CUSTOM_VERBS.get(resource, ()) if custom_verbs else ())


def _order(key: tuple[str, str, str]) -> str:
    group, resource, name = key
    return f"{group or 'core'}/{resource}" + (f"/{name}" if name else "")


def _rule(key: tuple[str, str, str], verbs: Iterable[str]) -> JsonObject:
    group, resource, name = key
    rule: dict[str, Any] = {"apiGroups": [group], "resources": [resource], "verbs": sorted(verbs)}
    return {**rule, "resourceNames": [name]} if name else rule
