"""Users' customizations of kinds in `argocd-cm`: their own health checks and actions (spec 10).

Two forms are equivalent: one map `resource.customizations`, and keys `resource.customizations.<what>.<group>_<kind>`,
which win. A name with a wildcard matches several kinds; exact names come first, wildcards in sorted order, so that the
result is deterministic if two match. Invalid entries are left out and reported: all others work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.globs import matches
from argosy.machinery.text.yaml import YamlError, load

MAP_KEY: Final = "resource.customizations"
EVERYTHING: Final = "*/*"
WILD: Final = frozenset("*?[{")
ELSEWHERE: Final = ("ignoreDifferences", "ignoreResourceUpdates", "knownTypeFields")
"""Fields of the same keys that are parsed elsewhere."""

TRUE: Final = ("1", "t", "T", "true", "TRUE", "True")
FALSE: Final = ("0", "f", "F", "false", "FALSE", "False")


class CustomizationError(Exception):
    """Which key of the settings is invalid, and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A health check. `digest` is of all inputs of its verdict except the object."""

    text: str
    open_libraries: bool
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UserActions:
    discovery: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Scripts by the name of their action."""
    merges_shipped: bool = False
    broken: str = ""
    """Why they are invalid: then the kind has none, and users see the error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customization:
    """Of one kind, or of all that a pattern matches. Empty if not configured."""

    health: str = ""
    open_libraries: bool = False
    actions: UserActions | None = None


@dataclass(frozen=True, slots=True)
class Customizations:
    """By `<group>/<kind>`, `<kind>` alone for the core group. `problems`: what was left out, one line each."""

    exact: Mapping[str, Customization] = field(default_factory=dict)
    wild: tuple[tuple[str, Customization], ...] = ()
    problems: tuple[str, ...] = ()
    _health: dict[tuple[str, str], Script | None] = field(default_factory=dict, compare=False, repr=False)
    """Cached lookups: called for every object, but there are few kinds."""

    @property
    def judges(self) -> bool:
        """Whether there is any health check at all."""
        return any(entry.health for entry in self._all())

    @property
    def acts(self) -> bool:
        return any(entry.actions for entry in self._all())

    def health(self, group: str, kind: str) -> Script | None:
        if (group, kind) not in self._health:
            found = self._first(group, kind, lambda entry: bool(entry.health))
            self._health[group, kind] = _script(found) if found else None
        return self._health[group, kind]

    def actions(self, group: str, kind: str) -> UserActions | None:
        """For exactly this kind, or the first pattern that matches it."""
        found = self._first(group, kind, lambda entry: entry.actions is not None)
        return found.actions if found else None

    def _all(self) -> Iterator[Customization]:
        yield from self.exact.values()
        yield from (entry for _, entry in self.wild)

    def _first(self, group: str, kind: str, has_part: Callable[[Customization], bool]) -> Customization | None:
        name = f"{group}/{kind}" if group else kind
        found = self.exact.get(name)
        if found is not None and has_part(found):
            return found
        return next((entry for pattern, entry in self.wild if has_part(entry) and matches(pattern, name)), None)


def customizations_of(config: Mapping[str, str]) -> Customizations:
    """Parses all valid entries; `problems` has the others."""
    reading = _Reading()
    reading.attempt(partial(reading.parse_map, config.get(MAP_KEY) or ""))
    for key in sorted(config):
        if key.startswith(f"{MAP_KEY}."):
            reading.attempt(partial(reading.split_key, key, config[key]))
    exact, wild = {}, []
    for name in sorted(reading.found):
        if WILD & set(name):
            wild.append((name, reading.found[name]))
        else:
            exact[name] = reading.found[name]
    return Customizations(exact, tuple(wild), tuple(reading.problems))


class _Reading:
    def __init__(self) -> None:
        self.found: dict[str, Customization] = {}
        self.problems: list[str] = []

    def attempt(self, read: Callable[[], None]) -> None:
        try:
            read()
        except CustomizationError as error:
            self.problems.append(str(error))

    def parse_map(self, text: str) -> None:
        for name, entry in _mapping(MAP_KEY, text).items():
            self.attempt(partial(self._map_entry, str(name), entry))

    def _map_entry(self, name: str, entry: JsonValue) -> None:
        where = f"{MAP_KEY}: {name}"
        if not isinstance(entry, dict):
            raise CustomizationError(f"{where}: must be a mapping, not {type(entry).__name__}")
        health, given = entry.get("health.lua") or "", entry.get("actions") or ""
        if not isinstance(health, str):
            raise CustomizationError(f"{where}: health.lua: must be text")
        actions = self._actions(f"{where}: actions", given) if given else None
        is_open = entry.get("health.lua.useOpenLibs") is True
        self.found[name] = Customization(health=health, open_libraries=is_open, actions=actions)

    def split_key(self, key: str, text: str) -> None:
        what, dot, rest = key[len(MAP_KEY) + 1 :].partition(".")
        if not dot or what in ELSEWHERE:
            return
        name = _name(key, rest)
        entry = self.found.get(name, Customization())
        match what:
            case "health":
                self.found[name] = replace(entry, health=text)
            case "useOpenLibs":
                self.found[name] = replace(entry, open_libraries=_truth(key, text))
            case "actions":
                self.found[name] = replace(entry, actions=self._actions(key, text) if text.strip() else None)
            case _:
                known = ", ".join(("health", "useOpenLibs", "actions", *ELSEWHERE))
                raise CustomizationError(f"{key}: {what} is not one of {known}")

    def _actions(self, where: str, given: JsonValue) -> UserActions:
        """Invalid actions still count for the kind: the built-in ones must not appear instead."""
        try:
            return _actions(where, given)
        except CustomizationError as error:
            self.problems.append(str(error))
            return UserActions(broken=str(error))


def _name(key: str, name: str) -> str:
    if name == "all":
        return EVERYTHING
    if not name or name.count("_") > 1:
        raise CustomizationError(
            f"{key}: must end with <group>_<kind>, or <kind> for the core group, with one _ at most"
        )
    return name.replace("_", "/")


def _truth(key: str, text: str) -> bool:
    if text.strip() in TRUE:
        return True
    if text.strip() in FALSE:
        return False
    raise CustomizationError(f"{key}: must be true or false, not {text[:20]!r}")


def _actions(where: str, given: JsonValue) -> UserActions:
    entry = given if isinstance(given, dict) else _mapping(where, str(given))
    definitions = entry.get("definitions") or []
    if not isinstance(definitions, list) or not all(
        isinstance(item, dict) and item.get("name") and isinstance(item.get("action.lua"), str) for item in definitions
    ):
        raise CustomizationError(f"{where}: definitions must be a list of mappings with a name and action.lua")
    discovery = entry.get("discovery.lua") or ""
    if not isinstance(discovery, str):
        raise CustomizationError(f"{where}: discovery.lua must be text")
    scripts = {str(item["name"]): item["action.lua"] for item in definitions}
    merges = entry.get("mergeBuiltinActions") is True
    return UserActions(discovery=discovery, definitions=scripts, merges_shipped=merges)


def _script(entry: Customization) -> Script:
    text = entry.health
    digest = hashlib.sha256(f"{entry.open_libraries}\0{text}".encode(errors="replace")).digest()
    return Script(text=text, open_libraries=entry.open_libraries, digest=digest)


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
