"""Argo Rollouts' arithmetic, hashes, phases and conditions: one recorded call a case."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import CanaryStep, Experiment, Rollout, RolloutStatus
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.rollouts.routing import IstioVirtualService
from argosy.apis.rollouts.status import TrafficWeights, WeightDestination
from argosy.apis.rollouts.steps import PodMetadata, RunArgument, SetHeaderRoute, SetMirrorRoute
from argosy.apis.rollouts.strategy import AntiAffinity, ReplicaProgressThreshold
from argosy.apis.rollouts.templates import TemplateError, merged_args, merged_templates
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.rollouts.analyses.arguments import run_arguments
from argosy.rollouts.arithmetic import basic, bluegreen, limits, progress, routed, split, weights
from argosy.rollouts.commands.info import Objects, info_of
from argosy.rollouts.commands.promote import promote_patches
from argosy.rollouts.commands.view import view_of
from argosy.rollouts.experiments.decide import invalid_spec
from argosy.rollouts.experiments.rules import spec_problem
from argosy.rollouts.reconcile.steps.analyses import runs_to_delete
from argosy.rollouts.revisions import affinity, ephemeral, finding, hashing
from argosy.rollouts.routers import alb, nginx, smi
from argosy.rollouts.routers.istio import managed_routes
from argosy.rollouts.routers.istio import weights as istio_weights
from argosy.rollouts.routers.istio.resources import istio_of, virtual_service_key, virtual_services
from argosy.rollouts.routers.port import RoutingError
from argosy.rollouts.status import conditions, phase
from argosy.rollouts.validation.analyses import template_errors
from argosy.rollouts.validation.blue_green import anti_affinity_errors, blue_green_errors
from argosy.rollouts.validation.canary import canary_errors
from argosy.rollouts.validation.errors import FieldError, invalid
from argosy.rollouts.validation.references import service_errors
from argosy.rollouts.validation.routers import virtual_service_errors
from argosy.rollouts.validation.spec import spec_errors

from .outcome import Outcome, not_run, unreadable
from .reading import each
from .rollouts_analysis import PLAYS

Json = dict[str, Any]


def a_rollout(given: Json) -> Rollout:
    return read(Rollout, {"metadata": {}, "spec": {}, **given})


def a_set(flat: Json | None) -> ReplicaSet | None:
    """Of the flattened form of small cases, or a complete object."""
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


def errors(found: Iterable[FieldError]) -> Json:
    return {"errors": [{"field": one.field, "type": one.type, "detail": one.detail, "text": one.text} for one in found]}


def validate_rollout(given: Json) -> Json:
    return errors(spec_errors(a_rollout(given["rollout"]), stored_template=True))


def validate_affinity(given: Json) -> Json:
    rule = read(AntiAffinity, given["antiAffinity"]) if given["antiAffinity"] is not None else None
    return errors(anti_affinity_errors(rule, given["path"]))


def validate_virtual_service(given: Json) -> Json:
    rollout = a_rollout(given["rollout"])
    found: list[FieldError] = []
    services = virtual_services(rollout)
    if not services:
        text = "Rollout object is not configured with Istio traffic routing"
        return errors([invalid("spec.strategy.canary.trafficRouting.istio", rollout.name, text)])
    for wanted in services:
        if virtual_service_key(rollout, wanted.name).name == given["object"]["metadata"]["name"]:
            found += virtual_service_errors(rollout, wanted, given["object"])
    return errors(found)


SERVICE_FIELDS = {
    "ActiveService": "blueGreen.activeService",
    "PreviewService": "blueGreen.previewService",
    "StableService": "canary.stableService",
    "CanaryService": "canary.canaryService",
    "PingService": "canary.pingPong.pingService",
    "PongService": "canary.pingPong.pongService",
}


def validate_service(given: Json) -> Json:
    if given["type"] not in SERVICE_FIELDS:
        return errors([])
    field = f"spec.strategy.{SERVICE_FIELDS[given['type']]}"
    return errors(service_errors(a_rollout(given["rollout"]), read(Service, given["service"]), field))


def validate_template(given: Json) -> Json:
    template = given.get("clusterTemplate") or given["template"]
    background = given["type"] == "BackgroundAnalysis"
    return errors(template_errors(a_rollout(given["rollout"]), template, given["path"], background=background))


def virtual_service_weight(given: Json) -> Json:
    rollout, obj = a_rollout(given["rollout"]), copy.deepcopy(given["object"])
    wanted = read(
        IstioVirtualService,
        {"routes": given.get("routes"), "tlsRoutes": given.get("tlsRoutes"), "tcpRoutes": given.get("tcpRoutes")},
    )
    shares = [read(WeightDestination, share) for share in given.get("additional") or ()]
    try:
        modified = istio_weights.set_weight(rollout, wanted, obj, given["weight"], shares)
    except RoutingError:
        return {"error": True, "modified": False}
    return {"modified": modified, "object": obj}


def managed_route(given: Json) -> Json:
    rollout, obj = a_rollout(given["rollout"]), copy.deepcopy(given["object"])
    wanted = read(IstioVirtualService, given.get("virtualService") or {})
    istio = istio_of(rollout)
    host = "rollout-service" if istio is not None and istio.destination_rule is not None else ""
    try:
        if "headerRouting" in given:
            route = read(SetHeaderRoute, given["headerRouting"])
            managed_routes.set_header_route(rollout, wanted, obj, route, host)
        elif "mirrorRouting" in given:
            mirror = read(SetMirrorRoute, given["mirrorRouting"])
            managed_routes.set_mirror_route(rollout, wanted, obj, mirror, host)
        else:
            managed_routes.order_routes(rollout, obj)
    except RoutingError:
        return {"error": True, "object": obj}
    return {"object": obj}


def nginx_ingress(given: Json) -> Json:
    try:
        args = given["stableIngress"], given["name"], given["weight"]
        return {"ingress": without_types(nginx.canary_ingress(a_rollout(given["rollout"]), *args))}
    except RoutingError:
        return {"error": True}


def alb_weight(given: Json) -> Json:
    shares = [read(WeightDestination, share) for share in given.get("additional") or ()]
    try:
        rollout = a_rollout(given["rollout"])
        return {"annotations": alb.weighted(rollout, given["annotations"] or {}, given["weight"], shares)}
    except RoutingError:
        return {"error": True}


def alb_header(given: Json) -> Json:
    route = read(SetHeaderRoute, given["headerRoute"])
    return {"annotations": alb.with_header_route(a_rollout(given["rollout"]), given["annotations"] or {}, route)}


def smi_split(given: Json) -> Json:
    rollout = a_rollout(given["rollout"])
    shares = [read(WeightDestination, share) for share in given.get("additional") or ()]
    version = given.get("version") or ""
    versions = [version] if version else ["v1alpha1", "v1alpha2", "v1alpha3"]
    return {
        one: without_types(smi.traffic_split(rollout, given["name"], given["weight"], shares, version=one))
        for one in versions
    }


def without_types(obj: Json) -> Json:
    """The recorded objects have no kinds, and their owners neither."""
    found = {name: value for name, value in obj.items() if name not in ("apiVersion", "kind")}
    owners = [{**owner, "apiVersion": "", "kind": ""} for owner in found["metadata"].get("ownerReferences") or ()]
    metadata = {**found["metadata"], "ownerReferences": owners}
    if "rules" in (found.get("spec") or {}):
        metadata.pop("namespace", None)
    return {**found, "metadata": {name: value for name, value in metadata.items() if value}}


def promotion(given: Json) -> Json:
    found = promote_patches(
        a_rollout(given["rollout"]),
        skip_current_step=given["skipCurrentStep"],
        skip_all_steps=given["skipAllSteps"],
        full=given["full"],
    )
    return {"spec": found.spec, "status": found.status, "unified": found.unified}


def flattened(given: Json) -> Json:
    try:
        merged = merged_templates(given.get("templates") or (), given.get("clusterTemplates") or ())
    except TemplateError as error:
        return {"error": str(error)}
    return {"template": {"metadata": {}, "spec": merged}}


def built_args(given: Json) -> Json:
    args = [read(RunArgument, arg) for arg in given["args"] or ()]
    hashes = {"latest": (given["newRS"] or {}).get("hash") or "", "stable": (given["stableRS"] or {}).get("hash") or ""}
    try:
        return {"args": run_arguments(args, a_rollout(given["rollout"]), **hashes)}
    except TemplateError as error:
        return {"error": str(error)}


def merged(given: Json) -> Json:
    try:
        found = merged_args(given.get("incoming") or (), given.get("template") or ())
    except TemplateError as error:
        return {"error": str(error)}
    return {"args": found} if found else {}


def verified_experiment(given: Json) -> Json:
    """The condition that an invalid spec gets; what it was before stays while it says the same."""
    problem = spec_problem(read(Experiment, given["experiment"]))
    if not problem:
        return {}
    old = [given["prevCondition"]] if given["prevCondition"] else []
    found = invalid_spec(old, problem, given["now"]).get("InvalidSpec")
    return {"condition": untimed(found or {})}


def untimed(condition: Json) -> Json:
    """These cases do not say when they were recorded."""
    return {name: value for name, value in condition.items() if not name.endswith("Time")}


def viewed(given: Json) -> Json:
    rollout = read(Rollout, given["rollout"])
    kinds = {"sets": "replicaSets", "pods": "pods", "runs": "analysisRuns", "experiments": "experiments"}
    objects = Objects(**{name: given.get(kind) or () for name, kind in kinds.items()})
    return {"info": view_of(rollout, info_of(rollout, objects))}


def _would_do_if_a_set_went(given: Json, wanted: Json) -> bool:
    """The recorder kept no time of deletion, and a run of a ReplicaSet that is being deleted goes with it."""
    named = [flat for flat in given["allRSs"] if flat is not None]
    return any(surplus_runs({**given, "allRSs": named[:at] + named[at + 1 :]}) == wanted for at in range(len(named)))


def surplus_runs(given: Json) -> Json:
    """Only which ones counts: several go at once. Those of upstream's own tests have no name."""
    runs = [read(AnalysisRun, {"spec": {}, **run}) for run in given["ars"]]
    gone = runs_to_delete(runs, sets(given["allRSs"]), given["limitSuccessful"], given["limitUnsuccessful"])
    return {"names": sorted(run.name for run in gone)}


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
    "validate_rollout": validate_rollout,
    "validate_canary": lambda given: errors(canary_errors(a_rollout(given["rollout"]), given["path"])),
    "validate_bluegreen": lambda given: errors(blue_green_errors(a_rollout(given["rollout"]), given["path"])),
    "validate_antiaffinity": validate_affinity,
    "validate_virtualservice": validate_virtual_service,
    "validate_service": validate_service,
    "validate_analysistemplate": validate_template,
    "istio_weight": virtual_service_weight,
    "istio_header_route": managed_route,
    "istio_mirror_route": managed_route,
    "istio_order_routes": managed_route,
    "nginx_canary_ingress": nginx_ingress,
    "alb_weight_annotations": alb_weight,
    "alb_header_annotations": alb_header,
    "smi_traffic_split": smi_split,
    "promote_patches": promotion,
    "flatten_templates": flattened,
    "build_args": built_args,
    "merge_args": merged,
    "verify_experiment": verified_experiment,
    "rollout_info": viewed,
    "runs_to_delete": surplus_runs,
}
ELSEWHERE = frozenset({*PLAYS, "rollout_reconcile", "experiment_reconcile"})
"""What other families of this folder replay."""


def run(data: Path) -> Iterator[Outcome]:
    for file in sorted((data / "rollouts/vectors").glob("*.json")):
        try:
            cases = json.loads(file.read_bytes())["cases"]
        except (ValueError, KeyError, TypeError) as error:
            yield unreadable(f"rollouts/{file.stem}", error)
            continue
        yield from each(f"rollouts/{file.stem}", cases, partial(_played, file.stem), lambda case: case["id"])
        named = [str(case["op"]) for case in cases if isinstance(case, dict) and "op" in case]
        unknown = Counter(name for name in named if name not in OPERATIONS.keys() | ELSEWHERE)
        for operation_name, count in unknown.items():
            yield not_run(f"rollouts/{file.stem}", "", f"nothing here replays {operation_name} ({count} cases)")


def _played(family: str, case: Json) -> Iterator[Outcome]:
    if (operation := OPERATIONS.get(case["op"])) is not None:
        yield _outcome(family, case, operation)


def _outcome(family: str, case: Json, operation: Callable[[Json], Json]) -> Outcome:
    moment = timestamps.parse(case["now"]) if case.get("now") else datetime(2026, 1, 1, tzinfo=UTC)
    try:
        found = operation({**case["in"], "now": moment})
    except Exception as error:
        return Outcome(f"rollouts/{family}", case["id"], False, f"{type(error).__name__}: {error}")
    wanted = case["out"]
    if "error" in found and "error" in wanted:
        wanted = {**wanted, "error": found["error"]}  # only the fact counts
    if "ingress" in wanted:
        kept = {name: value for name, value in wanted["ingress"].items() if name != "status"}
        wanted = {"ingress": without_types(kept)}
    if case["op"] == "smi_traffic_split":
        found = {version: found[version] for version in wanted if version in found}
    if case["op"] == "istio_weight" and "error" in wanted:
        found = {name: value for name, value in found.items() if name in wanted}
    if case["op"] == "verify_experiment" and "condition" in wanted:
        wanted = {"condition": untimed(wanted["condition"])}
    if case["op"] == "runs_to_delete":
        wanted = {"names": sorted(wanted["names"] or ())}
    if case["op"] == "promote_patches":
        wanted = {name: json.loads(v) if isinstance(v, str) else v for name, v in wanted.items()}
    wrong = "" if found == wanted else f"{found} is not {wanted}"
    if wrong and case["op"] == "runs_to_delete" and _would_do_if_a_set_went(case["in"], wanted):
        return not_run(f"rollouts/{family}", case["id"], "does not tell that one of its ReplicaSets is being deleted")
    return Outcome(f"rollouts/{family}", case["id"], not wrong, wrong[:600])
