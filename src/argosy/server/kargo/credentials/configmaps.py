"""ConfigMaps that steps read."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import CONFIG_MAPS
from argosy.server.calls import within
from argosy.server.kargo.core.simple import deleting, reading
from argosy.server.kargo.credentials.annotations import annotations_of, described, replaced
from argosy.server.kargo.credentials.scopes import Scope
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, flag, table, text, texts
from argosy.server.kargo.faults import invalid
from argosy.server.kargo.shapes import cached_list, plain

NAME = "configmap"


def configmap_endpoints(scope: Scope) -> tuple[Endpoint, ...]:
    path = f"{scope.prefix}/configmaps"
    one = f"{path}/{{{NAME}}}"

    async def several(request: ApiRequest) -> Reply:
        items, _ = await request.objects.list(CONFIG_MAPS, scope.namespace_of(request))
        return Reply(cached_list(items))

    async def create(request: ApiRequest) -> Reply:
        made = await request.objects.create(CONFIG_MAPS, new(request.json(), scope.namespace_of(request)))
        return Reply(plain(made, kind=False), 201)

    async def change(request: ApiRequest) -> Reply:
        body = request.json()
        data = table(body, "data")
        if not data:
            raise invalid("ConfigMap data cannot be empty")
        found = await request.objects.read(CONFIG_MAPS, scope.key(request, NAME))
        described = replaced(found, text(body, "description"), replicate=flag(body, "replicate"))
        return Reply(plain(await request.objects.update(CONFIG_MAPS, {**described, "data": data})))

    async def patch(request: ApiRequest) -> Reply:
        body = request.json()
        found = await request.objects.read(CONFIG_MAPS, scope.key(request, NAME))
        return Reply(plain(await request.objects.update(CONFIG_MAPS, patched(found, body))))

    return (
        Endpoint(method="GET", path=path, needs=within("configmaps", "list"), answer=several),
        Endpoint(method="POST", path=path, needs=within("configmaps", "create", mutates=True), answer=create),
        reading(one, CONFIG_MAPS, lambda request: scope.key(request, NAME)),
        Endpoint(method="PUT", path=one, needs=within("configmaps", "update", mutates=True), answer=change),
        Endpoint(method="PATCH", path=one, needs=within("configmaps", "update", mutates=True), answer=patch),
        deleting(one, CONFIG_MAPS, lambda request: scope.key(request, NAME)),
    )


def new(body: JsonObject, namespace: str) -> JsonObject:
    """Raises Fault 400."""
    name, data = text(body, "name"), table(body, "data")
    if not name:
        raise invalid("name should not be empty")
    if not data:
        raise invalid("ConfigMap data cannot be empty")
    annotations = annotations_of(text(body, "description"), replicate=flag(body, "replicate"))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **annotations},
        "data": data,
    }


def patched(found: JsonObject, body: JsonObject) -> JsonObject:
    """Raises Fault 400."""
    removed = set(texts(body, "removeKeys"))
    kept = {name: value for name, value in (found.get("data") or {}).items() if name not in removed}
    data = {**kept, **table(body, "data")}
    if not data:
        raise invalid("ConfigMap data cannot be empty after patch")
    return {**described(found, body, text(body, "description")), "data": data}
