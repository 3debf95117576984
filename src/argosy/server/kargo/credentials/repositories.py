"""Credentials for repositories of Git, charts and images."""

from __future__ import annotations

from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.names import CRED_TYPE, DESCRIPTION
from argosy.server.kargo.credentials.annotations import annotated, annotations_of, described
from argosy.server.kargo.credentials.redaction import encoded, for_repository
from argosy.server.kargo.credentials.scopes import Scope
from argosy.server.kargo.credentials.secrets import Sort, endpoints_of
from argosy.server.kargo.endpoint import Endpoint, flag, text
from argosy.server.kargo.faults import conflict, invalid
from argosy.server.kargo.settings import KargoSettings

TYPES: Final = ("git", "helm", "image")
REGEX: Final = "repoURLIsRegex"


def repository_endpoints(scope: Scope, settings: KargoSettings) -> tuple[Endpoint, ...]:
    sort = Sort(
        word="repo-credentials",
        types=TYPES,
        shown=for_repository,
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
    found = (metadata.get("labels") or {}).get(CRED_TYPE)
    where = f"{metadata['namespace']}/{metadata['name']}"
    if found is None:
        raise conflict(f"secret {where} exists, but is not labeled with {CRED_TYPE}")
    if found not in TYPES:
        raise conflict(f'Kubernetes Secret {where} exists, but is labeled as unrecognized credential type "{found}"')


def new(body: JsonObject, namespace: str) -> JsonObject:
    """Raises Fault 400."""
    if not text(body, "name"):
        raise invalid("name should not be empty")
    _check(body, "repoURL")
    annotations = annotations_of(text(body, "description"), replicate=False)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": body["name"], "namespace": namespace, "labels": {CRED_TYPE: body["type"]}, **annotations},
        "data": _data(body),
    }


def check_replacement(body: JsonObject) -> None:
    """Raises Fault 400."""
    _check(body, "repoUrl")


def _check(body: JsonObject, url: str) -> None:
    """`url`: the field's name in messages."""
    if not text(body, "type"):
        raise invalid("type should not be empty")
    if body["type"] not in TYPES:
        raise invalid("type should be one of git, helm, or image")
    for name, shown in (("repoUrl", url), ("username", "username"), ("password", "password")):
        if not text(body, name):
            raise invalid(f"{shown} should not be empty")


def _data(body: JsonObject) -> dict[str, str]:
    found = {"repoURL": text(body, "repoUrl"), "username": text(body, "username"), "password": text(body, "password")}
    if flag(body, "repoUrlIsRegex"):
        found[REGEX] = "true"
    return {name: encoded(value) for name, value in found.items()}


def replaced(secret: JsonObject, body: JsonObject) -> JsonObject:
    made = _typed(annotated(secret, {DESCRIPTION: text(body, "description")}), body["type"])
    return {**made, "data": _data(body)}


def patched(secret: JsonObject, body: JsonObject) -> JsonObject:
    """Empty fields stay unchanged. A URL without the flag for regular expressions is literal. Raises Fault 400."""
    made = described(secret, body, text(body, "description"))
    if kind := text(body, "type"):
        if kind not in TYPES:
            raise invalid("type should be one of git, helm, or image")
        made = _typed(made, kind)
    data = dict(secret.get("data") or {})
    if url := text(body, "repoUrl"):
        data["repoURL"] = encoded(url)
        data.pop(REGEX, None)
        if flag(body, "repoUrlIsRegex"):
            data[REGEX] = encoded("true")
    for name in ("username", "password"):
        if value := text(body, name):
            data[name] = encoded(value)
    return {**made, "data": data}


def _typed(secret: JsonObject, kind: str) -> JsonObject:
    metadata = secret["metadata"]
    return {**secret, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), CRED_TYPE: kind}}}
