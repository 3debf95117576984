"""Rollouts and ReplicaSets in few words."""

from __future__ import annotations

from typing import Any

from argosy.apis.kubernetes.known import defaulted
from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read

Json = dict[str, Any]
TEMPLATE: Json = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "app:v1"}]}}


def canary(replicas: int = 10, *, status: Json | None = None, **canary: Any) -> Rollout:
    """A canary in the middle of an update, `new` over `stable`, unless `status` says otherwise."""
    spec: Json = {"replicas": replicas, "template": TEMPLATE, "strategy": {"canary": canary}}
    state = {"currentPodHash": "new", "stableRS": "stable", "currentStepIndex": 0, **(status or {})}
    return read(Rollout, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec, "status": state})


def blue_green(replicas: int = 3, *, status: Json | None = None, **strategy: Any) -> Rollout:
    given = {"activeService": "active", **strategy}
    spec: Json = {"replicas": replicas, "template": TEMPLATE, "strategy": {"blueGreen": given}}
    state = {"currentPodHash": "new", "stableRS": "stable", **(status or {})}
    return read(Rollout, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec, "status": state})


def live(template: Json) -> Json:
    """As the API server keeps it."""
    whole = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {}, "template": template}
    return dict(defaulted(whole)["template"])


def pods(name: str, wanted: int, available: int | None = None, **more: Any) -> ReplicaSet:
    """A ReplicaSet whose hash is its name; all of its pods are available unless given."""
    there = wanted if available is None else available
    labels = {"rollouts-pod-template-hash": name}
    return read(
        ReplicaSet,
        {
            "metadata": {"name": name, "labels": labels, **more},
            "spec": {"replicas": wanted, "template": live(TEMPLATE)},
            "status": {"replicas": max(wanted, there), "availableReplicas": there},
        },
    )
