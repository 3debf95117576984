"""Sets as objects: list, get, create, delete, their tree and events."""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.selectors import SelectorError, parse_labels
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.context import APPLICATION_SETS, ServerContext
from argosy.server.errors import ApiError, Code, invalid, unknown
from argosy.server.schema.go_json import shaped
from argosy.server.services.application_sets.access import (
    RESOURCE,
    check_namespace,
    find,
    project_of,
    target_of_set,
    targets_of_set,
)
from argosy.server.services.application_sets.generating import Generating
from argosy.server.services.application_sets.given import check_project_of, given_set
from argosy.server.services.applications.access import is_enabled
from argosy.server.services.events import events_of

TRIES: Final = 10
SEEN_SECONDS: Final = 2.0
GROUP, VERSION = "argoproj.io", "v1alpha1"


class Sets:
    def __init__(self, context: ServerContext, generating: Generating) -> None:
        self._context, self._generating = context, generating

    async def get(self, call: Call) -> JsonObject:
        request = call.request
        return await find(self._context, call, "get", request.get("name") or "", request.get("appsetNamespace") or "")

    async def list_all(self, call: Call) -> JsonObject:
        request, context = call.request, self._context
        try:
            selector = parse_labels(request["selector"]) if request.get("selector") else None
        except SelectorError as error:
            raise unknown(f"error parsing the selector: {error}") from None
        cache = context.caches.cache(APPLICATION_SETS)
        await cache.wait_synced()
        call.checked, projects = True, frozenset(request.get("projects") or ())
        items = [
            item
            for item in cache.list(request.get("appsetNamespace") or "")
            if is_enabled(context, item["metadata"]["namespace"])
            and (selector is None or selector.matches(item["metadata"].get("labels") or {}))
            and (not projects or (project_of(item) or "default") in projects)
            and call.may(RESOURCE, "get", target_of_set(context, item))
        ]
        items.sort(key=lambda item: str(item["metadata"]["name"]))
        return {"metadata": {"resourceVersion": str(cache.seen_up_to or "")}, "items": items or None}

    async def create(self, call: Call) -> JsonObject:
        context, request = self._context, call.request
        appset = given_set(request.get("applicationset"), context)
        check_namespace(context, appset["metadata"]["namespace"])
        for target in targets_of_set(context, appset):
            call.permit(RESOURCE, "create", target)
        check_project_of(context, appset)
        if request.get("dryRun") is True:
            apps = await self._generating.applications(appset)
            return {**appset, "status": {**(appset.get("status") or {}), "resources": [_planned(app) for app in apps]}}
        made = {key: value for key, value in appset.items() if key != "status"}
        try:
            created = await context.client.write(requests.create(APPLICATION_SETS, _stored(made)))
        except StatusError as error:
            if not error.is_already_exists:
                raise
            return await self._upsert(call, made)
        self._tell(call, created, "ResourceCreated", "created ApplicationSet")
        return await self._seen(created)

    async def _upsert(self, call: Call, made: JsonObject) -> JsonObject:
        context, metadata = self._context, made["metadata"]
        existing = await context.client.get(
            requests.Get(APPLICATION_SETS, Key(metadata["namespace"], metadata["name"]))
        )
        if _parts(existing) == _parts(made):
            return existing
        if call.request.get("upsert") is not True:
            raise invalid("existing ApplicationSet spec is different, use upsert flag to force update")
        for target in dict.fromkeys([*targets_of_set(context, made), target_of_set(context, existing)]):
            call.permit(RESOURCE, "update", target)
        for _ in range(TRIES):
            now = {**existing["metadata"], "finalizers": list(metadata.get("finalizers") or ())}
            for part in ("labels", "annotations"):
                now[part] = {**(now.get(part) or {}), **(metadata.get(part) or {})}
            body = {**existing, "metadata": now, "spec": made.get("spec") or {}}
            try:
                written = await context.client.write(requests.update(APPLICATION_SETS, _stored(body)))
            except StatusError as error:
                if not error.is_conflict:
                    raise
                existing = await context.client.get(
                    requests.Get(APPLICATION_SETS, Key(metadata["namespace"], metadata["name"]))
                )
                call.permit(RESOURCE, "update", target_of_set(context, existing))
                continue
            self._tell(call, written, "ResourceUpdated", "updated ApplicationSets spec")
            return await self._seen(written)
        raise ApiError(Code.INTERNAL, "Failed to update ApplicationSets. Too many conflicts")

    async def delete(self, call: Call) -> JsonObject:
        request, context = call.request, self._context
        name, namespace = request.get("name") or "", request.get("appsetNamespace") or ""
        found = await find(context, call, "delete", name, namespace)
        metadata = found["metadata"]
        await context.client.write(requests.remove(APPLICATION_SETS, Key(metadata["namespace"], metadata["name"])))
        self._tell(call, found, "ResourceDeleted", "deleted ApplicationSets")
        return {}

    async def tree(self, call: Call) -> JsonObject:
        found = await self.get(call)
        metadata = found["metadata"]
        me = {"group": GROUP, "version": VERSION, "kind": "ApplicationSet", "uid": metadata["uid"]}
        parents = [{**me, "name": metadata["name"], "namespace": metadata["namespace"]}]
        resources = (found.get("status") or {}).get("resources") or ()
        nodes = [
            {
                **{key: item[key] for key in ("group", "version", "kind", "name", "health") if item.get(key)},
                "namespace": metadata["namespace"],
                "parentRefs": parents,
            }
            for item in resources
        ]
        nodes.sort(key=lambda node: str(node.get("name")))
        return {"nodes": nodes or None}

    async def events(self, call: Call) -> JsonObject:
        metadata = (await self.get(call))["metadata"]
        return await events_of(
            self._context, name=metadata["name"], uid=metadata["uid"], namespace=metadata["namespace"]
        )

    def _tell(self, call: Call, appset: JsonObject, reason: str, what: str) -> None:
        self._context.events.record(appset, reason, f"{call.caller.username or 'Unknown user'} {what}")

    async def _seen(self, written: JsonObject) -> JsonObject:
        """Waits until the cache shows it, so that a following list contains it."""
        context, key = self._context, key_of(written)
        cache, until = context.caches.cache(APPLICATION_SETS), context.clock.monotonic() + SEEN_SECONDS
        while cache.seen_up_to < int(written["metadata"]["resourceVersion"]) and context.clock.monotonic() < until:
            if (found := cache.get(key)) is not None and found["metadata"]["uid"] != written["metadata"]["uid"]:
                break
            await context.clock.sleep(0.01)
        return written


def _planned(app: JsonObject) -> JsonObject:
    metadata = app["metadata"]
    name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
    found = {"group": GROUP, "version": VERSION, "kind": "Application", "name": name, "health": {}}
    return {**found, "namespace": namespace} if namespace else found


def _parts(appset: JsonObject) -> tuple[Any, ...]:
    """The fields that an upsert compares."""
    metadata = appset["metadata"]
    return (
        shaped("v1alpha1.ApplicationSetSpec", appset.get("spec") or {}),
        metadata.get("labels") or {},
        metadata.get("annotations") or {},
        metadata.get("finalizers") or [],
    )


def _stored(appset: JsonObject) -> JsonObject:
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "ApplicationSet", **appset}
