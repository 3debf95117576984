"""Parses the manifests in a body: YAML documents, JSON, or a JSON array. Projects come first, for the others. Pure."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.server.kargo.faults import invalid

MOST = 1000
"""Manifests per request."""


def documents(body: bytes) -> tuple[list[JsonObject], list[JsonObject]]:
    """(Projects, all others), each in their order. Raises Fault 400."""
    try:
        found = load_documents(body)
    except YamlError as error:
        raise invalid(f"error decoding manifest: {error}") from None
    if len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    manifests = [one for one in found if one is not None]
    if not manifests:
        raise invalid("no resources found in request body")
    if len(manifests) > MOST:
        raise invalid(f"{len(manifests)} manifests in one request; {MOST} at most")
    for at, one in enumerate(manifests, 1):
        _check(one, at)
    return [one for one in manifests if is_project(one)], [one for one in manifests if not is_project(one)]


def _check(manifest: object, at: int) -> None:
    """Raises Fault 400 with the document's number and the field."""
    if not isinstance(manifest, dict):
        raise invalid(f"document {at}: an object is expected")
    for name in ("apiVersion", "kind"):
        if not isinstance(manifest.get(name), str) or not manifest[name]:
            raise invalid(f"document {at}: {name}: a text is expected")
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        raise invalid(f"document {at}: metadata: an object is expected")
    for name in ("name", "namespace", "generateName"):
        if metadata.get(name) is not None and not isinstance(metadata[name], str):
            raise invalid(f"document {at}: metadata.{name}: a text is expected")
    for name in ("annotations", "labels"):
        values = metadata.get(name)
        if values is not None and not (
            isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
        ):
            raise invalid(f"document {at}: metadata.{name}: an object of texts is expected")


def is_project(manifest: JsonObject) -> bool:
    return (manifest["kind"], manifest["apiVersion"].partition("/")[0]) == ("Project", "kargo.akuity.io")
