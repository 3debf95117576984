"""`argosy proj add-*|remove-*|allow-*|deny-*`: entries of the lists of a project."""

from __future__ import annotations

import argparse
from typing import Final

from argosy.cli.failing import CommandError, Exit
from argosy.cli.project.projects import changed
from argosy.machinery.objects import JsonObject, JsonValue

_PLACES: Final = {
    "destination": "destinations",
    "source": "sourceRepos",
    "source-namespace": "sourceNamespaces",
    "signature-key": "signatureKeys",
    "destination-service-account": "destinationServiceAccounts",
}
_RESOURCES: Final = {
    ("cluster-resource", "allow"): "clusterResourceWhitelist",
    ("cluster-resource", "deny"): "clusterResourceBlacklist",
    ("namespace-resource", "allow"): "namespaceResourceWhitelist",
    ("namespace-resource", "deny"): "namespaceResourceBlacklist",
}
_USUAL: Final = {"cluster-resource": "allow", "namespace-resource": "deny"}
"""The list that is changed when none is named: upstream's."""


def add(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject:
        listed, entry = _list_of(spec, options), entry_of(options)
        if entry in listed:
            raise CommandError(f"{_named(options)} already defined in project {options.project}", Exit.CALL_FAILED)
        return _with(spec, options, [*listed, entry])

    return changed(options, change)


def remove(options: argparse.Namespace) -> int:
    def change(spec: JsonObject) -> JsonObject:
        listed, entry = _list_of(spec, options), entry_of(options)
        kept = [item for item in listed if not _is_same(item, entry)]
        if len(kept) == len(listed):
            raise CommandError(f"{_named(options)} does not exist in project {options.project}", Exit.CALL_FAILED)
        return _with(spec, options, kept)

    return changed(options, change)


def entry_of(options: argparse.Namespace) -> JsonValue:
    """What the words of the command name. Pure."""
    match options.list_name:
        case "destination":
            place = "name" if options.by_name else "server"
            return {place: options.server, "namespace": options.namespace_}
        case "source":
            return options.url
        case "source-namespace":
            return options.namespace_
        case "signature-key":
            return {"keyID": options.key_id}
        case "orphaned-ignore":
            named = {"name": options.object_name} if options.object_name else {}
            return {"group": options.group, "kind": options.kind, **named}
        case _:
            account = options.service_account
            if options.service_account_namespace:
                account = f"{options.service_account_namespace}:{account}"
            return {"server": options.server, "namespace": options.namespace_, "defaultServiceAccount": account}


def _is_same(item: JsonValue, entry: JsonValue) -> bool:
    if not isinstance(entry, dict) or not isinstance(item, dict):
        return bool(item == entry)
    return all(str(item.get(name) or "") == str(value or "") for name, value in entry.items())


def _named(options: argparse.Namespace) -> str:
    return f"{options.list_name.replace('-', ' ').capitalize()} {entry_of(options)!r}"


def _list_of(spec: JsonObject, options: argparse.Namespace) -> list[JsonValue]:
    if options.list_name == "orphaned-ignore":
        return list((spec.get("orphanedResources") or {}).get("ignore") or ())
    return list(spec.get(_PLACES[options.list_name]) or ())


def _with(spec: JsonObject, options: argparse.Namespace, listed: list[JsonValue]) -> JsonObject:
    if options.list_name == "orphaned-ignore":
        return {**spec, "orphanedResources": {**(spec.get("orphanedResources") or {}), "ignore": listed}}
    return {**spec, _PLACES[options.list_name]: listed}


# -- kinds -------------------------------------------------------------------------------------------------------------


def allow(options: argparse.Namespace) -> int:
    return _kind(options, permits=True)


def deny(options: argparse.Namespace) -> int:
    return _kind(options, permits=False)


def _kind(options: argparse.Namespace, *, permits: bool) -> int:
    """Permitting means: on the list of permitted kinds, or off that of forbidden ones."""
    which = options.list or _USUAL[options.list_name]
    place = _RESOURCES[options.list_name, which]
    adds = permits == (which == "allow")
    named = {"name": options.object_name} if options.object_name else {}
    entry = {"group": options.group, "kind": options.kind, **named}

    def change(spec: JsonObject) -> JsonObject | None:
        listed = list(spec.get(place) or ())
        present = any(_is_same(item, entry) for item in listed)
        if present == adds:
            word = "already present" if adds else "not present"
            print(f"Group '{options.group}' and kind '{options.kind}' {word} in {which} list")
            return None
        word = "added to" if adds else "removed from"
        print(f"Group '{options.group}' and kind '{options.kind}' is {word} {which} list")
        kept = [item for item in listed if not _is_same(item, entry)]
        return {**spec, place: [*listed, entry] if adds else kept}

    return changed(options, change)
