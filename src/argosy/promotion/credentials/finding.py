"""Credentials for questions: found by `look`, carried in Hidden fields, only read by the adapter."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.credentials.matching import ambient, fields, matching
from argosy.promotion.kinds import CONFIG_MAPS, SECRETS
from argosy.promotion.names import CRED_TYPE
from argosy.promotion.settings import Settings

KNOWN_HOSTS = "argocd-ssh-known-hosts-cm"


def found_credentials(
    snapshot: Snapshot, project: str, wanted: Iterable[tuple[str, str]], settings: Settings
) -> dict[str, JsonObject]:
    """`<type> <URL>` -> fields of Credentials, where there are any. Keep it in a Hidden field."""
    found: dict[str, JsonObject] = {}
    for kind, url in dict.fromkeys(wanted):
        given = _one(snapshot, project, kind, url, settings)
        if kind == "git" and not url.startswith("http"):
            given = {"known_hosts": _known_hosts(snapshot, settings), **{k: v for k, v in given.items() if v}}
        if given:
            found[f"{kind} {url}"] = given
    return found


def _one(snapshot: Snapshot, project: str, kind: str, url: str, settings: Settings) -> JsonObject:
    """Of the first matching Secret; where none has any for it, those of this process in the registry's cloud."""
    if not settings.credential_providers:
        return {}
    return _of_secret(snapshot, project, kind, url, settings) or dict(ambient(kind, url, project))


def _of_secret(snapshot: Snapshot, project: str, kind: str, url: str, settings: Settings) -> JsonObject:
    for namespace in (project, settings.shared_namespace):
        if not namespace:
            continue
        secret = matching(snapshot.objects(SECRETS, namespace, f"{CRED_TYPE}={kind}"), kind, url)
        if secret is not None:
            return dict(fields(secret, kind, url, project, over_http=settings.allow_credentials_over_http))
    return {}


def _known_hosts(snapshot: Snapshot, settings: Settings) -> str:
    found = snapshot.object(CONFIG_MAPS, Key(settings.argocd_namespace, KNOWN_HOSTS))
    return str(((found or {}).get("data") or {}).get("ssh_known_hosts") or "")
