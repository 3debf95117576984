"""Whose secrets a generator may read: a reference is followed here, under spec/security.md rule 5, and nowhere else."""

from __future__ import annotations

from typing import Final

from argosy.gitops.applicationsets.asked import Asked
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject
from argosy.sources.credentials import TYPE_LABEL, decoded

SCM_LABEL: Final = "scm-creds"


def token_of(asked: Asked, reference: JsonObject | None) -> str:
    """The text at `{secretName, key}` in the set's own namespace; "" without reference. Raises GeneratorError.

    Outside of the control plane's namespace, or in strict mode, the Secret must be labelled for this use.
    """
    if not reference:
        return ""
    name, key = str(reference.get("secretName") or ""), str(reference.get("key") or "")
    secret = asked.doors.objects.secret(asked.namespace, name)
    if secret is None:
        raise GeneratorError(f"error fetching Secret {asked.namespace}/{name}: not found")
    labels = (secret.get("metadata") or {}).get("labels") or {}
    if (asked.is_outside or asked.options.strict_token_refs) and labels.get(TYPE_LABEL) != SCM_LABEL:
        raise GeneratorError(
            f"Secret {asked.namespace}/{name} cannot be used as a token reference: it needs the label "
            f"{TYPE_LABEL}: {SCM_LABEL}"
        )
    value = decoded(secret).get(key)
    if value is None:
        raise GeneratorError(f"key {key!r} in Secret {asked.namespace}/{name} not found")
    return value.strip()


def ca_of(asked: Asked, reference: JsonObject | None) -> str:
    """The PEM text at `{configMapName, key}`."""
    if not reference:
        return ""
    name, key = str(reference.get("configMapName") or ""), str(reference.get("key") or "")
    found = asked.doors.objects.config_map(asked.namespace, name)
    if found is None or key not in (found.get("data") or {}):
        raise GeneratorError(f"key {key!r} in ConfigMap {asked.namespace}/{name} not found")
    return str(found["data"][key])


def check_host(asked: Asked, api: str) -> None:
    """Which API addresses sets may name (spec 15.3)."""
    if not asked.options.hosting_enabled:
        raise GeneratorError("scm providers are disabled: applicationsetcontroller.enable.scm.providers is false")
    allowed = [item.rstrip("/") for item in asked.options.allowed_hosts]
    if not api or api.rstrip("/") in allowed:
        return
    if allowed or asked.is_outside:
        raise GeneratorError(
            f"scm provider not allowed: {api!r} is not in applicationsetcontroller.allowed.scm.providers"
        )
