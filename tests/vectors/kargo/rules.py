"""Freight, Stages, Promotions and roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.configs import PromotionPolicy
from argosy.apis.kargo.steps import Steps
from argosy.apis.schema import read
from argosy.promotion.freight.availability import availability as availability_of
from argosy.promotion.freight.identity import collection_id, freight_id
from argosy.promotion.projects.rules import normalised
from argosy.promotion.promotions.naming import promotion_name, ulid
from argosy.promotion.promotions.tasks import inflated
from argosy.promotion.stages.analysis import run_spec
from argosy.promotion.stages.authorized import authorized_stages
from argosy.promotion.stages.candidates import candidates as candidates_of
from argosy.promotion.stages.order import ordered
from argosy.promotion.stages.policies import auto_promotion_enabled
from tests.vectors.outcome import Outcome

from .judging import judged

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Case = Mapping[str, Any]


def freight_ids(data: Path) -> Iterator[Outcome]:
    return judged(data, "freight-ids", lambda _, case: (freight_id(read(Freight, case["freight"])), case["id"]))


def collection_ids(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[str, str]:
        return collection_id(one["name"] for one in case["freight"]), case["id"]

    return judged(data, "freight-collection-ids", judge)


def availability(data: Path) -> Iterator[Outcome]:
    def judge(document: Case, case: Case) -> tuple[bool, bool]:
        stage = {
            "metadata": {"name": document["stageName"], "namespace": document["namespace"]},
            "spec": {"requestedFreight": case["requestedFreight"]},
        }
        return bool(availability_of(read(Stage, stage), read(Freight, case["freight"]), NOW)), case["available"]

    return judged(data, "freight-availability", judge)


def candidates(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        found = candidates_of(read(Stage, case["stage"]), [read(Freight, one) for one in case["availableFreight"]])
        return {origin: one.metadata.name for origin, one in found.items()}, case["candidates"]

    return judged(data, "auto-promotion-candidates", judge)


def policies(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[bool, bool]:
        policies = [read(PromotionPolicy, one) for one in case["policies"] or ()]
        return auto_promotion_enabled(policies, read(Stage, {"metadata": case["stage"]})), case.get("enabled", False)

    return judged(data, "promotion-policies", judge)


def order(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        given = [{"metadata": {"name": one["name"]}, "status": {"phase": one["phase"]}} for one in case["promotions"]]
        found = ordered(read(Promotion, one) for one in given)
        return [one.metadata.name for one in found], case["expected"]

    return judged(data, "promotion-order", judge)


def names(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        name = promotion_name(case["stage"], case["freight"], ulid(NOW, 1 << 79))
        prefix, text, suffix = name.rsplit(".", 2)
        return (prefix, len(text), suffix, len(name)), (case["prefix"], 26, case["suffix"], case["length"])

    return judged(data, "promotion-names", judge)


def authorized(data: Path) -> Iterator[Outcome]:
    return judged(data, "authorized-stages", lambda _, case: (authorized_stages(case["value"]), case.get("stages")))


def analysis(data: Path) -> Iterator[Outcome]:
    return judged(
        data, "analysis-templates", lambda _, case: (run_spec(case["templates"], case["stageArgs"]), case.get("spec"))
    )


def tasks(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        known = {(task["kind"], task["metadata"]["name"]): read(Steps, task["spec"]) for task in case["tasks"]}
        given = read(Steps, {"steps": case["steps"], "vars": case["vars"]})
        found = inflated(given.steps, given.vars, lambda kind, name: known.get((kind, name)))
        return found, case.get("expected")

    return judged(data, "task-inflation", judge)


def rbac(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        return normalised(case["rules"], custom_verbs=case["customVerbs"]), case.get("normalized")

    return judged(data, "rbac-rules", judge)
