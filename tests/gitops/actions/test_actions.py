"""Resource actions: the recorded cases, and the rules no recorded case shows."""

from __future__ import annotations

import copy
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.gitops.actions import ACTIONS, ActionError, Impact, discover, run
from argosy.machinery.objects import JsonObject
from tests.vectors import argocd_actions

DATA = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[4] / "shared") / "data"
NOW = datetime(2026, 8, 1, 9, 30, 5, tzinfo=UTC)


def live(api_version: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1"},
    } | more


def offered(obj: dict[str, Any]) -> dict[str, bool]:
    """Name: whether it can be used."""
    return {action.name: not action.disabled for action in discover(obj)}


def patched(obj: dict[str, Any], name: str, **parameters: str) -> dict[str, Any]:
    [impact] = run(obj, name, parameters, NOW)
    assert impact.operation == "patch"
    return impact.resource


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded vectors are not here: set ARGOSY_SHARED")
def test_every_recorded_case() -> None:
    outcomes = list(argocd_actions.run(DATA))
    assert outcomes
    assert [f"{found.name}: {found.detail}" for found in outcomes if not found.passed] == []


def test_the_vectors_notice_a_wrong_result() -> None:
    before, wanted = {"spec": {"a": 1, "b": 2}}, {"spec": {"a": 3}}
    assert argocd_actions.differences({"spec": {"a": 3, "b": 2}}, wanted, before) == []
    assert argocd_actions.differences({"spec": {"a": 1, "b": 2}}, wanted, before)
    assert argocd_actions.differences({"spec": {"a": 3, "b": 9}}, wanted, before)


@given(st.sampled_from(sorted(ACTIONS)), st.sampled_from(["", "1", "x"]))
def test_what_was_handed_in_is_never_changed(key: tuple[str, str], count: str) -> None:
    spec = {"paused": True, "suspend": True, "template": {"metadata": {"annotations": {"a": "b"}}}}
    obj = live(f"{key[0]}/v1", key[1], spec=spec, status={"conditions": [], "abort": True, "pauseConditions": [{}]})
    before = copy.deepcopy(obj)
    for name in ACTIONS[key].runs:
        try:
            run(obj, name, {"replicas": count}, NOW)
        except ActionError:
            continue
    assert obj == before
    assert {action.name for action in discover(obj)} <= set(ACTIONS[key].runs)


def test_actions_are_offered_by_name_in_order() -> None:
    names = [action.name for action in discover(live("argoproj.io/v1alpha1", "Rollout"))]
    assert names == sorted(names)


def test_a_restart_is_stamped_with_the_time_handed_in() -> None:
    found = patched(live("apps/v1", "Deployment", spec={}), "restart")
    stamp = found["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"]
    assert stamp == "2026-08-01T09:30:05Z"


@pytest.mark.parametrize("text", ["", "two", "-1", "1.5", "0x10", "1e3", " 3", "9" * 40])
def test_a_count_that_is_none_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ActionError, match="invalid number: "):
        run(live("apps/v1", "StatefulSet", spec={}), "scale", {"replicas": text}, NOW)


def test_a_deployment_is_paused_or_resumed_never_both() -> None:
    assert offered(live("apps/v1", "Deployment", spec={"paused": True}))["pause"] is False
    assert offered(live("apps/v1", "Deployment", spec={}))["resume"] is False


def test_a_jobs_name_fits_a_label_however_long_the_schedules_name_is() -> None:
    obj = live("batch/v1", "CronJob", spec={"jobTemplate": {"spec": {}}})
    obj["metadata"]["name"] = "n" * 63
    [made] = run(obj, "create-job", None, NOW)
    assert made.operation == "create"
    assert made.resource["metadata"]["name"] == "n" * 52 + "-2608010930"


def test_a_suffix_handed_in_ends_the_name() -> None:
    [made] = run(live("argoproj.io/v1alpha1", "WorkflowTemplate"), "create-workflow", None, NOW, "abcde")
    assert made == Impact(
        "create",
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {
                "name": "web-abcde",
                "namespace": "shop",
                "labels": {"workflows.argoproj.io/workflow-template": "web"},
                "ownerReferences": [
                    {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "name": "web", "uid": "u1"}
                ],
            },
            "spec": {"workflowTemplateRef": {"name": "web"}},
        },
    )


@pytest.mark.parametrize(
    ("status", "usable"),
    [
        ({"currentPodHash": "a", "stableRS": "a", "currentStepIndex": 2}, {"restart"}),
        ({"currentPodHash": "b", "stableRS": "a"}, {"restart", "pause", "abort", "promote-full", "skip-current-step"}),
        (
            {"currentPodHash": "b", "stableRS": "a", "abort": True, "currentStepIndex": 2},
            {"restart", "retry", "promote-full"},
        ),
        (
            {"currentPodHash": "b", "stableRS": "a", "pauseConditions": [{"reason": "CanaryPauseStep"}]},
            {"restart", "pause", "resume", "abort", "promote-full", "skip-current-step"},
        ),
    ],
)
def test_a_rollout_offers_what_its_state_allows(status: dict[str, Any], usable: set[str]) -> None:
    spec = {"strategy": {"canary": {"steps": [{"pause": {}}, {"setWeight": 50}]}}}
    found = offered(live("argoproj.io/v1alpha1", "Rollout", spec=spec, status={"currentStepIndex": 0} | status))
    assert {name for name, enabled in found.items() if enabled} == usable


def test_skipping_a_step_ends_its_pause() -> None:
    spec: JsonObject = {"strategy": {"canary": {"steps": [{"pause": {}}]}}}
    obj = live("argoproj.io/v1alpha1", "Rollout", spec=spec, status={"pauseConditions": [{}], "currentStepIndex": 0})
    assert patched(obj, "skip-current-step")["status"] == {"currentStepIndex": 1}


def test_toggling_automated_sync_keeps_how_to_sync() -> None:
    policy = {"automated": {"prune": True, "selfHeal": True}}
    obj = live("argoproj.io/v1alpha1", "Application", spec={"syncPolicy": policy})
    off = patched(obj, "toggle-auto-sync")
    assert off["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True, "enabled": False}
    assert patched(off, "toggle-auto-sync")["spec"]["syncPolicy"]["automated"]["enabled"] is True


def test_an_unknown_action_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(ActionError, match="has no action 'explode'; it has: reconcile, resume, suspend"):
        run(live("source.toolkit.fluxcd.io/v1", "Bucket"), "explode", None, NOW)


def test_a_kind_without_actions_offers_none() -> None:
    assert discover(live("v1", "ConfigMap")) == []


def test_only_a_healthy_instance_becomes_the_primary() -> None:
    instances = {"healthy": ["web-1", "web-2", "web-4"], "failed": ["web-3"]}
    obj = live("postgresql.cnpg.io/v1", "Cluster", status={"currentPrimary": "web-1", "instancesStatus": instances})
    assert patched(obj, "promote", instance="4")["status"]["targetPrimary"] == "web-4"
    assert patched(obj, "promote", instance="any")["status"]["targetPrimary"] == "web-2"
    with pytest.raises(ActionError, match="Could not find a healthy instance matching the criteria: 3"):
        run(obj, "promote", {"instance": "3"}, NOW)


def test_a_database_is_offered_the_one_of_suspend_and_resume_that_it_can_use() -> None:
    obj = live("postgresql.cnpg.io/v1", "Cluster")
    assert {"suspend", "resume"} & set(offered(obj)) == {"suspend"}
    stopped = patched(obj, "suspend")
    assert {"suspend", "resume"} & set(offered(stopped)) == {"resume"}
    assert not patched(stopped, "resume")["metadata"].get("annotations")


def test_a_resumed_deployment_says_nothing_of_a_pause() -> None:
    assert patched(live("apps/v1", "Deployment", spec={"paused": True, "replicas": 1}), "resume")["spec"] == {
        "replicas": 1
    }


def test_a_rollout_of_an_old_controller_is_promoted_by_its_steps() -> None:
    spec = {"strategy": {"canary": {"steps": [{"pause": {}}, {"setWeight": 50}]}}}
    status = {"observedGeneration": "5d8f9c", "currentPodHash": "b", "stableRS": "a"}
    obj = live("argoproj.io/v1alpha1", "Rollout", spec=spec, status=status)
    assert patched(obj, "promote-full")["status"].get("promoteFull") is None
    assert patched(obj, "promote-full")["status"]["currentStepIndex"] == 2


@pytest.mark.parametrize(
    ("allowed", "usable"),
    [("", {"unpause-gradual"}), ("fast", {"unpause-fast"}), ("slow, fast", {"unpause-gradual", "unpause-fast"})],
)
def test_a_paused_rollout_resumes_in_the_ways_its_template_allows(allowed: str, usable: set[str]) -> None:
    annotations = {"annotations": {"numaflow.numaproj.io/allowed-resume-strategies": allowed}} if allowed else {}
    template = {"metadata": annotations, "spec": {"lifecycle": {"desiredPhase": "Paused"}}}
    found = offered(live("numaplane.numaproj.io/v1alpha1", "MonoVertexRollout", spec={"monoVertex": template}))
    assert {name for name, enabled in found.items() if enabled} == usable


def test_data_may_be_lost_only_while_a_pipeline_drains() -> None:
    obj = live(
        "numaplane.numaproj.io/v1alpha1", "PipelineRollout", status={"upgradeInProgress": "PipelinePauseAndDrain"}
    )
    assert offered(obj)["allow-data-loss"] and not offered(obj)["disallow-data-loss"]
    assert offered(patched(obj, "allow-data-loss"))["disallow-data-loss"]
