"""What users say about kinds in `argocd-cm`: their own health checks and actions (spec 10, config keys).

Two spellings say the same: one map `resource.customizations`, and keys `resource.customizations.<what>.<group>_<kind>`,
which win. A name with a wildcard covers what it matches; exact names come first, wildcards in sorted order, so that two
that match never leave the answer to chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from argosy.gitops.globs import matches
from argosy.machinery.objects import JsonObject
from argosy.machinery.yaml import YamlError, load

MAP_KEY: Final = "resource.customizations"
EVERYTHING: Final = "*/*"
WILD: Final = frozenset("*?[{")


class CustomizationError(Exception):
    """Which key of the settings cannot be used, and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customization:
    """Of one kind, or of all that a pattern covers. Empty: not said."""

    health: str = ""
    open_libraries: bool = False
    discovery: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)
    merge_builtin: bool = False

    @property
    def has_actions(self) -> bool:
        return bool(self.discovery or self.definitions)


@dataclass(frozen=True, slots=True)
class Customizations:
    """By `<group>/<kind>`, `<kind>` alone for the core group."""

    exact: Mapping[str, Customization] = field(default_factory=dict)
    wild: tuple[tuple[str, Customization], ...] = ()

    def health(self, group: str, kind: str) -> Customization | None:
        return self._first(group, kind, lambda found: bool(found.health))

    def actions(self, group: str, kind: str) -> Customization | None:
        return self._first(group, kind, lambda found: found.has_actions)

    def _first(self, group: str, kind: str, says: Callable[[Customization], bool]) -> Customization | None:
        name = f"{group}/{kind}" if group else kind
        found = self.exact.get(name)
        if found is not None and says(found):
            return found
        return next((entry for pattern, entry in self.wild if says(entry) and matches(pattern, name)), None)


def customizations_of(config: Mapping[str, str]) -> Customizations:
    """CustomizationError for what cannot be read: a check that silently vanished would turn objects Healthy."""
    found: dict[str, Customization] = {}
    for name, told in _mapping(MAP_KEY, config.get(MAP_KEY) or "").items():
        if not isinstance(told, dict):
            raise CustomizationError(f"{MAP_KEY}: {name} must be a mapping")
        found[str(name)] = _entry(f"{MAP_KEY}: {name}", told)
    for key in sorted(config):
        if key.startswith(f"{MAP_KEY}."):
            _add(found, key, config[key])
    wild = tuple((name, found[name]) for name in sorted(found) if WILD & set(name))
    return Customizations({name: entry for name, entry in found.items() if not WILD & set(name)}, wild)


def _entry(where: str, told: JsonObject) -> Customization:
    made = Customization(
        health=str(told.get("health.lua") or ""), open_libraries=told.get("health.lua.useOpenLibs") is True
    )
    return _with_actions(made, f"{where} actions", str(told.get("actions") or ""))


def _add(found: dict[str, Customization], key: str, text: str) -> None:
    what, _, name = key[len(MAP_KEY) + 1 :].partition(".")
    if what not in ("health", "useOpenLibs", "actions"):
        return
    name = _name(key, name)
    entry = found.get(name, Customization())
    if what == "health":
        found[name] = replace(entry, health=text)
    elif what == "useOpenLibs":
        found[name] = replace(entry, open_libraries=text.strip().lower() in ("true", "t", "1"))
    else:
        found[name] = _with_actions(entry, key, text)


def _name(key: str, name: str) -> str:
    if name == "all":
        return EVERYTHING
    if not name or name.count("_") > 1:
        raise CustomizationError(
            f"{key}: must end with <group>_<kind>, or <kind> for the core group, with one _ at most"
        )
    return name.replace("_", "/")


def _with_actions(entry: Customization, where: str, text: str) -> Customization:
    told = _mapping(where, text)
    if not told:
        return entry
    definitions = told.get("definitions") or []
    if not isinstance(definitions, list) or not all(
        isinstance(item, dict) and item.get("name") for item in definitions
    ):
        raise CustomizationError(f"{where}: definitions must be a list of mappings with a name and action.lua")
    return replace(
        entry,
        discovery=str(told.get("discovery.lua") or ""),
        definitions={str(item["name"]): str(item.get("action.lua") or "") for item in definitions},
        merge_builtin=told.get("mergeBuiltinActions") is True,
    )


def _mapping(where: str, text: str) -> JsonObject:
    try:
        found = load(text) if text else None
    except YamlError as error:
        raise CustomizationError(f"{where}: {error}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise CustomizationError(f"{where}: must be a mapping")
    return found
