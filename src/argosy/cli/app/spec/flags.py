"""Applies flags to a copy of an Application's spec, except for its sources. Pure."""

from __future__ import annotations

import argparse
from typing import Final

from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject, JsonValue

_DESTINATION: Final = {"dest_server": "server", "dest_name": "name", "dest_namespace": "namespace"}
_HYDRATOR: Final = {
    "drySource": {
        "dry_source_repo": "repoURL",
        "dry_source_path": "path",
        "dry_source_revision": "targetRevision",
    },
    "syncSource": {"sync_source_branch": "targetBranch", "sync_source_path": "path"},
    "hydrateTo": {"hydrate_to_branch": "targetBranch"},
}
_AUTOMATED: Final = {"auto_prune": "prune", "self_heal": "selfHeal", "allow_empty": "allowEmpty"}
_BACKOFF: Final = {
    "sync_retry_backoff_duration": "duration",
    "sync_retry_backoff_max_duration": "maxDuration",
    "sync_retry_backoff_factor": "factor",
}


def pair(flag: str, text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise CommandError(f"{flag} {text!r}: give NAME=VALUE")
    return name, value


def spec_with(spec: JsonObject, options: argparse.Namespace) -> JsonObject:
    """Everything except the source."""
    changed = filled(spec, options, {"project": "project"})
    destination = filled(spec.get("destination") or {}, options, _DESTINATION)
    if options.dest_server:
        destination.pop("name", None) if options.dest_name is None else None
    elif options.dest_name:
        destination.pop("server", None)
    changed["destination"] = destination
    if options.revision_history_limit is not None:
        changed["revisionHistoryLimit"] = whole("--revision-history-limit", options.revision_history_limit)
    changed = holding(changed, "sourceHydrator", _hydrator(spec.get("sourceHydrator") or {}, options))
    return holding(changed, "syncPolicy", _policy(spec.get("syncPolicy") or {}, options))


def hydrates(options: argparse.Namespace) -> bool:
    """Whether the flags configure hydration instead of a source."""
    return any(getattr(options, flag) is not None for names in _HYDRATOR.values() for flag in names)


def _hydrator(hydrator: JsonObject, options: argparse.Namespace) -> JsonObject:
    changed = dict(hydrator)
    for part, names in _HYDRATOR.items():
        changed = holding(changed, part, filled(changed.get(part) or {}, options, names))
    return changed


def whole(flag: str, text: str) -> int:
    if not text.lstrip("-").isdigit():
        raise CommandError(f"{flag} {text!r}: give a whole number")
    return int(text)


def filled(value: JsonObject, options: argparse.Namespace, names: dict[str, str]) -> JsonObject:
    """An empty flag removes its field."""
    changed = dict(value)
    for flag, name in names.items():
        given = getattr(options, flag, None)
        if given is None:
            continue
        if given in ("", False):
            changed.pop(name, None)
        else:
            changed[name] = given
    return changed


def holding(value: JsonObject, name: str, part: JsonValue) -> JsonObject:
    """Sets the part, or removes its name if it is empty."""
    kept = {key: item for key, item in value.items() if key != name}
    return {**kept, name: part} if part else kept


def _policy(policy: JsonObject, options: argparse.Namespace) -> JsonObject:
    changed = dict(policy)
    if options.sync_policy in ("auto", "automatic", "automated"):
        automated = changed.get("automated") or {}
        changed["automated"] = {name: value for name, value in automated.items() if name != "enabled"}
    elif options.sync_policy in ("none", "manual"):
        changed.pop("automated", None)
    wanted = {name: getattr(options, flag) for flag, name in _AUTOMATED.items() if getattr(options, flag) is not None}
    if wanted:
        if changed.get("automated") is None:
            if any(wanted.values()):
                raise CommandError("--auto-prune, --self-heal and --allow-empty need --sync-policy automated")
        else:
            automated = {**changed["automated"], **wanted}
            changed["automated"] = {name: value for name, value in automated.items() if value is not False}
    for option in options.sync_option or ():
        kept = [other for other in changed.get("syncOptions") or () if _option(other) != _option(option.lstrip("!"))]
        changed["syncOptions"] = kept if option.startswith("!") else [*kept, "=".join(pair("--sync-option", option))]
    changed = {name: value for name, value in changed.items() if name != "syncOptions" or value}
    return holding(changed, "retry", _retry(changed.get("retry") or {}, options))


def _option(text: str) -> str:
    return text.partition("=")[0]


def _retry(retry: JsonObject, options: argparse.Namespace) -> JsonObject:
    changed = dict(retry)
    if options.sync_retry_limit is not None:
        limit = whole("--sync-retry-limit", options.sync_retry_limit)
        if limit == 0:
            return {}
        changed["limit"] = limit
    if options.sync_retry_refresh is not None:
        changed["refresh"] = options.sync_retry_refresh
    backoff = filled(changed.get("backoff") or {}, options, _BACKOFF)
    if isinstance(backoff.get("factor"), str):
        backoff["factor"] = whole("--sync-retry-backoff-factor", backoff["factor"])
    return holding(changed, "backoff", backoff)
