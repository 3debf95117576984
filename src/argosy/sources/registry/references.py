"""Names in OCI registries: repositories, tags and digests, and the manifests they refer to."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonObject
from argosy.sources.port import Credentials, Rejected
from argosy.sources.scrub import scrub

INDEX_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

_NAME: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_HUBS: Final = ("docker.io", "index.docker.io")


@dataclass(frozen=True, slots=True)
class Repository:
    """The location of an image repository."""

    base: str
    name: str

    def url(self, tail: str) -> str:
        return f"{self.base}/v2/{self.name}/{tail}"


@dataclass(frozen=True, slots=True)
class Manifest:
    digest: str
    media_type: str
    raw: bytes = field(repr=False)

    def parsed(self) -> JsonObject:
        found: JsonObject = orjson.loads(self.raw)
        return found

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEX_TYPES


def repository(text: str, credentials: Credentials = Credentials()) -> Repository:  # noqa: B008  (frozen)
    """From `host/name` or Docker Hub's short names, with or without `oci://`. Raises Rejected."""
    plain = text.strip().removeprefix("oci://").rstrip("/")
    first, slash, rest = plain.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, name = first, rest
    else:
        host, name = "docker.io", plain
    if host in _HUBS or host == "registry-1.docker.io":
        host, name = "registry-1.docker.io", name if "/" in name else f"library/{name}"
    if "@" in host or host.startswith("-") or not _NAME.fullmatch(name) or len(name) > 255:
        raise Rejected(f"{scrub(text)!r} is not an image repository: use host/name")
    scheme = "http" if credentials.insecure_oci_force_http or _is_local(host) else "https"
    return Repository(f"{scheme}://{host}", name)


def split_reference(text: str) -> tuple[str, str]:
    """(repository, tag or digest) of an image reference; `latest` without either. Raises Rejected."""
    plain = text.removeprefix("oci://")
    name, at, digest = plain.partition("@")
    if at:
        return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name, digest
    head, colon, tag = plain.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return plain, "latest"


def _is_local(host: str) -> bool:
    """Registries on this machine are accessed without TLS, as every client does."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    if name == "localhost" or name.endswith((".localhost", ".local")):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def checked(reference: str) -> str:
    if not TAG.fullmatch(reference) and not DIGEST.fullmatch(reference):
        raise Rejected(f"{scrub(reference)!r} is neither a tag nor a digest")
    return reference


def manifest_of(content: Mapping[str, Any]) -> Manifest:
    raw = json.dumps(content, separators=(",", ":")).encode()
    return Manifest(f"sha256:{hashlib.sha256(raw).hexdigest()}", str(content["mediaType"]), raw)
