"""Scopes: for which object a value was sealed. The scope gives the label that is sealed with the value.

Source: sealed-secrets, pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go. Only an annotation's exact value
"true" counts, and cluster-wide takes precedence over namespace-wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

PREFIX: Final = "sealedsecrets.bitnami.com/"
CLUSTER_WIDE: Final = PREFIX + "cluster-wide"
NAMESPACE_WIDE: Final = PREFIX + "namespace-wide"
MANAGED: Final = PREFIX + "managed"
"""On an existing Secret: it may be taken over."""
PATCH: Final = PREFIX + "patch"
"""On an existing Secret: it may be merged into."""
SKIP_OWNER: Final = PREFIX + "skip-set-owner-references"
"""In the template: the Secret gets no owner reference."""
KEY_LABEL: Final = PREFIX + "sealed-secrets-key"
"""On Secrets that hold a key; only the value `active` is read."""
ACTIVE: Final = "active"


class Scope(StrEnum):
    STRICT = "strict"
    NAMESPACE_WIDE = "namespace-wide"
    CLUSTER_WIDE = "cluster-wide"


def is_true(annotations: Mapping[str, str] | None, name: str) -> bool:
    return (annotations or {}).get(name) == "true"


def scope_of(annotations: Mapping[str, str] | None) -> Scope:
    """The scope of a SealedSecret to decrypt, or of a Secret to seal."""
    if is_true(annotations, CLUSTER_WIDE):
        return Scope.CLUSTER_WIDE
    return Scope.NAMESPACE_WIDE if is_true(annotations, NAMESPACE_WIDE) else Scope.STRICT


def label_of(scope: Scope, namespace: str, name: str) -> str:
    """The item's key is not part of it: an item may be moved to another key of its object."""
    match scope:
        case Scope.CLUSTER_WIDE:
            return ""
        case Scope.NAMESPACE_WIDE:
            return namespace
        case Scope.STRICT:
            return f"{namespace}/{name}"


def scope_annotations(scope: Scope) -> dict[str, str]:
    """The annotations for the scope; none for strict."""
    match scope:
        case Scope.CLUSTER_WIDE:
            return {CLUSTER_WIDE: "true"}
        case Scope.NAMESPACE_WIDE:
            return {NAMESPACE_WIDE: "true"}
        case Scope.STRICT:
            return {}
