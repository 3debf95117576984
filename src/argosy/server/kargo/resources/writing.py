"""Creates, replaces and deletes manifests one after the other; failures do not affect other documents.

Each document is checked separately: the right for its verb, the right to promote if it has that effect, and that
nobody grants rights that they lack (security rule 4). Source: spec/kargo-api.md 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from argosy.apis.kargo import Freight
from argosy.apis.schema import read
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.promotion.admission.stages import request_text
from argosy.promotion.events import freight_event
from argosy.promotion.kinds import FREIGHT, PROJECTS, PROMOTIONS, SECRETS, STAGES
from argosy.promotion.names import ABORT, CREATE_ACTOR, GROUP, REPLICATED_FROM, REVERIFY
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.access import MANAGER
from argosy.server.kargo.core.promoting import announced
from argosy.server.kargo.credentials.redaction import REDACTED
from argosy.server.kargo.endpoint import MIB, ApiRequest, Endpoint, Reply
from argosy.server.kargo.faults import Fault, as_fault, invalid, not_found, unimplemented
from argosy.server.kargo.resources.documents import documents
from argosy.server.kargo.roles.escalation import check_manifest
from argosy.server.kargo.settings import KargoSettings
from argosy.server.kargo.shapes import plain

PATH: Final = "/resources"
LIMIT: Final = 4 * MIB
Done = Callable[["Writing", JsonObject], Awaitable[JsonObject]]


def resource_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    async def create(request: ApiRequest) -> Reply:
        projects, others = documents(request.body)
        return await _each(Writing(context, settings, request), [*projects, *others], Writing.create, 201)

    async def replace(request: ApiRequest) -> Reply:
        projects, others = documents(request.body)
        done = Writing.upsert if request.flag("upsert") else Writing.update
        return await _each(Writing(context, settings, request), [*projects, *others], done, 200)

    async def delete(request: ApiRequest) -> Reply:
        projects, others = documents(request.body)
        return await _each(Writing(context, settings, request), [*others, *projects], Writing.delete, 200)

    def endpoint(method: str, verb: str, answer: Callable[[ApiRequest], Awaitable[Reply]]) -> Endpoint:
        return Endpoint(method=method, path=PATH, needs=within("*", verb, mutates=True), answer=answer, limit=LIMIT)

    return (
        endpoint("POST", "create", create),
        endpoint("PUT", "update", replace),
        endpoint("DELETE", "delete", delete),
    )


async def _each(writing: Writing, manifests: list[JsonObject], done: Done, code: int) -> Reply:
    """The error of a single document becomes the whole answer."""
    results: list[JsonObject] = []
    for manifest in manifests:
        try:
            results.append(await done(writing, manifest))
        except (Fault, StatusError) as error:
            if len(manifests) == 1:
                raise
            results.append({"error": f"{getattr(error, 'prefix', '')}{error.message}"})
    return Reply({"results": results}, code)


class Writing:
    """One request's writer; `create` records new Projects, in which their creator may create further objects."""

    def __init__(self, context: ServerContext, settings: KargoSettings, request: ApiRequest) -> None:
        self._context, self._settings, self._asked = context, settings, request
        self._projects: set[str] = set()

    async def create(self, manifest: JsonObject) -> JsonObject:
        resource = await self._checked(manifest)
        await self._may("create", resource, manifest)
        await self._check_effect(resource, manifest)
        try:
            return {"createdResourceManifest": await self._made(resource, manifest)}
        except StatusError as error:
            if error.is_already_exists:
                kind_name = f"{resource.kind.lower()}.{resource.group}" if resource.group else resource.kind.lower()
                message = f'{kind_name} "{manifest["metadata"].get("name")}" already exists'
                raise OfDocument(409, message, "create resource: ") from None
            raise OfDocument(error.code, error.message, "create resource: ") from None

    async def upsert(self, manifest: JsonObject) -> JsonObject:
        return await self._replaced(manifest, makes=True)

    async def update(self, manifest: JsonObject) -> JsonObject:
        return await self._replaced(manifest, makes=False)

    async def delete(self, manifest: JsonObject) -> JsonObject:
        """Answers with the request's content, like upstream."""
        resource, key = await self._resource(manifest), key_of(manifest)
        self._check_secrets(resource)
        await self._asked.access.permit("delete", resource, key)
        if resource.group == GROUP and resource.plural == "promotions":
            found = await self._context.client.get(requests.Get(resource, Key(key.namespace, key.name)))
            await self._may_promote(key.namespace, found)
        try:
            await self._context.client.write(requests.remove(resource, Key(key.namespace, key.name)))
        except StatusError as error:
            raise OfDocument(error.code, error.message, "delete resource: ") from None
        return {"deletedResourceManifest": shown(manifest)}

    async def _replaced(self, manifest: JsonObject, *, makes: bool) -> JsonObject:
        resource, key = await self._checked(manifest), key_of(manifest)
        await self._may("get", resource, manifest)
        found = await self._found(resource, key)
        if found is None:
            if not makes:
                raise not_found("resource does not exist")
            return await self.create(manifest)
        await self._may("update", resource, manifest)
        if REPLICATED_FROM in (found["metadata"].get("labels") or {}):
            raise Fault(403, f'{resource.qualified} "{key.name}" is forbidden: it is a copy; change its source instead')
        await self._check_effect(resource, found)
        body = self._as_theirs(manifest, found)
        body["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        try:
            made = await self._context.control_plane.write(requests.update(resource, body, manager=MANAGER))
        except StatusError as error:
            raise OfDocument(error.code, error.message, "update resource: ") from None
        return {"updatedResourceManifest": shown(made)}

    async def _made(self, resource: Resource, manifest: JsonObject) -> JsonObject:
        made = await self._context.control_plane.write(
            requests.create(resource, self._as_theirs(manifest, None), manager=MANAGER)
        )
        if _is(resource, PROJECTS):
            self._projects.add(made["metadata"]["name"])
        elif _is(resource, PROMOTIONS):
            await announced(self._context, self._asked, made)
        elif _is(resource, FREIGHT):
            actor = self._asked.identity.actor
            event = freight_event(read(Freight, made), "FreightCreated", f'Freight created by "{actor}"', actor)
            self._context.events.record(made, event.reason, event.message, annotations=event.annotations)
        return shown(made)

    # -- what is checked -----------------------------------------------------------------------------------------------

    async def _checked(self, manifest: JsonObject) -> Resource:
        """Raises Fault."""
        resource = await self._resource(manifest)
        self._check_secrets(resource)
        await check_manifest(self._context, self._asked, manifest, self._settings.global_namespaces)
        return resource

    async def _resource(self, manifest: JsonObject) -> Resource:
        """Raises Fault 400 for a kind that is not served, and for a missing namespace."""
        api, kind = manifest["apiVersion"], manifest["kind"]
        for resource in (await self._context.client.served()).resources:
            if (resource.api_version, resource.kind) == (api, kind):
                if resource.namespaced and not manifest["metadata"].get("namespace"):
                    raise invalid(f"{kind}: metadata.namespace: is missing")
                return resource
        raise invalid(f'no matches for kind "{kind[:100]}" in version "{api[:100]}"')

    def _check_secrets(self, resource: Resource) -> None:
        if _is(resource, SECRETS) and not self._settings.manages_secrets:
            raise unimplemented("secret management is not enabled")

    async def _may(self, verb: str, resource: Resource, manifest: JsonObject) -> None:
        key = key_of(manifest)
        if resource.namespaced and key.namespace in self._projects:
            self._asked.access.asked = True
            return  # of a Project that the same request created
        await self._asked.access.permit(verb, resource, key if resource.namespaced else Key("", key.name))

    async def _check_effect(self, resource: Resource, obj: JsonObject) -> None:
        """Creating a Promotion in any way requires the right to promote. Raises Fault 403."""
        if _is(resource, PROMOTIONS):
            await self._may_promote(str(obj["metadata"].get("namespace") or ""), obj)

    async def _may_promote(self, namespace: str, promotion: JsonObject) -> None:
        spec = promotion.get("spec")
        stage = spec.get("stage") if isinstance(spec, dict) else None
        if isinstance(stage, str) and stage:  # without a Stage it promotes nothing, and admission rejects it
            await self._asked.access.permit("promote", STAGES, Key(namespace, stage))

    # -- what is written -----------------------------------------------------------------------------------------------

    def _as_theirs(self, manifest: JsonObject, found: JsonObject | None) -> JsonObject:
        """We set the actor, whatever the manifest claims: admission trusts us."""
        metadata = {name: value for name, value in manifest["metadata"].items() if name != "managedFields"}
        annotations = dict(metadata.get("annotations") or {})
        actor = self._asked.identity.actor
        if (manifest["kind"], manifest["apiVersion"].partition("/")[0]) in _ACTED:
            if found is None:
                annotations[CREATE_ACTOR] = actor
            elif was := (found["metadata"].get("annotations") or {}).get(CREATE_ACTOR):
                annotations[CREATE_ACTOR] = was
            else:
                annotations.pop(CREATE_ACTOR, None)
        before = ((found or {}).get("metadata") or {}).get("annotations") or {}
        for name, word in ((ABORT, "id" if manifest["kind"] == "Stage" else "action"), (REVERIFY, "id")):
            if annotations.get(name) and annotations[name] != before.get(name):
                annotations[name] = request_text(annotations[name], word, actor, control_plane=False)
        return {**manifest, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}

    async def _found(self, resource: Resource, key: Key) -> JsonObject | None:
        try:
            return await self._context.client.get(requests.Get(resource, Key(key.namespace, key.name)))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise as_fault(error, "get resource: ") from None


class OfDocument(Fault):
    """The error of one document: unchanged if it is alone, else with the attempted action."""

    def __init__(self, code: int, message: str, prefix: str) -> None:
        super().__init__(code, message)
        self.prefix = prefix


def shown(obj: JsonObject) -> JsonObject:
    """Values of Secrets are not returned (security rule 9)."""
    found = plain(obj, typed=False)
    if obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1":
        for name in ("data", "stringData"):
            if isinstance(found.get(name), dict):
                found[name] = dict.fromkeys(found[name], REDACTED)
        annotations = found["metadata"].get("annotations")
        if annotations:
            kept = {key: value for key, value in annotations.items() if "last-applied" not in key}
            found["metadata"] = {**found["metadata"], "annotations": kept}
    return found


def _is(resource: Resource, kind: Resource) -> bool:
    return (resource.group, resource.plural) == (kind.group, kind.plural)


_ACTED: Final = frozenset({("Project", GROUP), ("Promotion", GROUP)})
