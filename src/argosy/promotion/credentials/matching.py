"""Which Secret holds the credentials of a repository: by type, by URL or pattern, the project's before the shared ones.

Source: spec/kargo-api.md 8. Secrets are tried in order of their names; the first match wins.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.names import CRED_TYPE, GITHUB_TOKEN_SCOPES
from argosy.promotion.patterns import PatternError, regex
from argosy.promotion.urls import normalise_chart, normalise_git, normalise_image
from argosy.sources.cloud.ambient.registries import CloudRegistry, cloud_registry
from argosy.sources.cloud.tokens import GOOGLE_REGISTRY_USER
from argosy.sources.port import Credentials

ECR_KEYS: Final = {
    "awsRegion": "aws_region",
    "awsAccessKeyID": "aws_access_key_id",
    "awsSecretAccessKey": "aws_secret_access_key",
}
NORMALISED = {"git": normalise_git, "helm": normalise_chart, "image": normalise_image}


def matching(secrets: Iterable[JsonObject], kind: str, url: str) -> JsonObject | None:
    """Secrets of one namespace. `kind`: git, helm or image."""
    for secret in sorted(secrets, key=lambda one: str(one["metadata"]["name"])):
        if (secret["metadata"].get("labels") or {}).get(CRED_TYPE) == kind and _fits(decoded(secret), kind, url):
            return secret
    return None


def _fits(data: Mapping[str, str], kind: str, url: str) -> bool:
    wanted, normal = data.get("repoURL") or "", NORMALISED[kind]
    if not wanted:
        return False
    if data.get("repoURLIsRegex") != "true":
        return normal(wanted) == normal(url)
    try:
        pattern = regex(wanted)
    except PatternError:
        return False
    return bool(pattern.search(url) or pattern.search(normal(url)))


def decoded(secret: JsonObject) -> dict[str, str]:
    found = {}
    for name, value in (secret.get("data") or {}).items():
        try:
            found[name] = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
    return found | dict(secret.get("stringData") or {})


def fields(secret: JsonObject, kind: str, url: str, project: str, *, over_http: bool) -> dict[str, str]:
    """The fields of `sources.port.Credentials` in the Secret; empty if it may not be used.

    Raises ValueError for scopes that cannot be parsed.
    """
    data = decoded(secret)
    if url.startswith("http://") and not over_http:
        return {}
    if not _in_scope(secret, url, project):
        return {}
    app = data.get("githubAppClientID") or data.get("githubAppID")
    if app and data.get("githubAppPrivateKey"):
        return {
            "github_app_id": app,
            "github_app_installation_id": data.get("githubAppInstallationID") or "",
            "github_app_private_key": _pem(data["githubAppPrivateKey"]),
        }
    if data.get("gcpServiceAccountKey"):
        registry_user = {"username": GOOGLE_REGISTRY_USER} if kind != "git" else {}
        return {"gcp_service_account_key": _pem(data["gcpServiceAccountKey"]), **registry_user}
    registry = registry_of(kind, url)
    if registry is not None and registry.cloud == "aws" and all(data.get(name) for name in ECR_KEYS):
        return {field: data[name] for name, field in ECR_KEYS.items()}
    if kind == "git" and data.get("sshPrivateKey"):
        return {"ssh_private_key": data["sshPrivateKey"], "known_hosts": data.get("sshKnownHosts") or ""}
    return {name: data[name] for name in ("username", "password") if data.get(name)}


def registry_of(kind: str, url: str) -> CloudRegistry | None:
    """The cloud's registry that an image or a chart is in; the URL has no scheme, or `oci://`."""
    if kind == "git":
        return None
    host, slash, _ = NORMALISED[kind](url).partition("/")
    given = url.lower().removeprefix("oci://" if kind == "helm" else "")
    return cloud_registry(host) if slash and given.startswith(f"{host}/") else None


def ambient(kind: str, url: str, project: str) -> dict[str, str]:
    """The fields of `sources.port.Credentials` that let this process's own identity be used; empty for other hosts."""
    registry = registry_of(kind, url)
    return {"ambient_registry": registry.host, "ambient_project": project} if registry else {}


def _in_scope(secret: JsonObject, url: str, project: str) -> bool:
    """The scopes of a GitHub App's Secret: project -> names of repositories."""
    text = (secret["metadata"].get("annotations") or {}).get(GITHUB_TOKEN_SCOPES)
    if not text:
        return True
    try:
        scopes = json.loads(text)
    except ValueError:
        raise ValueError(f"annotation {GITHUB_TOKEN_SCOPES} is not JSON") from None
    name = normalise_git(url).rpartition("/")[2]
    return name in (scopes.get(project) or []) if isinstance(scopes, dict) else False


def _pem(text: str) -> str:
    """PEM or JSON, plain or as base64."""
    if text.lstrip().startswith(("-----", "{")):
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return text


def opened(given: Mapping[str, Any]) -> Credentials:
    return Credentials(**given)
