"""What a verification begins with. The expected texts and states are those of a real Kargo control plane."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.apis.kargo import Freight, Stage
from argosy.apis.kargo.artifacts import FreightCollection, Verification
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.promotion.kinds import ANALYSIS_RUNS, FREIGHT
from argosy.promotion.names import FINALIZER, PROMOTION, REVERIFY, STAGE
from argosy.promotion.stages.deletion import taken_down
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.verification import next_verification

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLLECTION = "1234567890abcdef1234567890abcdef12345678"
HELD = read(FreightCollection, {"id": COLLECTION, "items": {"Warehouse/w": {"name": "piece"}}})
METRIC = {"name": "m", "provider": {"web": {"url": "http://x"}}}


def seen(verification: JsonObject | None, name: str = "test", **metadata: Any) -> Seen:
    spec: JsonObject = {"requestedFreight": [{"origin": {"kind": "Warehouse", "name": "w"}}]}
    if verification is not None:
        spec["verification"] = verification
    status = {"lastPromotion": {"name": "test.01.piece", "finishedAt": "2026-03-01T11:00:00Z"}}
    shape = {"metadata": {"name": name, "namespace": "demo", "uid": "u", **metadata}, "spec": spec, "status": status}
    return Seen(stage=read(Stage, shape))


def with_template(verification: JsonObject, *args: JsonObject, variables: list[JsonObject] | None = None) -> Seen:
    found = seen({"analysisTemplates": [{"name": "t"}], **verification})
    stage = read(Stage, {**found.stage.raw, "spec": {**found.stage.raw["spec"], "vars": variables or []}})
    template = {"spec": {"args": list(args), "metrics": [METRIC]}}
    return replace(found, stage=stage, templates={("AnalysisTemplate", "t"): template})


def begun(given: Seen, held: FreightCollection = HELD) -> tuple[Verification, tuple[Write, ...]]:
    found, writes = next_verification(given, held, NOW)
    assert found is not None
    return found, writes


def run(name: str, phase: str, at: str = "2026-03-01T10:00:00Z") -> AnalysisRun:
    labels = {"kargo.akuity.io/stage": "test", "kargo.akuity.io/freight-collection": COLLECTION}
    metadata = {"name": name, "namespace": "demo", "labels": labels, "creationTimestamp": at}
    return read(AnalysisRun, {"metadata": metadata, "spec": {"metrics": []}, "status": {"phase": phase}})


def test_freight_that_comes_back_has_the_result_of_the_newest_run_it_had() -> None:
    given = with_template({})
    runs = (run("old", "Failed"), run("new", "Successful", "2026-03-01T10:30:00Z"))

    found, writes = begun(replace(given, runs=runs))

    assert (found.phase, found.analysis_run and found.analysis_run.name, writes) == ("Successful", "new", ())


def test_a_run_that_is_not_finished_is_followed_and_no_second_one_is_made() -> None:
    found, writes = begun(replace(with_template({}), runs=(run("now", ""),)))

    assert (found.phase, writes) == ("Pending", ())


def test_after_a_request_to_verify_again_no_earlier_run_counts() -> None:
    given = with_template({})
    stage = read(
        Stage, {**given.stage.raw, "metadata": {**given.stage.raw["metadata"], "annotations": {REVERIFY: "x"}}}
    )

    found, (made,) = begun(replace(given, stage=stage, runs=(run("old", "Successful"),)))

    assert (found.phase, made.resource) == ("Pending", ANALYSIS_RUNS)


def test_a_run_that_the_api_server_calls_invalid_ends_the_verification() -> None:
    given = with_template({})
    _, (made,) = begun(given)

    found, writes = begun(replace(given, refused_run=(made.key.name, "metadata.labels: Invalid value")))

    assert (found.phase, writes) == ("Error", ())
    assert found.message == (
        f'error creating AnalysisRun "{made.key.name}" in namespace "demo": metadata.labels: Invalid value'
    )
    assert begun(replace(given, refused_run=("another", "no")))[1] == (made,)


def test_an_empty_verification_makes_a_run_and_none_is_a_success_without_an_actor() -> None:
    _, (made,) = begun(seen({}))
    assert isinstance(made.body, dict)
    assert made.body["spec"] == {"metrics": []}

    history = [{"id": "before", "phase": "Failed"}]
    held = read(FreightCollection, {**HELD.raw, "verificationHistory": history})
    again = seen(None, annotations={REVERIFY: '{"id":"before","actor":"dana"}'})
    found, writes = begun(again, held)
    assert (found.phase, found.actor, writes) == ("Successful", "", ())


def test_the_full_name_of_a_stage_is_an_annotation_where_the_label_is_too_short_for_it() -> None:
    name = "a-stage-whose-name-is-longer-than-the-sixty-three-characters-of-a-label"
    _, (long,) = begun(seen({}, name))
    _, (short,) = begun(seen({}))

    assert isinstance(long.body, dict)
    assert isinstance(short.body, dict)
    assert long.body["metadata"]["annotations"] == {PROMOTION: "test.01.piece", STAGE: name}
    assert short.body["metadata"]["annotations"] == {PROMOTION: "test.01.piece"}


@pytest.mark.parametrize(
    ("value", "variables", "told"),
    [
        ("${{ nope( }}", [], 'evaluate argument "n": unexpected token EOF (1:7)'),
        ("${{ vars.nope }}", [], 'evaluate argument "n": cannot fetch nope from <nil> (1:7)'),
        ("${{ vars.nope }}", [{"name": "x", "value": "y"}], 'evaluated argument "n" value is not a string but <nil>'),
        ("${{ 5 }}", [], 'evaluated argument "n" value is not a string but float64'),
        ("${{ true }}", [], 'evaluated argument "n" value is not a string but bool'),
        ("${{ [1] }}", [], 'evaluated argument "n" value is not a string but []interface {}'),
        ("${{ {'a': 1} }}", [], 'evaluated argument "n" value is not a string but map[string]interface {}'),
        ("x", [{"name": "v", "value": "${{ nope( }}"}], 'evaluate variable "v": unexpected token EOF (1:7)'),
    ],
)
def test_an_argument_that_gives_no_text_is_an_error(value: str, variables: list[JsonObject], told: str) -> None:
    given = with_template({"args": [{"name": "n", "value": value}]}, {"name": "n"}, variables=variables)

    found, writes = begun(given)

    assert (found.phase, writes) == ("Error", ())
    assert found.message.startswith(
        f'error building AnalysisRun for Stage "test" and Freight collection "{COLLECTION}" in namespace "demo": '
        f"build spec: build arguments: {told}"
    )


def test_arguments_see_variables_and_one_without_a_value_leaves_that_of_the_template() -> None:
    variables = [{"name": "x", "value": "deep"}, {"name": "y", "value": "${{ vars.x }}-er"}]
    args = [
        {"name": "n", "value": "${{ vars.y }} in ${{ ctx.project }}/${{ ctx.stage }}"},
        {"name": "kept", "value": ""},
    ]
    given = with_template({"args": args}, {"name": "n"}, {"name": "kept", "value": "1"}, variables=variables)

    _, (made,) = begun(given)

    assert isinstance(made.body, dict)
    assert made.body["spec"]["args"] == [{"name": "n", "value": "deep-er in demo/test"}, {"name": "kept", "value": "1"}]


@pytest.mark.parametrize(
    ("kind", "sought", "where"),
    [
        ("AnalysisTemplate", "AnalysisRun", ' in namespace "demo"'),
        ("ClusterAnalysisTemplate", "ClusterAnalysisRun", ""),
    ],
)
def test_a_template_that_is_missing_is_named(kind: str, sought: str, where: str) -> None:
    found, _ = begun(seen({"analysisTemplates": [{"name": "t", "kind": kind}]}))

    assert found.message.endswith(
        f': get analysis templates: get {sought} "t"{where}: {kind}.argoproj.io "t" not found'
    )


def test_a_run_that_was_invalid_from_the_start_leaves_no_time_of_an_end() -> None:
    under_way = {"id": "v", "phase": "Pending", "analysisRun": {"name": "r", "namespace": "demo"}, "finishTime": "x"}
    held = read(FreightCollection, {**HELD.raw, "verificationHistory": [under_way]})

    failed, _ = begun(replace(seen({}), runs=(run("r", "Error"),)), held)
    passed, _ = begun(replace(seen({}), runs=(run("r", "Successful"),)), held)

    assert (failed.phase, failed.finish_time) == ("Error", "")
    assert (passed.phase, passed.finish_time) == ("Successful", "2026-03-01T12:00:00Z")


def test_freight_of_a_deleted_stage_is_neither_verified_nor_approved_in_it() -> None:
    status = {
        "verifiedIn": {"test": {"verifiedAt": "x"}, "prod": {"verifiedAt": "x"}},
        "approvedFor": {"test": {"approvedAt": "x"}},
        "currentlyIn": {"test": {"since": "x"}},
    }
    piece = read(
        Freight,
        {"metadata": {"name": "piece", "namespace": "demo", "uid": "f", "resourceVersion": "1"}, "status": status},
    )

    (write,) = taken_down(replace(seen({}, finalizers=[FINALIZER]), freight=(piece,))).steps

    assert isinstance(write, Write)
    assert write.resource == FREIGHT
    assert isinstance(write.body, dict)
    assert write.body["status"] == {"verifiedIn": {"test": None}, "approvedFor": None}
