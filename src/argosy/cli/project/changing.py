"""`argosy proj create|set|edit|delete`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read
from argosy.cli.connect import with_client
from argosy.cli.editor import edited
from argosy.cli.failing import CommandError, Exit
from argosy.cli.project.projects import MANAGER, PROJECTS, changed, get, replace
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, JsonValue, Key
from argosy.machinery.status import StatusError
from argosy.machinery.text.yaml import YamlError, load
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def create(options: argparse.Namespace) -> int:
    wanted = project_of(options)
    name = wanted["metadata"]["name"]

    async def work(client: Client, clock: Clock) -> int:
        from argosy.gitops.projects.validation import problems  # late: other commands need no rules

        if found := problems(read(AppProject, wanted)):
            raise CommandError("; ".join(found), Exit.CALL_FAILED)
        try:
            await client.write(requests.create(PROJECTS, wanted, manager=MANAGER, validation="Strict"))
        except StatusError as error:
            if not error.is_already_exists:
                raise
            present = await get(client, name, options.namespace)
            if present.get("spec") != wanted["spec"]:
                if not options.upsert:
                    text = "existing project spec is different, use upsert flag to force update"
                    raise CommandError(text, Exit.CALL_FAILED) from None
                await replace(client, present, wanted["spec"])
        return Exit.OK

    return with_client(options, work)


def project_of(options: argparse.Namespace) -> JsonObject:
    """From flags, or from a file with flags over it."""
    found: JsonValue = {}
    if options.file:
        try:
            found = load(sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes())
        except OSError as error:
            raise CommandError(f"--file {options.file}: {error.strerror}") from None
        except YamlError as error:
            raise CommandError(f"--file {options.file}: {error}") from None
        if not isinstance(found, dict) or found.get("kind") != "AppProject":
            raise CommandError(f"--file {options.file}: must be one AppProject of argoproj.io/v1alpha1")
    metadata = {**(found.get("metadata") or {}), **({"name": options.project} if options.project else {})}
    if not metadata.get("name"):
        raise CommandError("give the name of the project, or --file")
    metadata.setdefault("namespace", options.namespace)
    spec = spec_with(found.get("spec") or {}, options)
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


def set_flags(options: argparse.Namespace) -> int:
    return changed(options, lambda spec: spec_with(spec, options))


def edit(options: argparse.Namespace) -> int:
    return changed(options, lambda spec: edited(spec, f"{options.project}.yaml"))


def delete(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        project = await get(client, options.project, options.namespace)
        if options.project == "default":
            raise CommandError("name 'default' is reserved and cannot be deleted", Exit.CALL_FAILED)
        await client.write(
            requests.remove(PROJECTS, Key(options.namespace, options.project), uid=project["metadata"]["uid"])
        )
        return Exit.OK

    return with_client(options, work)


# -- flags -------------------------------------------------------------------------------------------------------------


def _destination(text: str) -> JsonObject:
    parts = text.split(",")
    if len(parts) not in (2, 3):
        raise CommandError(f"--dest {text!r}: give SERVER,NAMESPACE")
    made = {"server": parts[0], "namespace": parts[1]}
    return {**made, "name": parts[2]} if len(parts) == 3 else made


def _kind(text: str) -> JsonObject:
    group, slash, kind = text.partition("/")
    if not slash or not kind:
        raise CommandError(f"{text!r}: give GROUP/KIND; the group of core kinds is empty")
    return {"group": group, "kind": kind}


def _account(text: str) -> JsonObject:
    parts = text.split(",")
    if len(parts) != 3:
        raise CommandError(f"--dest-service-accounts {text!r}: give SERVER,NAMESPACE,ACCOUNT")
    return {"server": parts[0], "namespace": parts[1], "defaultServiceAccount": parts[2]}


_FIELDS: Final[dict[str, tuple[str, Callable[[str], JsonValue]]]] = {
    "dest": ("destinations", _destination),
    "src": ("sourceRepos", str),
    "source_namespaces": ("sourceNamespaces", str),
    "signature_keys": ("signatureKeys", lambda text: {"keyID": text}),
    "allow_cluster_resource": ("clusterResourceWhitelist", _kind),
    "deny_cluster_resource": ("clusterResourceBlacklist", _kind),
    "allow_namespaced_resource": ("namespaceResourceWhitelist", _kind),
    "deny_namespaced_resource": ("namespaceResourceBlacklist", _kind),
    "dest_service_accounts": ("destinationServiceAccounts", _account),
}


def spec_with(spec: JsonObject, options: argparse.Namespace) -> JsonObject:
    """The spec as the flags change it. Pure."""
    made = dict(spec)
    for flag, (name, parsed) in _FIELDS.items():
        if (given := getattr(options, flag)) is not None:
            made[name] = [parsed(text) for text in given]
    if options.description is not None:
        made["description"] = options.description
    if options.orphaned_resources is False:
        made.pop("orphanedResources", None)
    elif options.orphaned_resources or options.orphaned_resources_warn is not None:
        present = made.get("orphanedResources") or {}
        warn = options.orphaned_resources_warn
        made["orphanedResources"] = present if warn is None else {**present, "warn": warn}
    return made
