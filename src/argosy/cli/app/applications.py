"""Finds Applications by name and watches them."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from typing import Final

from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

# Spelled here as in gitops.keys: importing that room would cost every command a quarter of a second.
APPLICATIONS: Final = Resource("argoproj.io", "v1alpha1", "applications", "Application")
REFRESH: Final = "argocd.argoproj.io/refresh"
MANAGER: Final = "argosy-cli"


def key_of_name(name: str, options: argparse.Namespace) -> Key:
    """`NAME` in the chosen namespace, or `NAMESPACE/NAME`."""
    namespace, slash, rest = name.partition("/")
    if slash and (not namespace or not rest or "/" in rest):
        raise CommandError(f"application {name!r}: give NAME or NAMESPACE/NAME")
    return Key(namespace, rest) if slash else Key(options.namespace, name)


async def get(client: Client, key: Key) -> JsonObject:
    try:
        return await client.get(requests.Get(APPLICATIONS, Key(key.namespace, key.name)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        raise CommandError(
            f"application {key.name!r} not found in namespace {key.namespace!r}", Exit.CALL_FAILED
        ) from None


def check_choice(options: argparse.Namespace) -> None:
    """Raises CommandError if no name is given."""
    if not options.names and not options.selector and not options.project:
        text = "give the names of applications, --selector or --project"
        raise CommandError(f"{text}\nSee '{options.program} --help'.")


async def chosen(client: Client, options: argparse.Namespace) -> list[Key]:
    """Finds Applications by name, or by label and project. Raises CommandError if none matches."""
    if options.names:
        return [key_of_name(name, options) for name in options.names]
    page = await client.page(
        requests.List(resource=APPLICATIONS, namespace=options.namespace, label_selector=options.selector)
    )
    wanted = [word for text in options.project for word in text.split(",")]
    keys = [
        key_of(app)
        for app in page.items
        if not wanted or ((app.get("spec") or {}).get("project") or "default") in wanted
    ]
    if not keys:
        criteria = [f"selector {options.selector}"] if options.selector else []
        criteria += [f"project {','.join(wanted)}"] if wanted else []
        raise CommandError(f"No matching apps found for filter: {', '.join(criteria)}")
    return sorted(keys)


async def write(client: Client, app: JsonObject, patch: JsonObject) -> JsonObject:
    """Fails with a conflict if the object was changed since it was read."""
    metadata = app["metadata"]
    versioned = {**(patch.get("metadata") or {}), "resourceVersion": metadata["resourceVersion"]}
    body = {**patch, "metadata": versioned}
    return await client.write(
        requests.patch(
            APPLICATIONS, Key(metadata["namespace"], metadata["name"]), body, PatchType.MERGE, manager=MANAGER
        )
    )


async def follow(client: Client, key: Key) -> AsyncIterator[JsonObject | None]:
    """Yields the Application now and at each change; None once it is deleted."""
    while True:
        try:
            app = await client.get(requests.Get(APPLICATIONS, Key(key.namespace, key.name)))
        except StatusError as error:
            if not error.is_not_found:
                raise
            yield None
            return
        yield app
        try:
            async for event in client.follow(
                requests.Watch(
                    resource=APPLICATIONS,
                    namespace=key.namespace,
                    resource_version=app["metadata"]["resourceVersion"],
                    field_selector=f"metadata.name={key.name}",
                )
            ):
                if event.type == "DELETED":
                    yield None
                    return
                if event.type != "BOOKMARK":
                    yield event.object
        except StatusError as error:
            if not error.is_expired:
                raise


async def refreshed(client: Client, key: Key, how: str = "normal") -> JsonObject:
    """Requests a refresh and returns the compared Application; `how` is `normal` or `hard`."""
    patch = {"metadata": {"annotations": {REFRESH: how}}}
    await client.write(
        requests.patch(APPLICATIONS, Key(key.namespace, key.name), patch, PatchType.MERGE, manager=MANAGER)
    )
    async for app in follow(client, key):
        if app is None:
            break
        if REFRESH not in (app["metadata"].get("annotations") or {}):
            return app
    raise CommandError(f"application {key.name!r} was deleted", Exit.CALL_FAILED)


def is_busy(app: JsonObject) -> bool:
    """An operation is requested or running."""
    state = (app.get("status") or {}).get("operationState")
    return bool(app.get("operation")) or bool(state and not state.get("finishedAt"))


def awaits_comparison(app: JsonObject) -> bool:
    """The operation has finished, but the sync and health status was computed before that."""
    status = app.get("status") or {}
    state = status.get("operationState") or {}
    dry = ((state.get("operation") or {}).get("sync") or {}).get("dryRun")
    return not dry and str(status.get("reconciledAt") or "") < str(state.get("finishedAt") or "")


def sync_status(app: JsonObject) -> str:
    return str((((app.get("status") or {}).get("sync")) or {}).get("status") or "Unknown")


def health_status(app: JsonObject) -> str:
    return str((((app.get("status") or {}).get("health")) or {}).get("status") or "Unknown")
