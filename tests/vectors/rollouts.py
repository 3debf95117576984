"""Argo Rollouts' arithmetic, hashes, phases and conditions: one recorded call a case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import CanaryStep, Rollout, RolloutStatus
from argosy.apis.rollouts.status import TrafficWeights
from argosy.apis.rollouts.steps import PodMetadata
from argosy.apis.rollouts.strategy import ReplicaProgressThreshold
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.rollouts.arithmetic import basic, bluegreen, limits, progress, routed, split, weights
from argosy.rollouts.revisions import affinity, ephemeral, finding, hashing
from argosy.rollouts.status import conditions, phase

from .outcome import Outcome

Json = dict[str, Any]


def a_rollout(given: Json) -> Rollout:
    return read(Rollout, {"metadata": {}, "spec": {}, **given})


def a_set(flat: Json | None) -> ReplicaSet | None:
    """Of the flattened form of small cases, or a whole object."""
    if flat is None:
        return None
    if "metadata" in flat:
        return read(ReplicaSet, flat)
    metadata = {"name": flat.get("name"), "labels": {"rollouts-pod-template-hash": flat.get("hash")}}
    metadata |= {"annotations": flat.get("annotations") or {}, "creationTimestamp": flat.get("created")}
    status = {"replicas": flat.get("statusReplicas"), "availableReplicas": flat.get("availableReplicas")}
    status["readyReplicas"] = flat.get("readyReplicas")
    spec = {"replicas": flat.get("replicas")}
    return read(ReplicaSet, {"metadata": metadata, "spec": spec, "status": status})


def sets(flat: list[Json] | None) -> list[ReplicaSet]:
    return [found for item in flat or () if (found := a_set(item)) is not None]


def the_weights(given: Json | None) -> TrafficWeights | None:
    return read(TrafficWeights, given) if given is not None else None


def _split(found: split.Split) -> Json:
    return {"canary": found.canary, "stable": found.stable}


def basic_canary(given: Json) -> Json:
    new, stable = a_set(given["newRS"]), a_set(given["stableRS"])
    return _split(basic.basic_sizes(a_rollout(given["rollout"]), new, stable, sets(given["oldRSs"])))


def traffic_canary(given: Json) -> Json:
    new, stable = a_set(given["newRS"]), a_set(given["stableRS"])
    return _split(routed.routed_sizes(a_rollout(given["rollout"]), new, stable, the_weights(given["weights"])))


def approximate(given: Json) -> Json:
    return _split(split.closest_split(given["replicas"], given["weight"], given["maxWeight"], given["maxSurge"]))


def at_desired(given: Json) -> Json:
    new, stable, others = a_set(given["newRS"]), a_set(given["stableRS"]), sets(given["olderRSs"])
    rollout, ratio = a_rollout(given["rollout"]), the_weights(given["weights"])
    return {"result": progress.at_desired_counts(rollout, new, stable, others, ratio)}


def threshold_met(given: Json) -> Json:
    threshold = read(ReplicaProgressThreshold, given["threshold"]) if given["threshold"] else None
    return {"result": progress.threshold_is_met(threshold, a_set(given["rs"]), given["desired"])}


def replicas_or_weight(given: Json) -> Json:
    found = weights.wanted(a_rollout(given["rollout"]), a_set(given["newRS"]), a_set(given["stableRS"]))
    return {"replicas": found.replicas, "weight": found.weight}


def reset_step_index(given: Json) -> Json:
    return {"result": 0 if weights.step_count(a_rollout(given["rollout"])) else None}


def should_verify(given: Json) -> Json:
    return {"result": weights.is_verified_now(a_rollout(given["rollout"]), given["desiredWeight"])}


def new_replicas(given: Json) -> Json:
    new = a_set(given["newRS"])
    assert new is not None
    return {"error": None, "replicas": bluegreen.new_size(a_rollout(given["rollout"]), sets(given["allRSs"]), new)}


def basis(given: Json) -> Json:
    ignored = given["ignoreAvailability"]
    return {"result": basic.scale_down_basis(a_set(given["rs"]), ignore_availability=ignored)}


def template_hash(given: Json) -> Json:
    return {"hash": hashing.pod_template_hash(given["template"], given["collisionCount"])}


def steps_hash(given: Json) -> Json:
    return {"hash": hashing.step_hash(a_rollout({"spec": {"strategy": {"canary": {"steps": given["steps"]}}}}))}


def find_new(given: Json) -> Json:
    found = finding.find_new(a_rollout(given["rollout"]), sets(given["rsList"]))
    return {"name": found.name if found else None}


def an_affinity(given: Json) -> Json:
    found = affinity.affinity_for(a_rollout(given["rollout"]))
    return {} if found is None else {"affinity": found}


def metadata(given: Json) -> Json:
    existing, desired = (
        read(PodMetadata, given[name]) if given.get(name) else None for name in ("existing", "desired")
    )
    found, modified = ephemeral.with_metadata(given["metadata"], existing, desired)
    return {"metadata": found, "modified": modified}


def stored(given: Json) -> Json:
    rollout = a_rollout(given)
    name, message = phase.stored_phase(rollout.spec, rollout.status)
    return {"message": message, "phase": name}


def shown(given: Json) -> Json:
    name, message = phase.shown_phase(a_rollout(given["rollout"]))
    return {"message": message, "phase": name}


def healthy(given: Json) -> Json:
    after = read(RolloutStatus, given["newStatus"])
    return {"result": conditions.is_healthy(a_rollout(given["rollout"]), after)}


def progressing(given: Json) -> Json:
    after = read(RolloutStatus, given["newStatus"])
    return {"result": conditions.is_progressing(a_rollout(given["rollout"]), after)}


def timed_out(given: Json) -> Json:
    after = read(RolloutStatus, given["newStatus"])
    return {"result": conditions.has_timed_out(a_rollout(given["rollout"]), after.conditions, given["now"])}


OPERATIONS: Mapping[str, Callable[[Json], Json]] = {
    "basic_canary": basic_canary,
    "traffic_canary": traffic_canary,
    "approximate": approximate,
    "at_desired": at_desired,
    "threshold_met": threshold_met,
    "replicas_or_weight": replicas_or_weight,
    "current_set_weight": lambda given: {"result": weights.current_set_weight(a_rollout(given["rollout"]))},
    "min_pods": lambda given: {"result": routed.at_least_min_pods(a_rollout(given["rollout"]), given["count"])},
    "reset_step_index": reset_step_index,
    "should_verify_weight": should_verify,
    "max_surge": lambda given: {"result": limits.max_surge(a_rollout(given["rollout"]))},
    "max_unavailable": lambda given: {"result": limits.max_unavailable(a_rollout(given["rollout"]))},
    "scale_down_basis": basis,
    "bluegreen_new_replicas": new_replicas,
    "pod_template_hash": template_hash,
    "step_hash": steps_hash,
    "find_new_rs": find_new,
    "template_equal": lambda given: {"result": finding.templates_are_equal(given["live"], given["desired"])},
    "affinity": an_affinity,
    "ephemeral_metadata": metadata,
    "server_phase": stored,
    "client_phase": shown,
    "step_string": lambda given: {"result": phase.step_text(read(CanaryStep, given["step"]))},
    "healthy": healthy,
    "progressing": progressing,
    "timed_out": timed_out,
}


def run(data: Path) -> Iterator[Outcome]:
    for file in sorted((data / "rollouts/vectors").glob("*.json")):
        for case in json.loads(file.read_bytes())["cases"]:
            if (operation := OPERATIONS.get(case["op"])) is not None:
                yield _outcome(file.stem, case, operation)


def _outcome(family: str, case: Json, operation: Callable[[Json], Json]) -> Outcome:
    moment = timestamps.parse(case["now"]) if case.get("now") else datetime(2026, 1, 1, tzinfo=UTC)
    try:
        found = operation({**case["in"], "now": moment})
    except Exception as error:
        return Outcome(f"rollouts/{family}", case["id"], False, f"{type(error).__name__}: {error}")
    wrong = "" if found == case["out"] else f"{found} is not {case['out']}"
    return Outcome(f"rollouts/{family}", case["id"], not wrong, wrong[:600])
