"""Whether a SealedSecret opens, by which keys, and its items sealed with the newest: as the controller's Service does.

Rights: `objects, get` to verify and `objects, update` to reseal, on the object that is sent. Its name and namespace are
part of the encryption, so an item of another object does not open under a name that one has the right to. No answer,
error or log has a value.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypedDict

import orjson

from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import RIGHTS
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import invalid

BODY_LIMIT: Final = 2 * 1024 * 1024
"""Bytes; an API server accepts no larger object."""


class GivenSealedSecret(TypedDict):
    """`sealedSecret` is the whole object: its name, namespace and annotations give the scope of its items."""

    sealedSecret: dict[str, Any]


class Verified(TypedDict):
    """`opens`: whether every item can be decrypted and the Secret be made."""

    opens: bool


class Resealed(TypedDict):
    """`items`: those that an older key sealed, re-encrypted. `opens` is false if an item cannot be decrypted."""

    opens: bool
    items: dict[str, str]


class Openers(TypedDict):
    """`items`: for each item the fingerprint of the key that opens it, empty if none does."""

    items: dict[str, str]


def controller_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    @cache
    def controller() -> Any:
        from argosy.server.api.sealing.controller import Controller

        return Controller(context)

    async def verify(request: ApiRequest) -> Verified:
        body = _sent(request, "get")
        return {"opens": await controller().opens(request.call.caller.subject.name, body)}

    async def openers(request: ApiRequest) -> Openers:
        body = _sent(request, "get")
        return {"items": await controller().openers(request.call.caller.subject.name, body)}

    async def reseal(request: ApiRequest) -> Resealed:
        body = _sent(request, "update")
        items = await controller().resealed(request.call.caller.subject.name, body)
        return {"opens": items is not None, "items": items or {}}

    return (
        Endpoint(
            method="POST",
            path="/sealing/verify",
            summary="Whether a SealedSecret can be unsealed",
            needs=within(RIGHTS, "get"),
            takes=GivenSealedSecret,
            answers=Verified,
            answer=verify,
        ),
        Endpoint(
            method="POST",
            path="/sealing/openers",
            summary="Which key opens each item of a SealedSecret",
            needs=within(RIGHTS, "get"),
            takes=GivenSealedSecret,
            answers=Openers,
            answer=openers,
        ),
        Endpoint(
            method="POST",
            path="/sealing/reseal",
            summary="The items of a SealedSecret that an older key sealed, sealed with the newest key",
            needs=within(RIGHTS, "update"),
            takes=GivenSealedSecret,
            answers=Resealed,
            answer=reseal,
        ),
    )


def _sent(request: ApiRequest, action: str) -> bytes:
    """The object that was sent, if the caller has the right on it. Raises ApiError."""
    sealed = request.body["sealedSecret"]
    request.call.permit(RIGHTS, action, target_of_sealed(sealed))
    body = orjson.dumps(sealed)
    if len(body) > BODY_LIMIT:
        raise invalid(f"body.sealedSecret: {len(body)} bytes; the limit is {BODY_LIMIT}")
    return body


def target_of_sealed(sealed: dict[str, Any]) -> str:
    """Pure. Raises ApiError: a slash in a name would be read as another namespace."""
    metadata = sealed.get("metadata")
    parts = []
    for field in ("namespace", "name"):
        text = metadata.get(field) if isinstance(metadata, dict) else None
        if not isinstance(text, str | None) or "/" in (text or ""):
            raise invalid(f"body.sealedSecret.metadata.{field}: a name as Kubernetes has it would be right")
        parts.append(text or "")
    return f"bitnami.com/SealedSecret/{parts[0]}/{parts[1]}"
