"""`argosy app create`."""

from __future__ import annotations

import argparse

from argosy.cli.app.applications import APPLICATIONS, MANAGER, get, key_of_name, write
from argosy.cli.app.delete import FINALIZER
from argosy.cli.app.get import show
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.runtime.clock import Clock
from argosy.runtime.verbs import Verbs

IN_CLUSTER = "https://kubernetes.default.svc"


def run(options: argparse.Namespace) -> int:
    key = key_of_name(options.name, options)
    wanted = application_of(key, options)

    async def work(client: Verbs, clock: Clock) -> int:
        try:
            made = await client.create(APPLICATIONS, wanted, field_manager=MANAGER, field_validation="Strict")
        except StatusError as error:
            if not error.is_already_exists:
                raise
            made = await _existing(client, key, wanted, upsert=options.upsert)
        show(made, options.output)
        return Exit.OK

    return with_client(options, work)


async def _existing(client: Verbs, key: Key, wanted: JsonObject, *, upsert: bool) -> JsonObject:
    """The same again is fine; another one needs --upsert."""
    found = await get(client, key)
    if found.get("spec") == wanted["spec"]:
        return found
    if not upsert:
        raise CommandError(
            f"existing application spec is different: use --upsert to update application {key.name!r}", Exit.CALL_FAILED
        )
    gone = dict.fromkeys(found.get("spec") or {})
    return await write(client, found, {"spec": {**gone, **wanted["spec"]}})


def application_of(key: Key, options: argparse.Namespace) -> JsonObject:
    """Pure: the object that the flags describe."""
    _check(options)
    metadata: JsonObject = {"name": key.name, "namespace": key.namespace}
    if options.label:
        metadata["labels"] = dict(_pair("--label", text) for text in options.label)
    if options.set_finalizer:
        metadata["finalizers"] = [FINALIZER]
    source = {"repoURL": options.repo, "path": options.path, "chart": options.helm_chart}
    source["targetRevision"] = options.revision
    destination = {"server": options.dest_server, "name": options.dest_name, "namespace": options.dest_namespace}
    if not options.dest_server and not options.dest_name:
        destination["server"] = IN_CLUSTER
    spec: JsonObject = {"project": options.project, "source": _filled(source), "destination": _filled(destination)}
    if policy := _policy(options):
        spec["syncPolicy"] = policy
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}


def _check(options: argparse.Namespace) -> None:
    if not options.repo:
        raise CommandError("--repo is missing: the URL of a Git or chart repository")
    if bool(options.path) == bool(options.helm_chart):
        raise CommandError("give either --path, a directory of the repository, or --helm-chart")
    if options.dest_server and options.dest_name:
        raise CommandError("give either --dest-server or --dest-name, not both")


def _policy(options: argparse.Namespace) -> JsonObject:
    policy: JsonObject = {}
    if options.sync_policy in ("auto", "automated"):
        policy["automated"] = {
            **({"prune": True} if options.auto_prune else {}),
            **({"selfHeal": True} if options.self_heal else {}),
        }
    elif options.auto_prune or options.self_heal:
        raise CommandError("--auto-prune and --self-heal need --sync-policy automated")
    if options.sync_option:
        policy["syncOptions"] = ["=".join(_pair("--sync-option", text)) for text in options.sync_option]
    return policy


def _pair(flag: str, text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise CommandError(f"{flag} {text!r}: give NAME=VALUE")
    return name, value


def _filled(values: dict[str, str]) -> JsonObject:
    return {name: value for name, value in values.items() if value}
