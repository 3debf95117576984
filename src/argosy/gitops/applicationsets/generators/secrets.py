"""Which secrets a generator may read: references are only resolved here, under spec/security.md rule 5."""

from __future__ import annotations

from typing import Final

from argosy.apis.argoproj.applicationset.references import ProviderCredentials, SecretRef
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.gitops.keys import labels_of
from argosy.machinery.objects import JsonObject
from argosy.sources.credentials import TYPE_LABEL, decoded
from argosy.sources.port import Credentials

SCM_LABEL: Final = "scm-creds"


async def token_for(asked: GeneratorContext, given: JsonObject) -> str:
    """The credential for a provider's API: a token, an app's, or a password; "" without a reference."""
    provider = read(ProviderCredentials, given)
    if provider.app_secret_name:
        return await asked.doors.hosting.app_token(_app(asked, provider.app_secret_name))
    return token_of(asked, reference_of(provider))


def reference_of(given: ProviderCredentials) -> SecretRef | None:
    """Each provider has its own name for it."""
    if given.bearer_token is not None:
        return given.bearer_token.token_ref
    if given.basic_auth is not None:
        return given.basic_auth.password_ref
    return given.token_ref or given.access_token_ref or given.app_password_ref


def token_of(asked: GeneratorContext, reference: SecretRef | None) -> str:
    """The text at `{secretName, key}` in the set's own namespace; "" without a reference. Raises GeneratorError."""
    if reference is None or not reference.raw:
        return ""
    name, key = reference.secret_name, reference.key
    value = decoded(_permitted(asked, asked.namespace, name)).get(key)
    if value is None:
        raise GeneratorError(f"key {key!r} in Secret {asked.namespace}/{name} not found")
    return value.strip()


def _app(asked: GeneratorContext, name: str) -> Credentials:
    """A GitHub App's Secret is the control plane's, with the keys of a repository Secret."""
    data = decoded(_permitted(asked, asked.control_plane, name))
    if not data.get("githubAppID"):
        raise GeneratorError(f"appSecretName: Secret {asked.control_plane}/{name} has no key githubAppID")
    return Credentials(
        github_app_id=data["githubAppID"].strip(),
        github_app_installation_id=data.get("githubAppInstallationID", "").strip(),
        github_app_private_key=data.get("githubAppPrivateKey", ""),
        github_app_url=data.get("githubAppEnterpriseBaseUrl", "").strip(),
    )


def _permitted(asked: GeneratorContext, namespace: str, name: str) -> JsonObject:
    """Outside of the control plane's namespace, or in strict mode, a Secret must be labelled for this use."""
    secret = asked.doors.objects.secret(namespace, name)
    if secret is None:
        raise GeneratorError(f"error fetching Secret {namespace}/{name}: not found")
    labels = labels_of(secret)
    if (asked.is_outside or asked.options.strict_token_refs) and labels.get(TYPE_LABEL) != SCM_LABEL:
        raise GeneratorError(
            f"Secret {namespace}/{name} cannot be used as a token reference: it needs the label "
            f"{TYPE_LABEL}: {SCM_LABEL}"
        )
    return secret


def ca_of(asked: GeneratorContext, given: JsonObject) -> str:
    """The PEM text at a provider's `caRef: {configMapName, key}`; "" without one."""
    reference = read(ProviderCredentials, given).ca_ref
    if reference is None or not reference.raw:
        return ""
    name, key = reference.config_map_name, reference.key
    found = asked.doors.objects.config_map(asked.namespace, name)
    if found is None or key not in (found.get("data") or {}):
        raise GeneratorError(f"key {key!r} in ConfigMap {asked.namespace}/{name} not found")
    return str(found["data"][key])


def check_host(asked: GeneratorContext, api: str) -> None:
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
