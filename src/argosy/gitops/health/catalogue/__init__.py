"""Health of third-party kinds (spec 17), by family: exact kinds, and wildcards in sorted order (9.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from argosy.gitops.health.catalogue import (
    clouds,
    cluster_api,
    data_rules,
    databases,
    delivery,
    flux,
    gateways,
    kruise,
    messaging,
    numaplane,
    platform,
    policies,
    promoter,
    single_rules,
    storage,
    threescale,
)
from argosy.gitops.health.verdict import Check
from argosy.machinery.text.globs import matches

_FAMILIES = (
    cluster_api,
    clouds,
    data_rules,
    databases,
    delivery,
    flux,
    gateways,
    kruise,
    messaging,
    numaplane,
    platform,
    policies,
    promoter,
    storage,
    threescale,
    single_rules,
)
_ALL: Final[dict[tuple[str, str], Check]] = {key: check for family in _FAMILIES for key, check in family.CHECKS.items()}

CATALOGUE: Final[dict[tuple[str, str], tuple[tuple[str, ...], Check]]] = {
    key: ((), check) for key, check in _ALL.items() if "*" not in "".join(key)
}
"""(group, kind): every version, and the check."""

WILDCARDS: Final[tuple[tuple[str, str, Check], ...]] = tuple(
    (group, kind, check)
    for (group, kind), check in sorted(_ALL.items(), key=lambda entry: entry[0])
    if "*" in group + kind
)

KINDS_REMEMBERED = 4096


@lru_cache(maxsize=KINDS_REMEMBERED)
def by_wildcard(group: str, kind: str) -> tuple[tuple[str, ...], Check] | None:
    """The first pattern that matches the kind. Every kind without a check is looked up here, so results are cached."""
    for groups, kinds, check in WILDCARDS:
        if matches(groups, group) and matches(kinds, kind):
            return (), check
    return None
