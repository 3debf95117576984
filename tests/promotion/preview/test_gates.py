"""What a preview shows of the way after a Promotion."""

from __future__ import annotations

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Stage
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.preview.gates import gates


def stage(name: str, *before: str, soak: str = "", **spec: object) -> Stage:
    sources: JsonObject = {"stages": list(before), **({"requiredSoakTime": soak} if soak else {})}
    requests = [{"origin": {"kind": "Warehouse", "name": "w"}, "sources": sources}]
    metadata = {"name": name, "namespace": "demo"}
    return read(Stage, {"metadata": metadata, "spec": {"requestedFreight": requests, **spec}})


def test_verification_and_downstream_stages_are_shown() -> None:
    staging = stage("staging", verification={"analysisTemplates": [{"name": "success"}]})
    prod = stage("prod", "staging", soak="1h", promotionTemplate={"spec": {"steps": [{"uses": "fail"}]}})

    assert gates(staging, [staging, prod, stage("other", "dev")]) == [
        "verification by success",
        "then prod may have it after 1h, when promoted by hand",
    ]


def test_downstream_stages_are_shown_with_what_they_wait_for() -> None:
    staging = stage("staging")
    steps = {"promotionTemplate": {"spec": {"steps": [{"uses": "fail"}]}}}
    hold = {"Warehouse/w": {"actor": "dana", "origin": {"kind": "Warehouse", "name": "w"}}}
    gate, prod = stage("gate", "staging"), stage("prod", "staging", promotionTemplate=steps["promotionTemplate"])
    prod = read(Stage, {**prod.raw, "status": {"autoPromotionEnabled": True}})
    held_status = {"autoPromotionEnabled": True, "effectiveAutoPromotionHolds": hold}
    held = read(Stage, {**prod.raw, "metadata": {"name": "held"}, "status": held_status})
    sources = {"stages": ["staging", "load"], "availabilityStrategy": "All"}
    request = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": sources}
    both = read(Stage, {"metadata": {"name": "both"}, "spec": {"requestedFreight": [request], **steps}})

    assert gates(staging, [gate, prod, held, both]) == [
        "the Stage is verified as soon as it is healthy",
        "then gate may have it, and passes it on at once",
        "then prod may have it, by itself",
        "then held may have it, when promoted by hand: auto-promotion is held by dana",
        "then both may have it once load verified it, too, when promoted by hand",
    ]


def test_the_running_promotion_of_the_stage_comes_first() -> None:
    busy = read(Stage, {**stage("test").raw, "status": {"currentPromotion": {"name": "test.01.abc"}}})

    assert gates(busy, [])[0] == "before it begins, Promotion test.01.abc of this Stage must end"


def test_a_canary_is_shown_by_its_steps() -> None:
    resources = [{"kind": "Rollout", "namespace": "shop", "name": "web"}]
    shape = {"metadata": {"name": "shop", "namespace": "argocd"}, "status": {"resources": resources}}
    application = read(Application, shape)
    steps = [
        {"setWeight": 20},
        {"pause": {"duration": "10m"}},
        {"analysis": {"templates": [{"templateName": "rate"}]}},
        {"pause": {}},
    ]
    spec = {"strategy": {"canary": {"steps": steps}}}
    rollout = read(Rollout, {"metadata": {"name": "web"}, "spec": spec})

    assert gates(stage("prod"), [], [application], {("shop", "web"): rollout}) == [
        "Application shop must be healthy",
        "Rollout web: a canary of 4 steps: 20 %, pause of 10m, analysis by rate, pause until promoted by hand",
    ]
