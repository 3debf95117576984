"""What admission reads from the API server and may do there, and the adapter over a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get, List, create
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

REVIEWS = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False)


class Reading(Protocol):
    async def get(self, resource: Resource, key: Key) -> JsonObject | None: ...

    async def list(self, resource: Resource, namespace: str = "", selector: str = "") -> Sequence[JsonObject]: ...

    async def create(self, resource: Resource, obj: JsonObject) -> None:
        """Raises StatusError."""
        ...

    async def may(self, user: Mapping[str, Any], verb: str, resource: Resource, namespace: str, name: str) -> bool: ...


class LiveReading:
    """Through a client, without a cache."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def get(self, resource: Resource, key: Key) -> JsonObject | None:
        if not key.name or (resource.namespaced and not key.namespace):
            return None
        try:
            return await self._client.get(Get(resource, key))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise

    async def list(self, resource: Resource, namespace: str = "", selector: str = "") -> Sequence[JsonObject]:
        page = await self._client.page(List(resource=resource, namespace=namespace, label_selector=selector))
        return list(page.items)

    async def create(self, resource: Resource, obj: JsonObject) -> None:
        await self._client.write(create(resource, obj))

    async def may(self, user: Mapping[str, Any], verb: str, resource: Resource, namespace: str, name: str) -> bool:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {
                "user": user.get("username") or "",
                "groups": list(user.get("groups") or ()),
                "uid": user.get("uid") or "",
                "extra": dict(user.get("extra") or {}),
                "resourceAttributes": {
                    "verb": verb,
                    "group": resource.group,
                    "resource": resource.plural,
                    "namespace": namespace,
                    "name": name,
                },
            },
        }
        answer = await self._client.write(create(REVIEWS, review))
        return bool((answer.get("status") or {}).get("allowed"))
