"""Asks the API server what a user may do."""

from __future__ import annotations

from typing import Final

from argosy.certs.ports import MayRefer
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.client import Client

ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)


class Rights:
    """Asks by SubjectAccessReview, as the user in question."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def may_refer(self, asked: MayRefer) -> bool:
        """The right is to this one issuer, or to all issuers of its namespace."""
        for name in (asked.issuer, "*"):
            if await self._allowed(asked, name):
                return True
        return False

    async def _allowed(self, asked: MayRefer, name: str) -> bool:
        attributes = {"group": "cert-manager.io", "resource": "signers", "verb": "reference"}
        spec: JsonObject = {
            "resourceAttributes": {**attributes, "namespace": asked.namespace, "name": name},
            "user": asked.username,
            "groups": list(asked.groups),
            "uid": asked.uid,
            "extra": {key: list(values) for key, values in asked.extra},
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {"name": ""},
            "spec": spec,
        }
        answer = await self._client.write(requests.create(ACCESS_REVIEWS, body))
        return bool((answer.get("status") or {}).get("allowed"))
