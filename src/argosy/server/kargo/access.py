"""A caller's permissions by Kubernetes RBAC, and a client that checks them before each request.

Nothing is done with the server's rights that the caller lacks (security rule 4). Answers are cached for one request; a
stream asks again. Source: spec/kargo-api.md 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, JsonValue, Key, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.server.kargo.faults import Fault, absent
from argosy.server.kargo.identity import Identity

REVIEWS: Final = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False)
MANAGER: Final = "argosy-kargo"
GROUP: Final = "kargo.akuity.io"


class Question(NamedTuple):
    """`name` is empty for lists and creations."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str


class Access:
    def __init__(self, client: Client, identity: Identity, global_namespaces: Sequence[str]) -> None:
        self.identity = identity
        self._client, self._global = client, tuple(global_namespaces)
        self._known: dict[Question, bool] = {}
        self.permits: dict[Question, None] = {}
        """The rights that the request was admitted with."""
        self.asked = False

    async def may(self, verb: str, resource: Resource, key: Key, *, subresource: str = "") -> bool:
        plural, _, below = resource.plural.partition("/")
        return await self.holds(Question(verb, resource.group, plural, subresource or below, key.namespace, key.name))

    async def holds(self, question: Question) -> bool:
        self.asked = True
        if self.identity.is_admin:
            return True
        if question not in self._known:
            self._known[question] = await self._reviewed(question)
        return self._known[question]

    async def permit(self, verb: str, resource: Resource, key: Key, *, subresource: str = "") -> None:
        """Raises Fault 403; the text names the missing right, not whether the object exists."""
        if not await self.may(verb, resource, key, subresource=subresource):
            where = f" in namespace {key.namespace!r}" if key.namespace else ""
            what = f'{resource.qualified} "{key.name}" is forbidden'
            raise Fault(403, f"{what}: {self.identity.actor} may not {verb} {resource.plural}{where}")
        question = Question(verb, resource.group, resource.plural, subresource, key.namespace, key.name)
        self.permits[question] = None

    async def knows_project(self, project: str) -> bool:
        """Whether the caller has any right there: to everybody else it does not exist (security rule 10)."""
        if self.identity.is_admin or self.identity.accounts.get(project):
            return True
        question = Question("get", GROUP, "projects", "", "", project)
        return await self.holds(question) or await self.holds(Question("get", GROUP, "stages", "", project, ""))

    async def still_permitted(self) -> bool:
        """For streams: checks all rights again."""
        self._known.clear()
        return all([await self.holds(question) for question in list(self.permits)])

    async def _reviewed(self, question: Question) -> bool:
        for subject in self._subjects(question):
            body = {
                "apiVersion": REVIEWS.api_version,
                "kind": REVIEWS.kind,
                "metadata": {},
                "spec": {**subject, "resourceAttributes": {k: v for k, v in question._asdict().items() if v}},
            }
            answer = await self._client.write(requests.create(REVIEWS, body))
            if (answer.get("status") or {}).get("allowed"):
                return True
        return False

    def _subjects(self, question: Question) -> Iterable[JsonObject]:
        """The user; or the ServiceAccounts of the namespace, then the global ones. A Project has its own namespace."""
        user = self.identity.user
        if user is not None:
            yield {
                "user": user.get("username") or "",
                "uid": user.get("uid") or "",
                "groups": list(user.get("groups") or ()),
                "extra": dict(user.get("extra") or {}),
            }
            return
        first = question.namespace
        if not first and (question.group, question.resource) == (GROUP, "projects"):
            first = question.name
        for namespace in dict.fromkeys((first, *self._global)):
            for name in self.identity.accounts.get(namespace, ()):
                groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
                yield {"user": f"system:serviceaccount:{namespace}:{name}", "groups": groups}


class Permitted:
    """The API server within one caller's rights. Every method raises Fault 403, or StatusError."""

    def __init__(self, client: Client, access: Access) -> None:
        self._client, self.access = client, access

    async def read(self, resource: Resource, key: Key) -> JsonObject:
        """Raises Fault 404, by kind."""
        await self.access.permit("get", resource, key)
        try:
            return await self._client.get(requests.Get(resource, Key(key.namespace, key.name)))
        except StatusError as error:
            if error.is_not_found:
                raise absent(resource, key.name) from None
            raise

    async def find(self, resource: Resource, key: Key) -> JsonObject | None:
        try:
            return await self.read(resource, key)
        except Fault as fault:
            if fault.code == 404:
                return None
            raise

    async def list(self, resource: Resource, namespace: str = "", *, labels: str = "") -> tuple[list[JsonObject], str]:
        """Sorted by name, with the resourceVersion from which a watch may start."""
        await self.access.permit("list", resource, Key(namespace, ""))
        page = await self._client.page(requests.List(resource=resource, namespace=namespace, label_selector=labels))
        return sorted(page.items, key=lambda one: str(one["metadata"]["name"])), page.resource_version

    async def create(self, resource: Resource, obj: JsonObject) -> JsonObject:
        await self.access.permit("create", resource, key_of(obj))
        return await self._client.write(requests.create(resource, obj, manager=MANAGER))

    async def update(self, resource: Resource, obj: JsonObject) -> JsonObject:
        """Only if it still has the resourceVersion of `obj`."""
        await self.access.permit("update", resource, key_of(obj))
        return await self._client.write(requests.update(resource, obj, manager=MANAGER))

    async def patch(self, resource: Resource, key: Key, patch: JsonValue, *, subresource: str = "") -> JsonObject:
        await self.access.permit("patch", resource, key, subresource=subresource)
        return await self._client.write(
            requests.patch(
                resource, Key(key.namespace, key.name), patch, PatchType.MERGE, subresource=subresource, manager=MANAGER
            )
        )

    async def annotate(self, resource: Resource, key: Key, annotations: Mapping[str, Any]) -> JsonObject:
        return await self.patch(resource, key, {"metadata": {"annotations": dict(annotations)}})

    async def delete(self, resource: Resource, key: Key) -> None:
        await self.access.permit("delete", resource, key)
        await self._client.write(requests.remove(resource, Key(key.namespace, key.name)))
