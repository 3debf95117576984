"""Events about Freight and Promotions, with the annotations that integrations read.

Source: spec/kargo.md 6.3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from argosy.apis.kargo import Freight, Promotion
from argosy.machinery.controller import Event
from argosy.promotion.applications import NAMESPACE
from argosy.promotion.names import CREATE_ACTOR, EVENT_PREFIX
from argosy.promotion.promotions.touched import touched_applications

_LISTS: Final = {
    "freight-commits": "commits",
    "freight-images": "images",
    "freight-charts": "charts",
    "freight-artifacts": "artifacts",
}
_ESCAPES: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def actor_of(promotion: Promotion) -> str:
    return promotion.metadata.annotations.get(CREATE_ACTOR) or ""


def freight_event(freight: Freight, reason: str, message: str, actor: str, **more: str) -> Event:
    about = {
        "actor": actor,
        "project": freight.metadata.namespace,
        **_of_freight(freight),
        **{key.replace("_", "-"): value for key, value in more.items()},
    }
    return Event(about=freight.raw, reason=reason, message=message, annotations=_prefixed(about))


def promotion_event(
    promotion: Promotion,
    freight: Freight | None,
    reason: str,
    message: str,
    *,
    applications: str = NAMESPACE,
    **more: str,
) -> Event:
    """`applications`: the default namespace for Applications that a step names."""
    metadata = promotion.metadata
    about = {
        "actor": actor_of(promotion) or "controller:promotion-controller",
        "project": metadata.namespace,
        "promotion-name": metadata.name,
        "promotion-create-time": metadata.creation_timestamp,
        "stage-name": promotion.spec.stage,
        **(_of_freight(freight) if freight else {}),
        **_applications(promotion, freight, applications),
        **{key.replace("_", "-"): value for key, value in more.items()},
    }
    return Event(about=promotion.raw, reason=reason, message=message, annotations=_prefixed(about))


def _applications(promotion: Promotion, freight: Freight | None, namespace: str) -> dict[str, str]:
    found = touched_applications(promotion, freight, actor_of(promotion), namespace or NAMESPACE)
    return {"applications": found} if found else {}


def _of_freight(freight: Freight) -> dict[str, str]:
    found = {
        "freight-name": freight.metadata.name,
        "freight-create-time": freight.metadata.creation_timestamp,
        "freight-alias": freight.alias,
        "freight-warehouse-name": freight.origin.name,
    }
    lists = {name: _json(freight.raw[field]) for name, field in _LISTS.items() if freight.raw.get(field)}
    return {**found, **lists}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPES)


def _prefixed(about: Mapping[str, str]) -> dict[str, str]:
    return {f"{EVENT_PREFIX}{key}": value for key, value in sorted(about.items())}
