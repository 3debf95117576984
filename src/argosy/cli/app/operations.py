"""The requests that controllers carry out: `operation` of an Application, as upstream's API server writes it. Pure."""

from __future__ import annotations

import argparse

from argosy.cli.app.tables import is_automated
from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject


def sync_operation(app: JsonObject, options: argparse.Namespace, user: str) -> JsonObject:
    """What an Application says of options and retries holds unless the command says otherwise."""
    policy = (app.get("spec") or {}).get("syncPolicy") or {}
    refuse_moving_off_target(app, options.revision)
    sync: JsonObject = {}
    if options.revision and (sources := (app.get("spec") or {}).get("sources")):
        sync["revisions"] = [options.revision] * len(sources)
    elif options.revision:
        sync["revision"] = options.revision
    if options.prune:
        sync["prune"] = True
    if options.dry_run:
        sync["dryRun"] = True
    sync["syncStrategy"] = {"hook": {"force": True} if options.force else {}}
    if options.resource:
        sync["resources"] = [resource_of(text) for text in options.resource]
    given = {
        "Replace=true": options.replace,
        "ServerSideApply=true": options.server_side,
        "ApplyOutOfSyncOnly=true": options.apply_out_of_sync_only,
    }
    if wanted := [*(policy.get("syncOptions") or ()), *(name for name, on in given.items() if on)]:
        sync["syncOptions"] = wanted
    operation: JsonObject = {"initiatedBy": {"username": user}, "sync": sync}
    if options.retry_limit:
        operation["retry"] = {"limit": options.retry_limit}
    elif policy.get("retry"):
        operation["retry"] = policy["retry"]
    return operation


def refuse_moving_off_target(app: JsonObject, revision: str) -> None:
    """An automated policy would undo it at once."""
    spec = app.get("spec") or {}
    sources = spec.get("sources") or [spec.get("source") or {}]
    targets = list(dict.fromkeys(str(source.get("targetRevision") or "HEAD") for source in sources))
    if revision and targets != [revision] and is_automated(spec) is not None:
        raise CommandError(f"Cannot sync to {revision}: auto-sync currently set to {', '.join(targets)}")


def rollback_operation(app: JsonObject, wanted: int | None, *, prune: bool, user: str) -> JsonObject:
    """To the entry of the history with this id, or to the one before the last; automated sync then holds the target."""
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
    raise CommandError(f"application {name!r} does not have deployment id {wanted} in history: it has {known}")


def resource_of(text: str) -> JsonObject:
    """`GROUP:KIND:[NAMESPACE/]NAME`; the group is empty for the core kinds."""
    parts = text.split(":")
    if len(parts) != 3 or not parts[1] or not parts[2]:
        raise CommandError(f"--resource {text!r}: give GROUP:KIND:[NAMESPACE/]NAME, such as apps:Deployment:web")
    group, kind, name = parts
    namespace, slash, rest = name.partition("/")
    made = {"group": group, "kind": kind, "name": rest if slash else name}
    return {**made, "namespace": namespace} if slash else made
