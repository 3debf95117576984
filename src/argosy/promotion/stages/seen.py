"""The inputs of a Stage's decision, and how they are gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from argosy.apis.kargo import Freight, ProjectConfig, Promotion, Stage
from argosy.apis.kargo.configs import PromotionPolicy
from argosy.apis.kargo.stage import FreightRequest, StageStatus, VerificationSpec
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.schema import read
from argosy.machinery.controller import Index, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.promotion.freight.entries import freight_for
from argosy.promotion.kinds import ANALYSIS_RUNS, ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES, WAREHOUSES
from argosy.promotion.names import SHARD, label_value
from argosy.promotion.names import STAGE as STAGE_LABEL
from argosy.promotion.promotions.functions import FreightView
from argosy.promotion.settings import Settings
from argosy.promotion.stages.health import assessed

INVALID: Final = 422


def _stage_of(promotion: JsonObject) -> list[str]:
    one = read(Promotion, promotion)
    return [f"{one.metadata.namespace}/{one.spec.stage}"]


PROMOTIONS_BY_STAGE: Final = Index("promotions-by-stage", Promotion, _stage_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    stage: Stage
    promotions: Sequence[Promotion] = ()
    freight: Sequence[Freight] = ()
    """Freight of the origins that it requests, and whatever is or was in it."""
    policies: Sequence[PromotionPolicy] = ()
    health: JsonObject = field(default_factory=dict)
    refreshes: tuple[Write, ...] = ()
    runs: Sequence[AnalysisRun] = ()
    """AnalysisRuns of the Stage."""
    templates: Mapping[tuple[str, str], JsonObject | None] = field(default_factory=dict)
    view: FreightView | None = None
    settings: Settings = field(default_factory=Settings)
    refused_run: tuple[str, str] = ("", "")
    """Name and reason of the AnalysisRun that the API server refused as invalid, if it did."""

    @property
    def status(self) -> StageStatus:
        return self.stage.status

    @property
    def requests(self) -> Sequence[FreightRequest]:
        return self.stage.spec.requested_freight

    @property
    def key(self) -> Key:
        return Key(self.stage.metadata.namespace, self.stage.metadata.name)

    def annotation(self, name: str) -> str:
        return self.stage.metadata.annotations.get(name) or ""

    def run(self, name: str) -> AnalysisRun | None:
        return next((one for one in self.runs if one.metadata.name == name), None)

    def piece(self, name: str) -> Freight | None:
        return next((one for one in self.freight if one.metadata.name == name), None)

    def has_verified(self, piece: Freight) -> bool:
        return piece.status.verified_by(self.key.name) is not None


class Looking:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        stage = snapshot.get(Stage, key)
        if stage is None or not self._settings.owns(stage.metadata.labels.get(SHARD) or ""):
            return None
        label = f"{STAGE_LABEL}={label_value(key.name)}"
        runs = snapshot.list(AnalysisRun, key.namespace, label) if snapshot.serves(AnalysisRun) else ()
        seen = Seen(
            stage=stage,
            freight=freight_for(snapshot, stage),
            runs=runs,
            settings=self._settings,
        )
        if stage.is_control_flow or stage.metadata.deletion_timestamp:
            return seen
        return self._complete(snapshot, key, seen)

    def _complete(self, snapshot: Snapshot, key: Key, seen: Seen) -> Seen:
        config = snapshot.get(ProjectConfig, Key(key.namespace, key.namespace))
        health, refreshes = assessed(
            snapshot, seen.status.last_result.health_checks, sees_applications=self._settings.argocd_enabled
        )
        origins = [request.origin.name for request in seen.requests]
        for name in origins:
            snapshot.object(WAREHOUSES, Key(key.namespace, name))  # read, so that a change wakes this Stage
        references = list(seen.status.held.items.values()) if seen.status.held else []
        return Seen(
            stage=seen.stage,
            promotions=snapshot.indexed(PROMOTIONS_BY_STAGE, f"{key.namespace}/{key.name}"),
            freight=seen.freight,
            policies=config.spec.promotion_policies if config else (),
            health=health,
            refreshes=refreshes,
            runs=seen.runs,
            templates=_templates(snapshot, key.namespace, seen.stage.spec.verification),
            view=FreightView(snapshot, key.namespace, references, origins, self._settings.shared_namespace),
            settings=self._settings,
            refused_run=_refused_run(snapshot),
        )


def _refused_run(snapshot: Snapshot) -> tuple[str, str]:
    refusal = snapshot.refusal
    if refusal is None or refusal.write.resource != ANALYSIS_RUNS or refusal.code != INVALID:
        return "", ""
    return refusal.write.key.name, refusal.message


def _templates(
    snapshot: Snapshot, namespace: str, verification: VerificationSpec | None
) -> dict[tuple[str, str], JsonObject | None]:
    found: dict[tuple[str, str], JsonObject | None] = {}
    for one in verification.analysis_templates if verification else ():
        is_of_cluster = one.full_kind == "ClusterAnalysisTemplate"
        resource = CLUSTER_ANALYSIS_TEMPLATES if is_of_cluster else ANALYSIS_TEMPLATES
        key = Key("" if is_of_cluster else namespace, one.name)
        found[one.full_kind, one.name] = snapshot.object(resource, key) if snapshot.serves(resource) else None
    return found
