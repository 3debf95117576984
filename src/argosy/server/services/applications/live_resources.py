"""One object of an Application's tree: get, patch, delete, run actions. Objects outside of the tree do not exist."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from argosy.gitops.actions import ActionError, Impact, UnknownAction, custom
from argosy.gitops.keys import APPLICATIONS as APPLICATIONS_RESOURCE
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.gitops.projects import permissions
from argosy.machinery import requests
from argosy.machinery.api import PatchType, Propagation
from argosy.machinery.objects import JsonObject, Key, Resource, group_version
from argosy.machinery.patches.mergepatch import create_merge_patch
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, invalid, unknown
from argosy.server.services.applications.access import Found, find, target_of_app
from argosy.server.services.applications.comparing import View, view
from argosy.server.services.applications.managed import shown, without_managed_fields
from argosy.server.services.applications.tree import Tree
from argosy.server.services.applications.writing import user_of

PATCHES: Final = {
    "application/merge-patch+json": PatchType.MERGE,
    "application/json-patch+json": PatchType.JSON,
    "application/strategic-merge-patch+json": PatchType.STRATEGIC,
}
MANAGER: Final = "argocd-server"


class LiveResources:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def get(self, call: Call) -> JsonObject:
        found = await self._found(call, "get")
        client, resource, key = await self._place(found, call.request)
        return self._shown(await client.get(requests.Get(resource, Key(key.namespace, key.name))))

    async def patch(self, call: Call) -> JsonObject:
        request = call.request
        found = await self._found(call, self._fine(call, "update"))
        client, resource, key = await self._place(found, request)
        kind = PATCHES.get(str(request.get("patchType") or ""))
        if kind is None:
            raise invalid(f"patchType: {request.get('patchType')!r} is none of {', '.join(PATCHES)}")
        try:
            patch = json.loads(str(request.get("patch") or ""))
        except ValueError as error:
            raise ApiError(
                Code.FAILED_PRECONDITION, f"error patching resource: error decoding patch: {error}"
            ) from None
        try:
            made = await client.write(
                requests.patch(resource, Key(key.namespace, key.name), patch, kind, manager=MANAGER)
            )
        except StatusError as error:
            if key[:2] == ("", "Secret"):  # the API's message may quote what was sent
                raise unknown(f"failed to patch Secret {key.namespace}/{key.name}") from None
            raise StatusError(error.code, error.reason, f"error patching resource: {error.message}") from None
        self._tell(call, made, "ResourceUpdated", "patched resource")
        return self._shown(made)

    async def delete(self, call: Call) -> JsonObject:
        request = call.request
        found = await self._found(call, self._fine(call, "delete"))
        client, resource, key = await self._place(found, request)
        obj = await client.get(requests.Get(resource, Key(key.namespace, key.name)))
        propagation: Propagation = "Foreground"
        grace: int | None = None
        if request.get("orphan"):
            propagation = "Orphan"
        elif request.get("force"):
            propagation, grace = "Background", 0
        await client.write(
            requests.remove(
                resource,
                Key(key.namespace, key.name),
                propagation=propagation,
                grace_seconds=grace,
                uid=obj["metadata"]["uid"],
            )
        )
        self._tell(call, obj, "ResourceDeleted", "deleted resource")
        return {}

    # -- actions -------------------------------------------------------------------------------------------------------

    async def actions(self, call: Call) -> JsonObject:
        found = await self._found(call, "get")
        _, _, obj = await self._object(found, call.request)
        customizations, now = self._context.engine.plane.settings.customizations, self._context.clock.now()
        try:
            offered = await custom.discover(customizations, obj, now, self._context.lua)
        except ActionError as error:
            raise unknown(f"error getting available actions: {error}") from None
        return {"actions": [_named(action.as_json()) for action in offered]}

    async def run_action(self, call: Call) -> JsonObject:
        request = call.request
        name, kind = str(request.get("action") or ""), str(request.get("kind") or "")
        right = f"action/{request.get('group') or ''}/{kind}/{name}"
        found = await self._found(call, right)
        client, key, obj = await self._object(found, request)
        given = request.get("resourceActionParameters") or ()
        parameters = {str(item.get("name") or ""): str(item.get("value") or "") for item in given}
        context, customizations = self._context, self._context.engine.plane.settings.customizations
        try:
            impacts = await custom.run(customizations, obj, name, parameters, context.clock.now(), context.lua)
        except UnknownAction:
            raise unknown("error getting Lua resource action: built-in script does not exist") from None
        except ActionError as error:
            raise unknown(f"error executing Lua resource action: {error}") from None
        seen = await self._view(found.app)
        for impact in impacts:
            await self._check_impact(client, seen, impact, key)
        for impact in impacts:
            await self._carry_out(client, impact, obj)
        context.events.record(
            found.app, "ResourceActionRan", f"{user_of(call)} ran action {name} on resource {kind}/{key.name}"
        )
        self._tell(call, obj, "ResourceActionRan", f"ran action {name}")
        return {}

    async def _check_impact(self, client: Client, seen: View, impact: Impact, key: ResourceKey) -> None:
        """The result must be permitted by the project; creations are tried with a dry run first."""
        target = resource_key(impact.resource)
        if refused := permissions.refusal_of(seen.state.project, seen.state.spec.project, target, seen.state.cluster):
            raise ApiError(Code.PERMISSION_DENIED, refused)
        if impact.operation == "create":
            await client.write(
                requests.create(self._resource(seen, target), impact.resource, dry_run=True, manager=MANAGER)
            )
        elif target != key:
            raise invalid(f"the action would change {target}, which is not the object it was run on")

    async def _carry_out(self, client: Client, impact: Impact, obj: JsonObject) -> None:
        target = resource_key(impact.resource)
        resource = await self._resource_of(client, impact.resource)
        if impact.operation == "create":
            await client.write(requests.create(resource, impact.resource, manager=MANAGER))
            return
        patch = create_merge_patch(obj, impact.resource)
        status = patch.pop("status", None)
        if patch:
            await client.write(
                requests.patch(resource, Key(target.namespace, target.name), patch, PatchType.MERGE, manager=MANAGER)
            )
        if status is not None:
            await self._patch_status(client, impact.resource, {"status": status})

    async def _patch_status(self, client: Client, obj: JsonObject, patch: JsonObject) -> None:
        target, resource = resource_key(obj), await self._resource_of(client, obj)
        write = requests.patch(resource, Key(target.namespace, target.name), patch, manager=MANAGER)
        try:
            await client.write(replace(write, subresource="status"))
        except StatusError as error:
            if not error.is_not_found:
                raise
            await client.write(write)

    async def _resource_of(self, client: Client, obj: JsonObject) -> Resource:
        group, version = group_version(str(obj.get("apiVersion") or ""))
        for resource in (await client.served()).resources:
            if (resource.group, resource.version, resource.kind) == (group, version, obj.get("kind")):
                return resource
        raise invalid(f"the cluster does not serve {obj.get('apiVersion')} {obj.get('kind')}")

    def _resource(self, seen: View, key: ResourceKey) -> Resource:
        resource = seen.state.destination.live.kinds.preferred(key.group, key.kind)
        if resource is None:
            raise invalid(f"the cluster does not serve {key.group}/{key.kind}")
        return resource

    # -- finding -------------------------------------------------------------------------------------------------------

    def _fine(self, call: Call, verb: str) -> str:
        """`update/<group>/<kind>/<namespace>/<name>`; with inheritance enabled, the plain right suffices."""
        request = call.request
        parts = (request.get(key) or "" for key in ("group", "kind", "namespace", "resourceName"))
        fine = f"{verb}/{'/'.join(str(part) for part in parts)}"
        inherits = not self._context.configuration.flag(
            "server.rbac.disableApplicationFineGrainedRBACInheritance", default=True
        )
        if inherits and call.may("applications", verb, self._likely_target(call)):
            return verb
        return fine

    def _likely_target(self, call: Call) -> str:
        request = call.request
        namespace = str(request.get("appNamespace") or self._context.namespace)
        app = self._context.gitops.plane.applications.get(Key(namespace, str(request.get("name") or "")))
        return target_of_app(self._context, app) if app is not None else ""

    async def _found(self, call: Call, action: str) -> Found:
        request = call.request
        return await find(
            self._context,
            call,
            action,
            str(request.get("name") or ""),
            namespace=str(request.get("appNamespace") or ""),
            project=str(request.get("project") or ""),
        )

    async def _view(self, app: JsonObject) -> View:
        seen = await view(self._context, app)
        if seen is None:
            raise ApiError(Code.FAILED_PRECONDITION, "the application's cluster is not known: see its conditions")
        return seen

    async def _place(self, found: Found, request: JsonObject) -> tuple[Client, Resource, ResourceKey]:
        """The object's location. Raises ApiError if it is not in the tree."""
        seen = await self._view(found.app)
        key = ResourceKey(*(str(request.get(name) or "") for name in ("group", "kind", "namespace", "resourceName")))
        tree = await Tree(self._context, found.app, seen).build()
        for node in tree["nodes"]:
            if node.get("uid") and _key_of(node) == key:
                client = seen.state.destination.client
                return client, self._versioned(seen, key, str(request.get("version") or "")), key
        raise invalid(
            f"{key.kind} {key.group} {key.name} not found as part of application {found.app['metadata']['name']}"
        )

    def _versioned(self, seen: View, key: ResourceKey, version: str) -> Resource:
        """In the requested version, if the cluster serves it."""
        preferred = self._resource(seen, key)
        for resource in seen.state.destination.live.kinds.resources:
            if (resource.group, resource.kind, resource.version) == (key.group, key.kind, version):
                return resource
        return preferred

    async def _object(self, found: Found, request: JsonObject) -> tuple[Client, ResourceKey, JsonObject]:
        """An object of the tree, or the Application itself."""
        if (request.get("group") or "", request.get("kind")) == ("argoproj.io", "Application") and request.get(
            "resourceName"
        ) == found.app["metadata"]["name"]:
            return self._context.client, resource_key(_typed(found.app)), _typed(found.app)
        client, resource, key = await self._place(found, request)
        return client, key, await client.get(requests.Get(resource, Key(key.namespace, key.name)))

    async def object_of(self, found: Found, request: JsonObject) -> JsonObject:
        """The object for links: values of Secrets are masked."""
        _, _, obj = await self._object(found, request)
        seen = shown(self._context, without_managed_fields(obj))[0]
        assert seen is not None
        return seen

    def _shown(self, obj: JsonObject) -> JsonObject:
        found = shown(self._context, without_managed_fields(obj))[0]
        return {"manifest": json.dumps(found, separators=(",", ":"), ensure_ascii=False, sort_keys=True)}

    def _tell(self, call: Call, obj: JsonObject, reason: str, what: str) -> None:
        self._context.events.record(obj, reason, f"{user_of(call)} {what}")


def _typed(app: JsonObject) -> JsonObject:
    kind = APPLICATIONS_RESOURCE
    return {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.kind, **app}


def _key_of(node: JsonObject) -> ResourceKey:
    return ResourceKey(*(str(node.get(name) or "") for name in ("group", "kind", "namespace", "name")))


def _named(action: JsonObject) -> JsonObject:
    """Parameters by name only: the wire format has no defaults."""
    if "params" not in action:
        return action
    return {**action, "params": [{"name": parameter["name"]} for parameter in action["params"]]}
