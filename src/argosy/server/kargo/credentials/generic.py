"""Secrets with any content, for expressions. A replacement keeps a key whose new value is empty."""

from __future__ import annotations

from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.names import CRED_TYPE
from argosy.server.kargo.credentials import redaction
from argosy.server.kargo.credentials.annotations import annotations_of, described
from argosy.server.kargo.credentials.annotations import replaced as replaced_annotations
from argosy.server.kargo.credentials.redaction import encoded
from argosy.server.kargo.credentials.scopes import Scope
from argosy.server.kargo.credentials.secrets import Sort, endpoints_of
from argosy.server.kargo.endpoint import Endpoint, flag, table, text, texts
from argosy.server.kargo.faults import conflict, invalid
from argosy.server.kargo.settings import KargoSettings

GENERIC: Final = "generic"


def generic_endpoints(scope: Scope, settings: KargoSettings) -> tuple[Endpoint, ...]:
    sort = Sort(
        word="generic-credentials",
        types=(GENERIC,),
        shown=redaction.generic,
        check=check,
        new=new,
        replaced=replaced,
        patched=patched,
        checked_body=check_replacement,
    )
    return endpoints_of(scope, settings, sort)


def check(secret: JsonObject) -> None:
    """Raises Fault 409."""
    metadata = secret["metadata"]
    if (metadata.get("labels") or {}).get(CRED_TYPE) != GENERIC:
        where = f"{metadata['namespace']}/{metadata['name']}"
        raise conflict(f"Secret {where} exists, but is not labeled with {CRED_TYPE}={GENERIC}")


def new(body: JsonObject, namespace: str) -> JsonObject:
    """Raises Fault 400."""
    name, data = text(body, "name"), table(body, "data")
    if not name:
        raise invalid("name should not be empty")
    if not data:
        raise invalid("cannot create empty secret")
    annotations = annotations_of(text(body, "description"), replicate=flag(body, "replicate"))
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": text(body, "type") or "Opaque",
        "metadata": {"name": name, "namespace": namespace, "labels": {CRED_TYPE: GENERIC}, **annotations},
        "data": {key: encoded(value) for key, value in data.items()},
    }


def check_replacement(body: JsonObject) -> None:
    """Raises Fault 400."""
    if not table(body, "data"):
        raise invalid("cannot update to empty secret")


def replaced(secret: JsonObject, body: JsonObject) -> JsonObject:
    wanted = table(body, "data")
    kept = {key: value for key, value in (secret.get("data") or {}).items() if key in wanted}
    given = {key: encoded(value) for key, value in wanted.items() if value}
    replaced = replaced_annotations(secret, text(body, "description"), replicate=flag(body, "replicate"))
    return {**replaced, "data": {**kept, **given}}


def patched(secret: JsonObject, body: JsonObject) -> JsonObject:
    """Raises Fault 400."""
    removed = set(texts(body, "removeKeys"))
    kept = {key: value for key, value in (secret.get("data") or {}).items() if key not in removed}
    data = {**kept, **{key: encoded(value) for key, value in table(body, "data").items()}}
    if not data:
        raise invalid("cannot have empty secret")
    return {**described(secret, body, text(body, "description")), "data": data}
