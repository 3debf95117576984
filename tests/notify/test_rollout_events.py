"""Rollouts that really roll, in virtual time: who is notified of which Event, and what the templates see."""

from __future__ import annotations

from typing import Any, Self

import pytest

from argosy import analysis, notify, rollouts
from argosy.apis import crds
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.notify.ports import Deliver, Undelivered
from argosy.notify.rollout_events import (
    ANALYSIS_RUNS,
    CONFIG_MAP,
    EVENTS,
    ROLLOUTS,
    SECRET,
    trigger_of,
    variables_of,
    workload_of,
)
from argosy.notify.settings import NotifySettings
from tests.kit.engine import EngineWorld
from tests.kit.notify import Deliveries

SUBSCRIBED = {"notifications.argoproj.io/subscribe.on-rollout-completed.slack": "ops"}
DONE = {
    "trigger.on-rollout-completed": "- send: [done]\n",
    "template.done": "message: '{{.rollout.metadata.name}} runs "
    "{{(index .rollout.spec.template.spec.containers 0).image}}'\n",
    "service.slack": "token: $slack\n",
}


class RolloutNotifyWorld(EngineWorld):
    def __init__(self, data: dict[str, str], *, self_service: bool = False) -> None:
        self.deliveries = Deliveries()
        self._data = data
        settings = NotifySettings(self_service=self_service)
        super().__init__(
            (
                *rollouts.controllers(),
                *analysis.controllers(),
                *notify.rollout_controllers(settings, lambda: self.clock.now(), bytes),
            ),
            self.deliveries.answerers(),
            crds=crds("rollouts"),
            namespaces=("argocd",),
        )

    def __enter__(self) -> Self:
        super().__enter__()
        self.configure(self._data)
        return self

    def configure(self, data: dict[str, str], namespace: str = "argocd") -> None:
        metadata = {"name": CONFIG_MAP, "namespace": namespace}
        self.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    def rollout(self, annotations: dict[str, str] | None = None, **spec: Any) -> JsonObject:
        labels = {"app": "web"}
        pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "app:v1"}]}}
        made = {"selector": {"matchLabels": labels}, "template": pods, "strategy": {"canary": {}}, **spec}
        return self.create(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Rollout",
                "metadata": {"name": "web", "namespace": "default", "annotations": annotations or {}},
                "spec": {"replicas": 1, **{name: value for name, value in made.items() if value is not None}},
            }
        )

    def update_to(self, image: str) -> None:
        self.patch(ROLLOUTS, "web", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}})

    def events_about(self, kind: str, reason: str = "") -> list[JsonObject]:
        return [
            event
            for event in self.list(EVENTS)
            if event["involvedObject"]["kind"] == kind and reason in ("", event["reason"])
        ]


def test_an_event_fires_the_trigger_of_its_reason_once_for_each_time_that_it_happens() -> None:
    with RolloutNotifyWorld(DONE) as world:
        world.rollout(SUBSCRIBED)
        world.pass_time(30)
        world.update_to("app:v2")
        world.pass_time(120)

        assert world.deliveries.sent == [("slack:ops", "web runs app:v1"), ("slack:ops", "web runs app:v2")]


def test_a_restart_repeats_nothing() -> None:
    with RolloutNotifyWorld(DONE) as world:
        world.rollout(SUBSCRIBED)
        world.pass_time(30)
        world.restart()
        world.pass_time(120)

        assert len(world.deliveries.sent) == 1


def test_a_condition_is_judged_where_a_trigger_has_one() -> None:
    trigger = "- when: rollout.spec.replicas > 1\n  send: [done]\n"
    with RolloutNotifyWorld({**DONE, "trigger.on-rollout-completed": trigger}) as world:
        world.rollout(SUBSCRIBED)
        world.pass_time(30)

        assert world.deliveries.sent == []


def test_who_subscribed_for_all_is_notified_too() -> None:
    everybody = "- recipients: ['slack:all']\n  triggers: [on-rollout-completed]\n"
    with RolloutNotifyWorld({**DONE, "subscriptions": everybody}) as world:
        world.rollout()
        world.pass_time(30)

        assert world.deliveries.sent == [("slack:all", "web runs app:v1")]


def test_with_self_service_the_configuration_of_the_namespace_counts_besides_that_of_the_control_plane() -> None:
    with RolloutNotifyWorld(DONE, self_service=True) as world:
        world.configure({**DONE, "template.done": "message: from the team\n"}, "default")
        world.rollout(SUBSCRIBED)
        world.pass_time(30)

        assert sorted(world.deliveries.sent) == [("slack:ops", "from the team"), ("slack:ops", "web runs app:v1")]


def test_the_template_of_a_workload_is_seen_as_if_it_stood_in_the_rollout() -> None:
    pods = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "app:v7"}]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": pods},
    }
    with RolloutNotifyWorld(DONE) as world:
        world.create(deployment)
        reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        world.rollout(SUBSCRIBED, template=None, selector=None, workloadRef=reference)
        world.pass_time(30)

        assert world.deliveries.sent == [("slack:ops", "web runs app:v7")]


def test_the_analysis_runs_of_the_present_revision_are_seen_the_newest_first() -> None:
    seen = "message: '{{range .analysisRuns}}{{.metadata.annotations | toString | contains \"revision:2\"}} {{end}}'\n"
    step = {"analysis": {"templates": [{"templateName": "always"}]}}
    template = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": "always", "namespace": "default"},
        "spec": {"metrics": [{"name": "m", "provider": {"job": _job()}, "count": 1}]},
    }
    with RolloutNotifyWorld({**DONE, "template.done": seen}) as world:
        world.create(template)
        world.rollout(SUBSCRIBED, strategy={"canary": {"steps": [{"setWeight": 50}, step]}})
        world.pass_time(30)
        world.update_to("app:v2")
        world.pass_time(300)
        runs = world.list(ANALYSIS_RUNS)

        assert len(runs) == 1
        assert world.deliveries.sent == [("slack:ops", ""), ("slack:ops", "true ")]


def _job() -> JsonObject:
    pods = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "ok:v1"}]}}
    return {"spec": {"backoffLimit": 0, "template": pods}}


def test_runs_of_older_revisions_and_of_others_are_not_seen() -> None:
    rollout = {
        "metadata": {"name": "web", "namespace": "d", "uid": "u", "annotations": {"rollout.argoproj.io/revision": "2"}},
        "status": {"currentPodHash": "abc"},
    }

    def run(name: str, uid: str = "u", pod_hash: str = "abc", revision: str = "2", at: str = "01") -> JsonObject:
        return {
            "metadata": {
                "name": name,
                "labels": {"rollouts-pod-template-hash": pod_hash},
                "annotations": {"rollout.argoproj.io/revision": revision},
                "ownerReferences": [{"uid": uid}],
                "creationTimestamp": f"2030-01-01T00:00:{at}Z",
            }
        }

    runs = [run("a"), run("b", at="05"), run("other", uid="x"), run("old", revision="1"), run("hash", pod_hash="z")]
    seen = variables_of(rollout, None, runs)["analysisRuns"]
    assert [found["metadata"]["name"] for found in seen] == ["b", "a"]


def test_a_failed_delivery_is_reported_on_the_rollout_and_notifies_nobody_of_itself() -> None:
    failed = {"trigger.on-notification-failed": "- send: [done]\n"}
    subscribed = {**SUBSCRIBED, "notifications.argoproj.io/subscribe.on-notification-failed.slack": "ops"}
    with RolloutNotifyWorld({**DONE, **failed}) as world:
        world.deliveries.answer = lambda question: Undelivered(message="no", final=True)
        world.rollout(subscribed)
        world.pass_time(300)

        (told,) = world.events_about("Rollout", "NotificationFailed")
        assert "on-rollout-completed for slack:ops: no" in told["message"]
        assert world.events_about("Event") == []
        assert [question.trigger for question in world.deliveries.questions] == ["on-rollout-completed"]


def test_a_trigger_that_is_subscribed_to_and_not_configured_is_reported_on_the_rollout() -> None:
    with RolloutNotifyWorld({"service.slack": "token: x\n"}) as world:
        world.rollout(SUBSCRIBED)
        world.pass_time(60)

        assert [event["message"] for event in world.events_about("Rollout", "UnknownTrigger")] == [
            "trigger 'on-rollout-completed' is subscribed to and not configured: nobody is notified of it"
        ]
        assert world.events_about("Event") == []


@pytest.mark.parametrize(
    ("reason", "trigger"),
    [
        ("RolloutStepCompleted", "on-rollout-step-completed"),
        ("ScalingReplicaSet", "on-scaling-replica-set"),
        ("AnalysisRunFailed", "on-analysis-run-failed"),
        ("HPAReplicas", "on-hpa-replicas"),
    ],
)
def test_a_trigger_is_named_after_the_reason_of_the_event(reason: str, trigger: str) -> None:
    assert trigger_of(reason) == trigger


def test_a_workload_of_a_kind_that_nothing_rolls_is_not_asked_for() -> None:
    rollout: JsonObject = {"metadata": {"name": "web", "namespace": "d"}, "spec": {}}
    assert workload_of(rollout) is None
    rollout["spec"]["workloadRef"] = {"apiVersion": "v1", "kind": "Secret", "name": "s"}
    assert workload_of(rollout) is None
    rollout["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s"}
    assert workload_of(rollout) == (Resource("apps", "v1", "statefulsets", "StatefulSet"), Key("d", "s"))


def test_a_secret_of_the_control_plane_reaches_the_service_alone() -> None:
    with RolloutNotifyWorld(DONE) as world:
        metadata = {"name": SECRET, "namespace": "argocd"}
        world.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"slack": "hush-hush"}})
        asked: list[Deliver] = []

        def refuse(question: Deliver) -> Undelivered:
            asked.append(question)
            return Undelivered(message="401")

        world.deliveries.answer = refuse
        world.rollout(SUBSCRIBED)
        world.pass_time(60)

        assert b"hush-hush" in asked[0].options.value
        assert "hush-hush" not in str(world.list(EVENTS)) + str(world.list(ROLLOUTS)) + repr(asked)
