"""The names that Kargo's clients look for on objects: labels, annotations, the finalizer, and shortened names.

Source: spec/kargo.md 1.1.
"""

from __future__ import annotations

import hashlib
from typing import Final

GROUP: Final = "kargo.akuity.io"
PREFIX: Final = "kargo.akuity.io/"
FINALIZER: Final = "kargo.akuity.io/finalizer"

ALIAS: Final = "kargo.akuity.io/alias"
CRED_TYPE: Final = "kargo.akuity.io/cred-type"
STAGE: Final = "kargo.akuity.io/stage"
"""Shortened as a label, in full as an annotation."""
FREIGHT_COLLECTION: Final = "kargo.akuity.io/freight-collection"
PROJECT: Final = "kargo.akuity.io/project"
SHARD: Final = "kargo.akuity.io/shard"
CONTROLLER_LABEL: Final = "kargo.akuity.io/controller"
REPLICATED_FROM: Final = "kargo.akuity.io/replicated-from"
REPLICATED_SHA: Final = "kargo.akuity.io/replicated-sha"
CREATE_ACTOR: Final = "kargo.akuity.io/create-actor"
REFRESH: Final = "kargo.akuity.io/refresh"
REVERIFY: Final = "kargo.akuity.io/reverify"
ABORT: Final = "kargo.akuity.io/abort"
HOLD: Final = "kargo.akuity.io/auto-promotion-hold"
RESUME: Final = "kargo.akuity.io/auto-promotion-resume"
AUTHORIZED_STAGE: Final = "kargo.akuity.io/authorized-stage"
ARGOCD_CONTEXT: Final = "kargo.akuity.io/argocd-context"
PROMOTION: Final = "kargo.akuity.io/promotion"
DESCRIPTION: Final = "kargo.akuity.io/description"
KEEP_NAMESPACE: Final = "kargo.akuity.io/keep-namespace"
ROLLBACK: Final = "kargo.akuity.io/rollback"
GITHUB_TOKEN_SCOPES: Final = "kargo.akuity.io/github-token-scopes"  # noqa: S105
REPLICATE_TO: Final = "kargo.akuity.io/replicate-to"
MANAGED: Final = "rbac.kargo.akuity.io/managed"
CLAIMS: Final = "rbac.kargo.akuity.io/claims"
EVENT_PREFIX: Final = "event.kargo.akuity.io/"

LABEL_LIMIT: Final = 63


def label_value(name: str, limit: int = LABEL_LIMIT) -> str:
    """The name as a label value: one that is too long is cut and suffixed with the start of its SHA-256."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
