"""Create, update, patch and delete: validates before storing, retries conflicts, waits until the result is visible."""

from __future__ import annotations

from typing import Any, Final

import orjson

from argosy.machinery import requests
from argosy.machinery.api import PatchType, Propagation
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.patches import jsonpatch, mergepatch
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.context import APPLICATIONS, ServerContext
from argosy.server.errors import ApiError, Code, denied, invalid, unknown
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.services.applications.access import (
    RESOURCE,
    check_project,
    find,
    is_enabled,
    target_of_app,
)
from argosy.server.services.applications.validation import conflict, validated

TRIES: Final = 10
FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
POLICIES: Final = {"": FINALIZER, "foreground": f"{FINALIZER}/foreground", "background": f"{FINALIZER}/background"}
MANAGER: Final = "argocd-server"
SEEN_SECONDS: Final = 2.0


class Writing:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def create(self, call: Call) -> JsonObject:
        context, request = self._context, call.request
        app = given_application(request.get("application"), context)
        call.permit(RESOURCE, "create", target_of_app(context, app))
        check_project(context, app)
        if not is_enabled(context, app["metadata"]["namespace"]):
            raise denied(f"namespace '{app['metadata']['namespace']}' is not permitted")
        existing = await self._existing(app)
        made = await validated(context, call, app, existing, contacts_sources=request.get("validate") is not False)
        made.pop("operation", None)
        made.pop("status", None)
        try:
            created = await context.client.write(requests.create(APPLICATIONS, _stored(made), manager=MANAGER))
        except StatusError as error:
            if not error.is_already_exists:
                raise
            return await self._upsert(call, made)
        context.events.record(created, "ResourceCreated", f"{_user(call)} created application")
        return await self._seen(created)

    async def _existing(self, app: JsonObject) -> JsonObject | None:
        metadata = app["metadata"]
        if not metadata.get("name"):
            return None
        try:
            return await self._context.client.get(
                requests.Get(APPLICATIONS, Key(metadata["namespace"], metadata["name"]))
            )
        except StatusError as error:
            if error.is_not_found:
                return None
            raise

    async def _upsert(self, call: Call, made: JsonObject) -> JsonObject:
        existing = await self._existing(made)
        if existing is None:
            raise ApiError(Code.ABORTED, "the application was deleted at the same moment: try again")
        if _parts(existing) == _parts(made):
            return existing
        if call.request.get("upsert") is not True:
            raise invalid("existing application spec is different, use upsert flag to force update")
        call.permit(RESOURCE, "update", target_of_app(self._context, made))
        return await self._update(call, existing, made, merges=True)

    async def update(self, call: Call) -> JsonObject:
        request = call.request
        app = given_application(request.get("application"), self._context)
        call.permit(RESOURCE, "update", target_of_app(self._context, app))
        return await self._replaced(call, app, contacts_sources=request.get("validate") is not False)

    async def update_spec(self, call: Call) -> JsonObject:
        request = call.request
        if not isinstance(request.get("spec"), dict):
            raise invalid("spec: the new spec of the application is missing")
        found = await self._found(call, "update")
        app = {**found, "spec": request["spec"]}
        made = await self._replaced(call, app, contacts_sources=request.get("validate") is not False)
        return dict(made.get("spec") or {})

    async def patch(self, call: Call) -> JsonObject:
        found = await self._found(call, "get")
        call.permit(RESOURCE, "update", target_of_app(self._context, found))
        app = patched(found, call.request.get("patch") or "", call.request.get("patchType") or "")
        return await self._replaced(call, given_application(app, self._context), contacts_sources=True)

    async def _found(self, call: Call, action: str) -> JsonObject:
        request = call.request
        namespace, project = request.get("appNamespace") or "", request.get("project") or ""
        found = await find(self._context, call, action, request.get("name") or "", namespace=namespace, project=project)
        return found.app

    async def _replaced(self, call: Call, app: JsonObject, *, contacts_sources: bool) -> JsonObject:
        metadata, project = app["metadata"], call.request.get("project") or ""
        found = await find(
            self._context,
            call,
            "update",
            str(metadata.get("name") or ""),
            namespace=str(metadata.get("namespace") or ""),
            project=project,
        )
        made = await validated(self._context, call, app, found.app, contacts_sources=contacts_sources)
        return await self._update(call, found.app, made, merges=False)

    async def _update(self, call: Call, stored: JsonObject, made: JsonObject, *, merges: bool) -> JsonObject:
        """Labels and annotations are merged or replaced; finalizers and the spec are replaced."""
        client, metadata = self._context.client, made["metadata"]
        for _ in range(TRIES):
            now = {**stored["metadata"]}
            for part in ("labels", "annotations"):
                before = (now.get(part) or {}) if merges else {}
                now[part] = {**before, **(metadata.get(part) or {})}
            now["finalizers"] = list(metadata.get("finalizers") or [])
            body = {**stored, "metadata": now, "spec": made["spec"]}
            try:
                written = await client.write(requests.update(APPLICATIONS, _stored(body), manager=MANAGER))
            except StatusError as error:
                if not error.is_conflict:
                    raise
                stored = await client.get(
                    requests.Get(APPLICATIONS, Key(stored["metadata"]["namespace"], metadata["name"]))
                )
                continue
            self._context.events.record(written, "ResourceUpdated", f"{_user(call)} updated application spec")
            return await self._seen(written)
        raise conflict()

    async def delete(self, call: Call) -> JsonObject:
        request = call.request
        found = await self._found(call, "get")
        call.permit(RESOURCE, "delete", target_of_app(self._context, found))
        cascade = request.get("cascade") is not False
        given = request.get("propagationPolicy")
        if given is not None and not cascade:
            raise invalid("cannot set propagation policy when cascading is disabled")
        policy = "foreground" if given is None else given.lower()
        if policy not in POLICIES:
            raise invalid(f"invalid propagation policy: {given}")
        stored = await self._with_finalizer(found, POLICIES[policy] if cascade else "")
        await self._remove(stored)
        self._context.events.record(stored, "ResourceDeleted", f"{_user(call)} deleted application")
        return {}

    async def _with_finalizer(self, app: JsonObject, wanted: str) -> JsonObject:
        """Sets the finalizer for the kind of deletion, or none; not on an object that is being deleted."""
        metadata = app["metadata"]
        if metadata.get("deletionTimestamp"):
            return app
        present = list(metadata.get("finalizers") or [])
        kept = [item for item in present if item not in POLICIES.values()]
        finalizers = [*kept, wanted] if wanted else kept
        if finalizers == present:
            return app
        patch = {"metadata": {"finalizers": finalizers or None}}
        return await self._context.client.write(
            requests.patch(
                APPLICATIONS, Key(metadata["namespace"], metadata["name"]), patch, PatchType.MERGE, manager=MANAGER
            )
        )

    async def _remove(self, app: JsonObject) -> None:
        metadata = app["metadata"]
        propagation: Propagation = "Background"
        await self._context.client.write(
            requests.remove(
                APPLICATIONS, Key(metadata["namespace"], metadata["name"]), propagation=propagation, uid=metadata["uid"]
            )
        )

    async def _seen(self, written: JsonObject) -> JsonObject:
        """Waits until lists and watches of this process show it."""
        return await seen(self._context, written)


async def seen(context: ServerContext, written: JsonObject) -> JsonObject:
    """For two seconds; a slower cache catches up later."""
    cache, version = context.gitops.plane.applications, int(written["metadata"]["resourceVersion"])
    deadline = context.clock.monotonic() + SEEN_SECONDS
    while cache.seen_up_to < version and context.clock.monotonic() < deadline:
        await context.clock.sleep(0.01)
    return written


def given_application(given: Any, context: ServerContext) -> JsonObject:
    """The request's Application, with its namespace. Raises ApiError."""
    if not isinstance(given, dict):
        raise invalid("application: the application is missing")
    try:
        app = shaped("v1alpha1.Application", given)
    except Misshapen as error:
        raise invalid(f"application: {error}") from None
    metadata = {**app["metadata"], "namespace": app["metadata"].get("namespace") or context.namespace}
    return {**app, "metadata": metadata}


def patched(app: JsonObject, patch: str, kind: str) -> JsonObject:
    """Raises ApiError."""
    if kind == "merge":
        try:
            change = orjson.loads(patch)
        except orjson.JSONDecodeError:
            raise unknown("error calculating merge patch: Invalid JSON Patch") from None
        if not isinstance(change, dict):
            raise unknown("error calculating merge patch: Invalid JSON Patch")
        found = mergepatch.merge_patch(app, change)
        assert isinstance(found, dict)
        return found
    if kind not in ("json", ""):
        raise invalid(f"Patch type '{kind}' is not supported")
    try:
        operations = orjson.loads(patch)
    except orjson.JSONDecodeError as error:
        raise unknown(f"error decoding json patch: {error}") from None
    try:
        changed = jsonpatch.apply_json_patch(app, operations)
    except StatusError:
        raise unknown(f"error applying patch: {_why(app, operations)}") from None
    if not isinstance(changed, dict):
        raise invalid("patch: its result is not an object")
    return changed


def _why(app: JsonObject, operations: Any) -> str:
    """Which operation of a patch fails, and where."""
    if not isinstance(operations, list):
        return "a list of operations is expected"
    done: Any = app
    for operation in operations:
        if not isinstance(operation, dict):
            return "an operation must be an object"
        name, path = operation.get("op"), operation.get("path")
        try:
            done = jsonpatch.apply_json_patch(done, [operation])
        except StatusError:
            if name == "test":
                return f"testing value {path} failed: test failed"
            last = str(path).rpartition("/")[2]
            what = f"Unable to remove nonexistent key: {last}: missing value" if name == "remove" else "missing value"
            return f"error in {name} for path: '{path}': {what}"
    return "the result is too large"


def _parts(app: JsonObject) -> tuple[Any, ...]:
    """The fields that an upsert compares."""
    metadata = app["metadata"]
    spec = shaped("v1alpha1.ApplicationSpec", app.get("spec") or {})
    return (
        spec,
        metadata.get("labels") or {},
        metadata.get("annotations") or {},
        metadata.get("finalizers") or [],
    )


def _stored(app: JsonObject) -> JsonObject:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", **app}


def _user(call: Call) -> str:
    return call.caller.username or "Unknown user"


user_of = _user
