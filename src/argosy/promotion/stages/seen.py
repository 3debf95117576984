"""What there is to see of a Stage, and how it is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argosy.apis.kargo import Promotion
from argosy.machinery.controller import Index, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.promotion.freight.entries import freight_for
from argosy.promotion.kinds import (
    ANALYSIS_RUNS,
    ANALYSIS_TEMPLATES,
    CLUSTER_ANALYSIS_TEMPLATES,
    PROJECT_CONFIGS,
    STAGES,
    WAREHOUSES,
)
from argosy.promotion.names import SHARD, label_value
from argosy.promotion.names import STAGE as STAGE_LABEL
from argosy.promotion.promotions.functions import FreightView
from argosy.promotion.settings import Settings
from argosy.promotion.stages.health import assessed


def _stage_of(promotion: JsonObject) -> list[str]:
    return [f"{promotion['metadata'].get('namespace')}/{(promotion.get('spec') or {}).get('stage')}"]


PROMOTIONS_BY_STAGE: Index[Any] = Index("promotions-by-stage", Promotion, _stage_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    stage: JsonObject
    promotions: Sequence[JsonObject] = ()
    freight: Sequence[JsonObject] = ()
    """Of the origins that it requests, and whatever is or was in it."""
    policies: Sequence[Mapping[str, Any]] | None = None
    health: JsonObject = field(default_factory=dict)
    refreshes: tuple[Write, ...] = ()
    runs: Sequence[JsonObject] = ()
    """AnalysisRuns of the Stage."""
    templates: Mapping[tuple[str, str], JsonObject | None] = field(default_factory=dict)
    view: FreightView | None = None
    settings: Settings = field(default_factory=Settings)

    @property
    def status(self) -> JsonObject:
        return self.stage.get("status") or {}

    @property
    def requests(self) -> Sequence[Mapping[str, Any]]:
        return self.stage["spec"].get("requestedFreight") or ()

    @property
    def key(self) -> Key:
        return Key(self.stage["metadata"]["namespace"], self.stage["metadata"]["name"])

    def annotation(self, name: str) -> str:
        return str((self.stage["metadata"].get("annotations") or {}).get(name) or "")

    def piece(self, name: str) -> JsonObject | None:
        return next((one for one in self.freight if one["metadata"]["name"] == name), None)

    def has_verified(self, piece: JsonObject) -> bool:
        return self.key.name in ((piece.get("status") or {}).get("verifiedIn") or {})


def is_control_flow(stage: JsonObject) -> bool:
    """Without steps of promotion, Freight passes through."""
    return not ((stage["spec"].get("promotionTemplate") or {}).get("spec") or {}).get("steps")


class Looking:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        stage = snapshot.object(STAGES, key)
        if stage is None or not self._settings.owns((stage["metadata"].get("labels") or {}).get(SHARD) or ""):
            return None
        label = f"{STAGE_LABEL}={label_value(key.name)}"
        runs = snapshot.objects(ANALYSIS_RUNS, key.namespace, label) if snapshot.serves(ANALYSIS_RUNS) else ()
        seen = Seen(
            stage=stage,
            freight=freight_for(snapshot, stage),
            runs=runs,
            settings=self._settings,
        )
        if is_control_flow(stage) or stage["metadata"].get("deletionTimestamp"):
            return seen
        return self._whole(snapshot, key, seen)

    def _whole(self, snapshot: Snapshot, key: Key, seen: Seen) -> Seen:
        config = snapshot.object(PROJECT_CONFIGS, Key(key.namespace, key.namespace))
        last = (seen.status.get("lastPromotion") or {}).get("status") or {}
        health, refreshes = assessed(
            snapshot, last.get("healthChecks") or (), sees_applications=self._settings.argocd_enabled
        )
        origins = [request["origin"]["name"] for request in seen.requests]
        for name in origins:
            snapshot.object(WAREHOUSES, Key(key.namespace, name))  # noted, so that it wakes this Stage
        history = seen.status.get("freightHistory") or ()
        references = list((history[0].get("items") or {}).values()) if history else []
        return Seen(
            stage=seen.stage,
            promotions=[one.raw for one in snapshot.indexed(PROMOTIONS_BY_STAGE, f"{key.namespace}/{key.name}")],
            freight=seen.freight,
            policies=((config or {}).get("spec") or {}).get("promotionPolicies") if config else None,
            health=health,
            refreshes=refreshes,
            runs=seen.runs,
            templates=self._templates(snapshot, key.namespace, seen.stage),
            view=FreightView(snapshot, key.namespace, references, origins, self._settings.shared_namespace),
            settings=self._settings,
        )

    def _templates(
        self, snapshot: Snapshot, namespace: str, stage: JsonObject
    ) -> dict[tuple[str, str], JsonObject | None]:
        found: dict[tuple[str, str], JsonObject | None] = {}
        for one in (stage["spec"].get("verification") or {}).get("analysisTemplates") or ():
            kind = one.get("kind") or "AnalysisTemplate"
            cluster = kind == "ClusterAnalysisTemplate"
            resource = CLUSTER_ANALYSIS_TEMPLATES if cluster else ANALYSIS_TEMPLATES
            key = Key("" if cluster else namespace, one["name"])
            found[kind, one["name"]] = snapshot.object(resource, key) if snapshot.serves(resource) else None
        return found
