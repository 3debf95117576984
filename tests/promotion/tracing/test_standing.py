"""The state of Freight in a Stage: what it waits for and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.tracing.naming import found
from argosy.promotion.tracing.pipeline import Pipeline
from argosy.promotion.tracing.standing import standing
from argosy.promotion.tracing.trace import text_of, traced

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DIGEST = "sha256:" + "d" * 64


def freight_json(name: str = "f" * 40, **status: Any) -> JsonObject:
    return {
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2026-01-01T10:00:00Z"},
        "alias": "brave-fox",
        "origin": {"kind": "Warehouse", "name": "w"},
        "commits": [{"repoURL": "https://git.example/app.git", "id": "abc1234" + "0" * 33}],
        "images": [{"repoURL": "registry.example/shop", "tag": "1.1.0", "digest": DIGEST}],
        "status": status,
    }


def freight(name: str = "f" * 40, **status: Any) -> Freight:
    return read(Freight, freight_json(name, **status))


def stage(name: str = "prod", after: tuple[str, ...] = ("test",), soak: str = "", **status: Any) -> Stage:
    sources: JsonObject = {"stages": list(after)} if after else {"direct": True}
    if soak:
        sources["requiredSoakTime"] = soak
    spec = {
        "requestedFreight": [{"origin": {"kind": "Warehouse", "name": "w"}, "sources": sources}],
        "promotionTemplate": {"spec": {"steps": [{"uses": "git-clone"}]}},
    }
    return read(Stage, {"metadata": {"name": name, "namespace": "shop"}, "spec": spec, "status": status})


def promotion(phase: str, timeout: str = "", name: str = "prod.1", **status: Any) -> Promotion:
    wait = {"uses": "git-wait-for-pr", "as": "wait", "config": {}, "retry": {"timeout": timeout}}
    steps = [{"uses": "git-clone", "as": "a"}, wait]
    metadata = {"name": name, "namespace": "shop", "creationTimestamp": "2026-01-01T11:00:00Z"}
    spec = {"stage": "prod", "freight": "f" * 40, "steps": steps}
    return read(Promotion, {"metadata": metadata, "spec": spec, "status": {"phase": phase, **status}})


def told(pipeline: Pipeline, piece: Freight, of: Stage) -> tuple[str, str]:
    where = standing(pipeline, piece, of, NOON)
    return where.state, str(where)


def held(health: str = "Healthy", **verification: Any) -> JsonObject:
    history = {"verificationHistory": [verification]} if verification else {}
    items = {"Warehouse/w": {"name": "f" * 40}}
    return {"freightHistory": [{"id": "c", "items": items, **history}], "health": {"status": health}}


def test_freight_that_the_stage_before_has_not_verified_waits_for_it() -> None:
    pipeline = Pipeline(stages=[stage("test", after=()), stage()])

    assert told(pipeline, freight(), stage()) == ("waiting", "waits for test to verify it")


def test_a_soak_time_is_shown_with_its_end() -> None:
    verified = {"test": {"verifiedAt": "2026-01-01T11:30:00Z"}}
    current = {"test": {"since": "2026-01-01T11:30:00Z"}}
    piece = freight(verifiedIn=verified, currentlyIn=current)

    where = standing(Pipeline(stages=[stage(soak="1h")]), piece, stage(soak="1h"), NOON)

    assert where.until == NOON + timedelta(minutes=30)
    assert "soaks" in where.why


def test_available_freight_of_a_stage_without_auto_promotion_waits_for_somebody() -> None:
    piece = freight(verifiedIn={"test": {"verifiedAt": "2026-01-01T11:00:00Z"}})

    assert told(Pipeline(), piece, stage())[1] == "is available and waits for a promotion by hand"


def test_a_promotion_in_the_queue_says_behind_which() -> None:
    pipeline = Pipeline(promotions=[promotion("Pending", name="prod.2")])

    assert told(pipeline, freight(), stage(currentPromotion={"name": "prod.1"}))[1] == (
        "Promotion prod.2 waits for its turn, behind prod.1"
    )


def test_a_promotion_that_waits_for_a_pull_request_names_it_and_when_it_gives_up() -> None:
    meta = [
        {"alias": "a", "status": "Succeeded", "startedAt": "x", "finishedAt": "x"},
        {"alias": "wait", "status": "Running", "startedAt": "2026-01-01T11:00:00Z"},
    ]
    state = {"open": {"pr": {"id": 7, "url": "https://git.example/pulls/7"}}}
    running = promotion("Running", "2h", currentStep=1, stepExecutionMetadata=meta, state=state)

    where = standing(Pipeline(promotions=[running]), freight(), stage(), NOON)

    assert (
        "step 2 of 2, wait (git-wait-for-pr): waits until pull request https://git.example/pulls/7 is merged"
        in where.why
    )
    assert where.until == datetime(2026, 1, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (held("Progressing"), "waiting", "deployed, health Progressing"),
        (held(phase="Running", analysisRun={"name": "run"}), "waiting", "verification Running by run"),
        (held(phase="Failed", message="too many errors"), "failed", "verification Failed: too many errors"),
    ],
)
def test_what_a_stage_holds_is_live_only_when_healthy_and_verified(status: JsonObject, state: str, why: str) -> None:
    found_state, found_why = told(Pipeline(promotions=[promotion("Succeeded")]), freight(), stage(**status))

    assert found_state == state
    assert why in found_why


def test_a_promotion_that_the_stage_has_not_taken_in_yet_is_no_past() -> None:
    done = promotion("Succeeded", finishedAt="2026-01-01T11:59:59Z")
    before = {"name": "prod.0", "finishedAt": "2026-01-01T11:59:59Z"}

    assert told(Pipeline(promotions=[done]), freight(), stage(lastPromotion=before))[0] == "waiting"
    later = {"name": "prod.2", "finishedAt": "2026-01-01T12:00:00Z"}
    assert told(Pipeline(promotions=[done]), freight(), stage(lastPromotion=later))[0] == "past"


def test_live_is_healthy_and_verified() -> None:
    piece = freight(verifiedIn={"prod": {"verifiedAt": "2026-01-01T11:59:00Z"}})

    assert told(Pipeline(), piece, stage(**held(phase="Successful")))[0] == "live"


def test_a_change_that_failed_before_says_where_it_was_stopped() -> None:
    before = stage("test", after=(), **held(phase="Failed", message="bad"))

    assert told(Pipeline(stages=[before, stage()]), freight(), stage()) == (
        "failed",
        "stopped in test: verification Failed: bad",
    )


@pytest.mark.parametrize(
    "reference",
    [
        "f" * 40,
        "ffffffff",
        "brave-fox",
        "abc1234",
        "1.1.0",
        "shop:1.1.0",
        "registry.example/shop:1.1.0",
        DIGEST,
        "dddd",
    ],
)
def test_a_change_is_found_by_whatever_names_it(reference: str) -> None:
    assert found([freight()], reference)
    assert not found([freight()], "x" + reference)


def test_a_trace_leads_from_the_commit_to_the_rollout() -> None:
    done = promotion(
        "Succeeded", state={"u": {"apps": [{"name": "shop", "namespace": "argocd"}]}, "p": {"commit": "c" * 40}}
    )
    resources = [{"kind": "Rollout", "namespace": "prod", "name": "shop"}]
    sync = {"status": "Synced", "revision": "c" * 40}
    app = {
        "metadata": {"name": "shop", "namespace": "argocd"},
        "status": {"sync": sync, "health": {"status": "Healthy"}, "resources": resources},
    }
    rollout = {"metadata": {"name": "shop", "namespace": "prod"}, "status": {"phase": "Healthy"}}
    apps, rollouts = [read(Application, app)], [read(Rollout, rollout)]
    pipeline = Pipeline(stages=[stage()], promotions=[done], applications=apps, rollouts=rollouts)

    text = text_of(traced(pipeline, freight(), NOON))

    for part in (
        "commit abc1234",
        "image registry.example/shop:1.1.0",
        "Promotion prod.1: Succeeded",
        "commit cccccccccccc",
    ):
        assert part in text
    assert "Application shop: Synced, Healthy at ccccccc" in text
    assert "Rollout shop: Healthy" in text


def test_a_change_is_traced_from_the_commit_that_its_image_was_built_from() -> None:
    """Where the image's annotations name it."""
    annotations = {
        "org.opencontainers.image.revision": "abcdef0123456789" + "0" * 24,
        "org.opencontainers.image.source": "https://git.example/shop",
    }
    image = {"repoURL": "registry.example/shop", "tag": "1.1.0", "digest": DIGEST, "annotations": annotations}
    piece = read(Freight, {**freight_json(), "commits": [], "images": [image]})

    assert found([piece], "abcdef01")
    text = text_of(traced(Pipeline(stages=[stage()]), piece, NOON))
    assert "built from commit abcdef012345 https://git.example/shop" in text


def test_freight_older_than_the_stages_current_one_is_shown_as_passed_by() -> None:
    shape = freight_json("e" * 40)
    metadata = {**shape["metadata"], "creationTimestamp": "2026-01-01T11:00:00Z"}
    newer = read(Freight, {**shape, "alias": "fair-falcon", "metadata": metadata})
    old = freight(verifiedIn={"test": {"verifiedAt": "2026-01-01T10:30:00Z"}})
    items = {"Warehouse/w": {"name": "e" * 40}}
    prod = stage(freightHistory=[{"id": "c", "items": items}], health={"status": "Healthy"})
    pipeline = Pipeline(freight=[old, newer], stages=[prod])

    assert told(pipeline, old, prod) == (
        "waiting",
        "is available, but older than the current fair-falcon; it is deployed only by a promotion by hand",
    )
    assert [one["passedBy"] for one in traced(pipeline, old, NOON)["stages"]] == ["fair-falcon"]
    assert [one["passedBy"] for one in traced(pipeline, newer, NOON)["stages"]] == [""]
