"""The environment variables of the room `promotion`, with upstream's names (spec/kargo.md 2 to 12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from argosy.machinery import duration
from argosy.promotion.adapters.git import Identity
from argosy.promotion.settings import PUSH_INTEGRATIONS, Settings

KEY_LIMIT: Final = 1 << 20


class BadVariable(ValueError):
    """The text names the variable, its value, and what would be right."""


def _flag(text: str) -> bool:
    if text.lower() in ("true", "1", "t"):
        return True
    if text.lower() in ("false", "0", "f"):
        return False
    raise ValueError("give true or false")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("give a whole number")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ValueError("give a whole number above 0")
    return int(text)


def _limit(text: str) -> int:
    return -1 if text == "-1" else _count(text)


def _span(text: str) -> timedelta:
    try:
        return duration.parse(text)
    except duration.DurationError:
        raise ValueError("give a duration such as 336h") from None


def _integration(text: str) -> str:
    if text not in PUSH_INTEGRATIONS:
        raise ValueError(f"give one of {', '.join(PUSH_INTEGRATIONS)}")
    return text


VARIABLES: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "SHARD_NAME": ("shard", str),
    "IS_DEFAULT_CONTROLLER": ("is_default_shard", _flag),
    "ARGOCD_NAMESPACE": ("argocd_namespace", str),
    "ARGOCD_INTEGRATION_ENABLED": ("argocd_enabled", _flag),
    "IMAGE_REGISTRY_RATE_LIMIT": ("registry_requests_per_second", _positive),
    "MAX_CONCURRENT_PROMOTION_RECONCILES": ("steps_at_once", _positive),
    "MAX_CONCURRENT_WAREHOUSE_RECONCILES": ("discoveries_at_once", _positive),
    "GITHUB_PUSH_VERIFY_UNTRUSTED_COMMITS": ("github_push_verifies_all", _flag),
    "SHARED_RESOURCES_NAMESPACE": ("shared_namespace", str),
    "SYSTEM_RESOURCES_NAMESPACE": ("system_namespace", str),
    "KARGO_NAMESPACE": ("control_namespace", str),
    "HEARTBEAT_TTL_SECONDS": ("heartbeat_seconds", _positive),
    "API_SERVER_BASE_URL": ("ui_url", str),
    "UI_BASE_URL": ("ui_url", str),
    "EXTERNAL_WEBHOOK_SERVER_BASE_URL": ("webhook_base_url", str),
    "CACHE_BY_TAG_POLICY": ("cache_by_tag_policy", str),
    "MAX_IMAGE_CACHE_ENTRIES": ("cached_images", _count),
    "GITHUB_PUSH_MAX_REVISIONS": ("github_push_revisions", _count),
    "MAX_OCI_PUSH_ARTIFACT_SIZE": ("oci_push_bytes", _limit),
    "ROLLOUTS_INTEGRATION_ENABLED": ("rollouts_enabled", _flag),
    "ROLLOUTS_CONTROLLER_INSTANCE_ID": ("rollouts_instance_id", str),
    "CREDENTIAL_PROVIDERS_ENABLED": ("credential_providers", _flag),
    "ALLOW_CREDENTIALS_OVER_HTTP": ("allow_credentials_over_http", _flag),
    "MIN_WAREHOUSE_RECONCILIATION_INTERVAL": ("min_warehouse_interval", _span),
    "GIT_PUSH_INTEGRATION_POLICY": ("push_integration", _integration),
    "MAX_RETAINED_PROMOTIONS": ("retained_promotions", _count),
    "MIN_PROMOTION_DELETION_AGE": ("min_promotion_age", _span),
    "MAX_RETAINED_FREIGHT": ("retained_freight", _count),
    "MIN_FREIGHT_DELETION_AGE": ("min_freight_age", _span),
}
"""For each variable the field of Settings, and its parser."""
IDENTITY: Final = {"GITCLIENT_NAME": "name", "GITCLIENT_EMAIL": "email"}
SIGNING_KEY: Final = "GITCLIENT_SIGNING_KEY_PATH"
KEY_TYPE: Final = "GITCLIENT_SIGNING_KEY_TYPE"


def settings(environ: Mapping[str, str]) -> Settings:
    """Raises BadVariable."""
    given: dict[str, Any] = {}
    for variable, (field, read) in VARIABLES.items():
        if text := environ.get(variable):
            try:
                given[field] = read(text)
            except ValueError as error:
                raise BadVariable(f"{variable}={text!r}: {error}") from None
    return Settings(**given, identity=_identity(environ))


def _identity(environ: Mapping[str, str]) -> Identity:
    given = {field: environ[variable] for variable, field in IDENTITY.items() if environ.get(variable)}
    if (kind := environ.get(KEY_TYPE, "")) not in ("", "gpg"):
        raise BadVariable(f"{KEY_TYPE}={kind!r}: there is gpg alone")
    if not (path := environ.get(SIGNING_KEY)):
        return Identity(**given)
    try:
        with Path(path).open(encoding="utf-8") as file:
            return Identity(**given, signing_key=file.read(KEY_LIMIT))
    except (OSError, UnicodeDecodeError) as error:
        raise BadVariable(f"{SIGNING_KEY}={path!r}: {error}; give the path of an OpenPGP private key") from None
