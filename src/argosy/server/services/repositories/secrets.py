"""Converts repositories and credential templates between their Secrets and the API's JSON (spec 12). Pure.

Answers must go through `sanitised`, which lists the visible fields.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.sources.credentials import REPOSITORY, TEMPLATE, TYPE_LABEL, WRITE_REPOSITORY, WRITE_TEMPLATE, decoded

TEXTS: Final = (
    *("username", "password", "bearerToken", "sshPrivateKey", "tlsClientCertData", "tlsClientCertKey", "type"),
    *("githubAppPrivateKey", "githubAppEnterpriseBaseUrl", "proxy", "noProxy", "gcpServiceAccountKey"),
    *("azureServicePrincipalClientId", "azureServicePrincipalClientSecret", "azureServicePrincipalTenantId"),
    "azureActiveDirectoryEndpoint",
)
FLAGS: Final = (
    *("insecureIgnoreHostKey", "insecure", "enableLfs", "enableOCI", "forceHttpBasicAuth"),
    *("useAzureWorkloadIdentity", "webhookManifestCacheWarmDisabled"),
)
NUMBERS: Final = ("githubAppID", "githubAppInstallationID", "depth")
OCI_HTTP: Final = "insecureOCIForceHttp"
OWN: Final = ("name", "project")
TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
TEMPLATES: Final = frozenset({TEMPLATE, WRITE_TEMPLATE})
PREFIXES: Final = {REPOSITORY: "repo", WRITE_REPOSITORY: "repo-write", TEMPLATE: "creds", WRITE_TEMPLATE: "creds-write"}
ANNOTATION: Final = "managed-by"
MANAGED: Final = "argocd.argoproj.io"
NOT_IN_TEMPLATES: Final = frozenset(
    {"insecureIgnoreHostKey", "insecure", "enableLfs", "webhookManifestCacheWarmDisabled", "depth"}
)
VISIBLE: Final = frozenset(
    {
        *("repo", "type", "name", "username", "insecure", "enableOCI", "enableLfs", "proxy", "noProxy", "project"),
        *("forceHttpBasicAuth", "inheritedCreds", "githubAppID", "githubAppInstallationID", "connectionState"),
        *("githubAppEnterpriseBaseUrl", "useAzureWorkloadIdentity", OCI_HTTP, "insecureIgnoreHostKey", "depth"),
        *("azureServicePrincipalClientId", "azureServicePrincipalTenantId", "azureActiveDirectoryEndpoint"),
        "webhookManifestCacheWarmDisabled",
    }
)
CREDENTIALS: Final = (
    *("password", "bearerToken", "sshPrivateKey", "tlsClientCertData", "username", "githubAppPrivateKey"),
    *("gcpServiceAccountKey", "useAzureWorkloadIdentity", "azureServicePrincipalClientSecret"),
)


def repository_json(secret: JsonObject) -> JsonObject:
    """With its credentials: never return it."""
    data = decoded(secret)
    found: JsonObject = {"repo": data.get("url", "")}
    found |= {key: data[key] for key in (*OWN, *TEXTS) if data.get(key)}
    found |= {key: True for key in (*FLAGS, OCI_HTTP) if data.get(key, "").strip() in TRUE}
    found |= {key: int(data[key]) for key in NUMBERS if data.get(key, "").strip().isdecimal()}
    return found


def template_json(secret: JsonObject) -> JsonObject:
    """With its credentials: never return it."""
    found = repository_json(secret)
    return {
        "url": found.pop("repo"),
        **{key: value for key, value in found.items() if key not in (*OWN, *NOT_IN_TEMPLATES)},
    }


def has_credentials(repository: JsonObject) -> bool:
    return any(repository.get(key) for key in CREDENTIALS)


def sanitised(repository: JsonObject) -> JsonObject:
    """Without secrets."""
    found = {key: value for key, value in repository.items() if key in VISIBLE}
    return {**found, "type": found.get("type") or "git"}


def of_type(secrets: Iterable[JsonObject], kind: str) -> list[JsonObject]:
    return [item for item in secrets if ((item.get("metadata") or {}).get("labels") or {}).get(TYPE_LABEL) == kind]


def repositories(secrets: Iterable[JsonObject], kind: str) -> list[JsonObject]:
    return [repository_json(secret) for secret in of_type(secrets, kind)]


def secret_data(given: JsonObject, kind: str) -> dict[str, str | None]:
    """The fields of such a Secret, in base64; None removes a field."""
    left_out = NOT_IN_TEMPLATES if kind in TEMPLATES else frozenset()
    found: dict[str, str | None] = {"url": _coded(str(given.get("repo") or given.get("url") or ""))}
    names = TEXTS if kind in TEMPLATES else (*OWN, *TEXTS)
    for key in names:
        found[key] = _coded(str(given.get(key) or "")) if given.get(key) else None
    for key in (*FLAGS, OCI_HTTP):
        if key not in left_out:
            found[key] = _coded("true") if given.get(key) else None
    for key in NUMBERS:
        if key not in left_out:
            found[key] = _coded(str(given[key])) if given.get(key) else None
    return found


def secret_name(kind: str, url: str, project: str) -> str:
    """The Secret's name for a URL and project: deterministic, and not readable."""
    digest = hashlib.blake2b(f"{url}\0{project}".encode(), digest_size=8).hexdigest()
    return f"{PREFIXES[kind]}-{int(digest, 16) % 10_000_000_000}"


def new_secret(given: JsonObject, kind: str, namespace: str) -> JsonObject:
    url = str(given.get("repo") or given.get("url") or "")
    data = {key: value for key, value in secret_data(given, kind).items() if value is not None}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(kind, url, str(given.get("project") or "")),
            "namespace": namespace,
            "labels": {TYPE_LABEL: kind},
            "annotations": {ANNOTATION: MANAGED},
        },
        "type": "Opaque",
        "data": data,
    }


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


__all__ = [
    "REPOSITORY",
    "TEMPLATE",
    "WRITE_REPOSITORY",
    "WRITE_TEMPLATE",
    "has_credentials",
    "new_secret",
    "of_type",
    "repositories",
    "repository_json",
    "sanitised",
    "secret_data",
    "template_json",
]
