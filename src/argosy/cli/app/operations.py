"""Builds the `operation` field of an Application like upstream's API server does. Pure."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fnmatch import fnmatchcase

from argosy.cli.app.revisions import asked_revisions
from argosy.cli.app.spec.flags import pair
from argosy.cli.app.tables import is_automated, sources_of
from argosy.cli.failing import CommandError, Exit
from argosy.machinery.objects import JsonObject


def sync_operation(app: JsonObject, options: argparse.Namespace, user: str) -> JsonObject:
    """The Application's sync options and retries apply unless the command sets others."""
    policy = (app.get("spec") or {}).get("syncPolicy") or {}
    refuse_moving_off_target(app, options.revision)
    sync: JsonObject = _revisions(app, options)
    if options.prune:
        sync["prune"] = True
    if options.dry_run:
        sync["dryRun"] = True
    sync["syncStrategy"] = {options.strategy or "hook": {"force": True} if options.force else {}}
    if chosen := resources_of(app, options.resource):
        sync["resources"] = chosen
    given = {
        "Replace=true": options.replace,
        "ServerSideApply=true": options.server_side,
        "ApplyOutOfSyncOnly=true": options.apply_out_of_sync_only,
    }
    if wanted := [*(policy.get("syncOptions") or ()), *(name for name, on in given.items() if on)]:
        sync["syncOptions"] = wanted
    operation: JsonObject = {"initiatedBy": {"username": user}, "sync": sync}
    if options.info:
        pairs = (pair("--info", text) for text in options.info)
        operation["info"] = [{"name": name, "value": value} for name, value in pairs]
    if retry := _retry(options) or policy.get("retry"):
        operation["retry"] = retry
    return operation


def _revisions(app: JsonObject, options: argparse.Namespace) -> JsonObject:
    sources = (app.get("spec") or {}).get("sources")
    if options.revisions:
        asked = asked_revisions(sources_of(app.get("spec") or {}), options)
        own = [str(source.get("targetRevision") or "HEAD") for source in sources or ()]
        filled = [revision or target for revision, target in zip(asked, own, strict=False)]
        return {"revisions": filled} if sources else {"revision": asked[0]}
    if options.revision and sources:
        return {"revisions": [options.revision] * len(sources)}
    return {"revision": options.revision} if options.revision else {}


def _retry(options: argparse.Namespace) -> JsonObject:
    if not options.retry_limit:
        return {}
    backoff = {
        "duration": options.retry_backoff_duration,
        "maxDuration": options.retry_backoff_max_duration,
        "factor": options.retry_backoff_factor,
    }
    given = {name: value for name, value in backoff.items() if value}
    retry: JsonObject = {"limit": options.retry_limit, **({"backoff": given} if given else {})}
    return {**retry, "refresh": True} if options.retry_refresh else retry


def refuse_moving_off_target(app: JsonObject, revision: str) -> None:
    """Automated sync would undo a rollback at once."""
    spec = app.get("spec") or {}
    sources = spec.get("sources") or [spec.get("source") or {}]
    targets = list(dict.fromkeys(str(source.get("targetRevision") or "HEAD") for source in sources))
    if revision and targets != [revision] and is_automated(spec) is not None:
        raise CommandError(f"Cannot sync to {revision}: auto-sync currently set to {', '.join(targets)}")


def rollback_operation(app: JsonObject, wanted: int | None, *, prune: bool, user: str) -> JsonObject:
    """Rolls back to a history ID, or to the entry before the last, with the Application's own sync options."""
    entry = _entry(app, wanted)
    sync: JsonObject = {"syncStrategy": {"apply": {}}}
    for name in ("revision", "revisions", "source", "sources"):
        if entry.get(name):
            sync[name] = entry[name]
    if prune:
        sync["prune"] = True
    if options := ((app.get("spec") or {}).get("syncPolicy") or {}).get("syncOptions"):
        sync["syncOptions"] = options
    return {"initiatedBy": {"username": user}, "sync": sync}


def _entry(app: JsonObject, wanted: int | None) -> JsonObject:
    name = app["metadata"]["name"]
    history: list[JsonObject] = (app.get("status") or {}).get("history") or []
    if wanted is None:
        if len(history) < 2:
            raise CommandError(f"application {name!r} should have at least two successful deployments")
        return history[-2]
    for entry in history:
        if entry.get("id") == wanted:
            return entry
    known = ", ".join(str(entry.get("id")) for entry in history) or "none"
    text = f"application '{name}' does not have deployment id '{wanted}' in history"
    raise CommandError(f"{text}: it has {known}", Exit.CALL_FAILED)


def resources_of(app: JsonObject, texts: Sequence[str]) -> list[JsonObject]:
    """The `resources` of an operation for the flags' filters; one with `!` selects everything that does not match."""
    filters = [part for text in texts for part in text.split(",")]
    if not filters:
        return []
    listed = (app.get("status") or {}).get("resources") or []
    chosen: list[JsonObject] = []
    for text in filters:
        wanted, excludes = resource_of(text.removeprefix("!")), text.startswith("!")
        found = [item for item in listed if _fits(item, wanted) != excludes]
        if not found:
            raise CommandError(f"No matching app resources found for resource filter: {text}")
        chosen += found
    return list({_identity(item): _named(item) for item in chosen}.values())


def _fits(item: JsonObject, wanted: JsonObject) -> bool:
    return all(fnmatchcase(str(item.get(name) or ""), pattern) for name, pattern in wanted.items())


def _identity(item: JsonObject) -> tuple[str, ...]:
    return tuple(str(item.get(name) or "") for name in ("group", "kind", "namespace", "name"))


def _named(item: JsonObject) -> JsonObject:
    named: JsonObject = {name: str(item.get(name) or "") for name in ("group", "kind", "name")}
    return {**named, "namespace": item["namespace"]} if item.get("namespace") else named


def resource_of(text: str) -> JsonObject:
    """`GROUP:KIND:[NAMESPACE/]NAME`; the group is empty for the core kinds, `*` is any, a leading `!` excludes."""
    parts = text.removeprefix("!").split(":")
    if len(parts) != 3 or not parts[1] or not parts[2] or parts[2].count("/") > 1:
        raise CommandError(f"--resource {text!r}: give [!]GROUP:KIND:[NAMESPACE/]NAME, such as apps:Deployment:web")
    group, kind, name = parts
    namespace, slash, rest = name.partition("/")
    made: JsonObject = {"group": group, "kind": kind, "name": rest if slash else name}
    made |= {"namespace": namespace} if slash else {}
    return made | ({"exclude": True} if text.startswith("!") else {})
