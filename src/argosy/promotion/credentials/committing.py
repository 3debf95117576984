"""The system's commit author: the ClusterConfig's `gitClient`, else the operator's setting (spec/kargo.md 2 and 11)."""

from __future__ import annotations

from dataclasses import asdict

from argosy.apis.kargo import ClusterConfig
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.adapters.git import Identity
from argosy.promotion.credentials.matching import decoded
from argosy.promotion.kinds import SECRETS
from argosy.promotion.settings import Settings

CLUSTER: Key = Key("", "cluster")
SIGNING_KEY = "signingKey"


def committing(snapshot: Snapshot, settings: Settings) -> JsonObject:
    """The fields of an Identity; keep them in a Hidden field. If the Secret is missing nothing is signed."""
    config = snapshot.get(ClusterConfig, CLUSTER)
    client = config.spec.git_client if config else None
    if client is None:
        return asdict(settings.identity)
    name = client.signing_key_secret.name
    secret = snapshot.object(SECRETS, Key(settings.system_namespace, name)) if name else None
    key = decoded(secret).get(SIGNING_KEY, "") if secret else ""
    return {"name": client.name, "email": client.email, "signing_key": key}


def identity_from(fields: JsonObject) -> Identity:
    return Identity(**fields)
