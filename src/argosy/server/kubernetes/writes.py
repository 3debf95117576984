"""Writes exactly the change that was authorised, or nothing: reads the object, tries a dry run, then writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Get, Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

TRIES: Final = 5
Judge = Callable[[JsonObject | None, JsonObject | None], None]
"""Takes (before, after); raises to refuse the change."""


async def written(
    client: Client, asked: Write, prepared: Callable[[Write, JsonObject | None], Write], judge: Judge
) -> JsonObject:
    """Raises StatusError and what `judge` raises. After a concurrent change, the new state is judged."""
    for left in reversed(range(TRIES)):
        before = await _found(client, asked)
        # First check that the caller may see the object: the server's answer to the change would reveal it.
        judge(before, before if before is not None else _placed(asked))
        request = _of_version(prepared(asked, before), before)
        if asked.verb == "delete":
            judge(before, None)
        else:
            judge(before, await client.write(replace(request, dry_run=True)))
        try:
            return await client.write(request)
        except StatusError as error:
            if not error.is_conflict or not left or _is_own(asked):
                raise
    raise AssertionError("unreachable")


async def _found(client: Client, asked: Write) -> JsonObject | None:
    if asked.verb == "create" or not asked.key.name:
        return None
    try:
        return await client.get(Get(asked.resource, asked.key))
    except StatusError as error:
        if not error.is_not_found:
            raise
        return None


def _of_version(request: Write, before: JsonObject | None) -> Write:
    """Conditional on the version that was read."""
    if before is None:
        return request
    metadata = before["metadata"]
    version, body = metadata["resourceVersion"], request.body
    if request.verb == "delete":
        return replace(
            request, uid=request.uid or metadata["uid"], resource_version=request.resource_version or version
        )
    if request.verb == "patch" and request.patch_type is PatchType.JSON:
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
        return replace(request, body=[test, *_operations(body)])
    assert isinstance(body, dict)
    conditions = {"resourceVersion": version, **(body.get("metadata") or {})}
    return replace(request, body={**body, "metadata": conditions})


def _operations(body: Any) -> Iterable[Any]:
    return body if isinstance(body, list) else ()


def _is_own(asked: Write) -> bool:
    """Whether the client itself set the resourceVersion: then the conflict is returned to it."""
    if asked.verb == "delete":
        return bool(asked.resource_version)
    body = asked.body
    return isinstance(body, dict) and bool((body.get("metadata") or {}).get("resourceVersion"))


def _placed(asked: Write) -> JsonObject | None:
    """The object to create, in its namespace; None for requests that need an existing object."""
    if asked.verb not in ("create", "apply") or not isinstance(asked.body, dict):
        return None
    metadata = asked.body.get("metadata")
    named = {**(metadata if isinstance(metadata, dict) else {})}
    if asked.key.namespace:
        named["namespace"] = asked.key.namespace
    return {**asked.body, "metadata": named}
