"""Answers AdmissionReviews for this room's kinds, whether they are served in process or over HTTPS."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from argosy.apis.certmanager import IssuerRef
from argosy.certs import signers
from argosy.certs.admission.errors import FieldError, together
from argosy.certs.admission.review import Asked, may_not_approve, mutate, review, unknown_signer
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.patches.jsonpatch import create_json_patch
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)
MayApprove = Callable[[Mapping[str, Any], str], Awaitable[bool]]
"""(userInfo, resource name of `signers`) -> whether the user has the permission."""
_MISS_LASTS: Final = timedelta(seconds=30)


class Reviewer:
    """`client` says which kinds exist, `may_approve` whether a user may approve for a signer by its name."""

    def __init__(self, client: Client, clock: Clock, may_approve: MayApprove) -> None:
        self._client, self._clock, self._may = client, clock, may_approve
        self._missed: dict[tuple[str, str], datetime] = {}

    async def answer(self, path: str, body: bytes) -> bytes:
        """Answers a POST to `/mutate` or `/validate`. Raises ValueError, KeyError, TypeError if it is not a review."""
        given = orjson.loads(body)
        request = given["request"]
        asked = read(request)
        response: JsonObject = {"uid": request["uid"], "allowed": True}
        if path.endswith("/mutate"):
            response |= _patch(asked.obj, mutate(asked))
        else:
            response |= await self._judged(asked, request.get("namespace") or "")
        return orjson.dumps({"apiVersion": given["apiVersion"], "kind": given["kind"], "response": response})

    async def _judged(self, asked: Asked, namespace: str) -> JsonObject:
        verdict = review(asked)
        errors = list(verdict.errors)
        if not errors and verdict.approves is not None:
            errors += await self._approval_errors(verdict.approves, namespace, asked.user)
        response: JsonObject = {"warnings": list(verdict.warnings)} if verdict.warnings else {}
        if errors:
            status = {"status": "Failure", "code": 403, "reason": "Forbidden", "message": together(errors)}
            response |= {"allowed": False, "status": status}
        return response

    async def _approval_errors(self, ref: IssuerRef, namespace: str, user: Mapping[str, Any]) -> list[FieldError]:
        resource = await self._resource_of(ref)
        if resource is None:
            return [unknown_signer(ref)]
        for name in signers.approval_names(ref, namespace, resource):
            if await self._may(user, name):
                return []
        return [may_not_approve(str(user.get("username") or ""), ref)]

    async def _resource_of(self, ref: IssuerRef) -> Resource | None:
        """A kind that is not served is looked up again after half a minute, not at each request."""
        place, now = (ref.full_group, ref.full_kind), self._clock.now()
        if (found := self._found((await self._client.served()).resources, place)) is not None:
            return found
        if place in self._missed and now < self._missed[place] + _MISS_LASTS:
            return None
        found = self._found((await self._client.served(fresh=True)).resources, place)
        if found is None:
            self._missed = {key: at for key, at in self._missed.items() if now < at + _MISS_LASTS} | {place: now}
        return found

    def _found(self, resources: tuple[Resource, ...], place: tuple[str, str]) -> Resource | None:
        return next((one for one in resources if (one.group, one.kind) == place), None)


def asking_server(client: Client) -> MayApprove:
    """Asks the API server by SubjectAccessReview."""

    async def may(user: Mapping[str, Any], name: str) -> bool:
        attributes = {"group": "cert-manager.io", "resource": "signers", "verb": "approve", "name": name}
        spec: JsonObject = {"resourceAttributes": attributes, "user": user.get("username") or ""}
        spec |= {key: user[key] for key in ("groups", "uid", "extra") if user.get(key)}
        asked = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {"name": ""},
            "spec": spec,
        }
        answer = await client.write(requests.create(ACCESS_REVIEWS, asked))
        return bool((answer.get("status") or {}).get("allowed"))

    return may


def read(request: JsonObject) -> Asked:
    kind = request["kind"]
    return Asked(
        group=kind["group"],
        kind=kind["kind"],
        subresource=request.get("subResource") or "",
        obj=request.get("object") or {},
        old=request.get("oldObject"),
        user=request.get("userInfo") or {},
    )


def _patch(before: JsonObject, after: JsonObject) -> JsonObject:
    if before == after:
        return {}
    patch = json.dumps(create_json_patch(before, after)).encode()
    return {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
