"""Complete reconciles of a Rollout: the objects of one recorded sync, decided by ours, compared by their effects.

Compared: the status, ReplicaSets, Services, AnalysisRuns and Experiments at the end, and the reasons of the events.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from argosy.machinery import timestamps
from argosy.machinery.controller import PENDING, Question
from argosy.machinery.objects import Key, Resource
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.rollouts.ports import AskTargets, TargetsAnswer
from argosy.rollouts.reconcile.decide import decide_turn
from argosy.rollouts.reconcile.look import look
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.routers.port import Router, RoutingError, Shares
from argosy.rollouts.routers.table import routers_of
from argosy.rollouts.settings import RolloutSettings
from tests.kit.pure_world import PureWorld, apply_json_patch

from .outcome import Outcome, not_run

Json = dict[str, Any]
GROUP = "argoproj.io"
KINDS = {
    "rollouts": Resource(GROUP, "v1alpha1", "rollouts", "Rollout"),
    "experiments": Resource(GROUP, "v1alpha1", "experiments", "Experiment"),
    "analysisRuns": Resource(GROUP, "v1alpha1", "analysisruns", "AnalysisRun"),
    "analysisTemplates": Resource(GROUP, "v1alpha1", "analysistemplates", "AnalysisTemplate"),
    "clusterAnalysisTemplates": Resource(
        GROUP, "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate", namespaced=False
    ),
    "replicaSets": Resource("apps", "v1", "replicasets", "ReplicaSet"),
    "services": Resource("", "v1", "services", "Service"),
    "pods": Resource("", "v1", "pods", "Pod"),
    "ingresses": Resource("networking.k8s.io", "v1", "ingresses", "Ingress"),
    "virtualServices": Resource("networking.istio.io", "v1alpha3", "virtualservices", "VirtualService"),
    "endpoints": Resource("", "v1", "endpoints", "Endpoints"),
    "targetGroupBindings": Resource("elbv2.k8s.aws", "v1beta1", "targetgroupbindings", "TargetGroupBinding"),
}
BY_PLURAL = {resource.plural: resource for resource in KINDS.values()}
RACY = frozenset({"RolloutAddedToInformer"})
"""Upstream's informer emits it beside the reconcile that was recorded."""
COMPARED = ("rollouts", "replicasets", "services", "analysisruns", "experiments")


class RecordedRouter:
    """Stands for the router that upstream's tests put in: it only says what was recorded of its verification."""

    kind = "recorded"

    def __init__(self, calls: Sequence[Json], verified: bool | None) -> None:
        self.verified = verified
        self.problems = {call["method"]: problem for call in calls if (problem := _problem(call["returns"]))}

    def _answer(self, method: str) -> None:
        if method in self.problems:
            raise RoutingError(self.problems[method])

    def remove_managed_routes(self) -> None:
        self._answer("RemoveManagedRoutes")

    def set_header_route(self, route: object) -> None:
        self._answer("SetHeaderRoute")

    def set_mirror_route(self, route: object) -> None:
        self._answer("SetMirrorRoute")

    def update_hash(self, canary: str, stable: str, shares: Shares) -> None:
        self._answer("UpdateHash")

    def set_weight(self, weight: int, shares: Shares) -> None:
        self._answer("SetWeight")

    def verify_weight(self, weight: int, shares: Shares) -> bool | None:
        self._answer("VerifyWeight")
        return self.verified


def _problem(returns: str) -> str:
    """Pointers are printed as addresses, and no error as <nil>."""
    words = [word for word in returns.split() if not word.startswith("0x") and word != "<nil>"]
    return " ".join(words)


def run(data: Path) -> Iterator[Outcome]:
    file = data / "rollouts/vectors/rollout-reconcile.json"
    if not file.exists():
        return
    for case in json.loads(file.read_bytes())["cases"]:
        if contradicts_itself(case):
            why = "its Rollout is not the one that upstream reconciled: a Completed condition came without its event"
            yield not_run("rollouts/rollout-reconcile", case["id"], why)
            continue
        try:
            wrong = played(case)
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        yield Outcome("rollouts/rollout-reconcile", case["id"], not wrong, "; ".join(wrong)[:1500])


def contradicts_itself(case: Json) -> bool:
    """A first Completed=False always tells RolloutNotCompleted. Where it did not, one of upstream's tests gave its fake
    client another Rollout than its cache, and the one that was reconciled was not recorded.
    """
    statuses = [rollout.get("status") or {} for rollout in case["in"]["objects"].get("rollouts") or ()]
    before = {item["type"] for status in statuses for item in status.get("conditions") or ()}
    patches = [action.get("patch") or {} for action in case["out"]["argoActions"] if action["resource"] == "rollouts"]
    after = [item for patch in patches for item in (patch.get("status") or {}).get("conditions") or ()]
    begun = any((item["type"], item["status"]) == ("Completed", "False") for item in after)
    return begun and "Completed" not in before and "RolloutNotCompleted" not in case["out"]["events"]


def completed(given: Json, wanted: Json) -> Json:
    """What some of upstream's tests left out: the templates that exist only in name, and a workload's stub."""
    objects: Json = copy.deepcopy(given["objects"])
    if given.get("workloadRefStub"):
        for rollout in objects["rollouts"]:
            rollout["spec"].pop("workloadRef", None)
            current = rollout["status"]["currentPodHash"]
            sets = {item["metadata"]["labels"]["rollouts-pod-template-hash"]: item for item in objects["replicaSets"]}
            template = copy.deepcopy(sets[current]["spec"]["template"])
            template["metadata"]["labels"].pop("rollouts-pod-template-hash", None)
            rollout["spec"]["template"] = template
    if "analysisTemplates" in objects or "clusterAnalysisTemplates" in objects or "InvalidSpec" in json.dumps(wanted):
        return objects
    names = {name for rollout in objects["rollouts"] for name in template_names(rollout["spec"]["strategy"])}
    metadata = {"namespace": given["key"].partition("/")[0]}
    objects["analysisTemplates"] = [{"metadata": {**metadata, "name": name}, "spec": {}} for name in sorted(names)]
    return objects


def template_names(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["templateName"]} if isinstance(value.get("templateName"), str) else set()
        return own.union(*(template_names(item) for item in value.values()))
    return set().union(*(template_names(item) for item in value)) if isinstance(value, list) else set()


def world_of(objects: Json) -> PureWorld:
    world = PureWorld()
    for kind, items in objects.items():
        for item in items:
            world.add(KINDS[kind], copy.deepcopy(item))
    return world


def played(case: Json) -> list[str]:
    given, wanted = case["in"], case["out"]
    now = timestamps.parse(case["now"]) if case.get("now") else datetime(2026, 1, 1, tzinfo=UTC)
    objects = completed(given, wanted)
    world, expected = world_of(objects), expected_objects(objects, wanted)
    namespace, _, name = given["key"].partition("/")
    key = Key(namespace, name)
    rollout = expected.get(("rollouts", key), {})
    weights = ((rollout.get("status") or {}).get("canary") or {}).get("weights") or {}
    unverified = any("not yet verified" in str(error) for error in wanted["errors"])
    calls = wanted.get("trafficCalls") or ()
    router = RecordedRouter(calls, False if unverified else weights.get("verified"))

    def routers(turn: Turn) -> Sequence[Router]:
        if "trafficCalls" in wanted:
            return (router,)
        return routers_of(turn)

    settings = RolloutSettings(verify_target_groups="targetGroupBindings" in objects)
    world.answers = partial(load_balancer, wanted["events"])
    for _ in range(given["syncs"]):
        seen = look(world, key, settings)
        if seen is None:
            break
        decision = decide_turn(seen, now, routers)
        world.memory = decision.memory
        world.carry_out(decision.steps)
    return differences(world, expected, wanted, now)


def load_balancer(told: Sequence[str], question: Question[Any]) -> Any:
    """The answers that the load balancer of upstream's test must have given, derived from the controller's."""
    if isinstance(question, AskTargets):
        return TargetsAnswer(question.targets if "TargetGroupUnverified" not in told else frozenset())
    return PENDING


def expected_objects(objects: Json, wanted: Json) -> dict[tuple[str, Key], Json]:
    """What upstream's writes make of the objects."""
    found: dict[tuple[str, Key], Json] = {}
    for kind, items in objects.items():
        for item in items:
            metadata = item["metadata"]
            found[KINDS[kind].plural, Key(metadata.get("namespace") or "", metadata["name"])] = copy.deepcopy(item)
    for action in [*wanted["kubeActions"], *wanted["argoActions"]]:
        replay(found, action)
    return found


def replay(found: dict[tuple[str, Key], Json], action: Json) -> None:
    plural, verb = action["resource"], action["verb"]
    obj = action.get("object") or {}
    name = action.get("name") or (obj.get("metadata") or {}).get("name") or ""
    place = plural, Key(action.get("namespace") or "", name)
    if verb == "update" or (verb == "create" and place not in found):
        found[place] = copy.deepcopy(obj)
    elif verb == "delete":
        found.pop(place, None)
    elif verb == "patch" and place in found:
        if action["patchType"] == "application/json-patch+json":
            found[place] = apply_json_patch(found[place], action["patch"])
        else:
            found[place] = merge_patch(found[place], action["patch"])


def differences(world: PureWorld, expected: dict[tuple[str, Key], Json], wanted: Json, now: datetime) -> list[str]:
    out = []
    reasons = [event.reason for event in world.events if event.reason not in RACY]
    if reasons != (right := [reason for reason in wanted["events"] if reason not in RACY]):
        out.append(f"events {reasons} are not {right}")
    found = {
        (name.partition(".")[0], key): obj
        for (name, key), obj in world.stored.items()
        if name.partition(".")[0] in COMPARED
    }
    for place in sorted({*found, *(place for place in expected if place[0] in COMPARED)}, key=str):
        if place not in found or place not in expected:
            out.append(f"{place} is {'absent' if place not in found else 'new'}")
            continue
        out += compare(place[0], found[place], expected[place], str(place[1]))
    return out


def compare(kind: str, found: Json, wanted: Json, name: str) -> list[str]:
    out = []
    if kind == "rollouts":
        out += deep(strip(found.get("status")), strip(wanted.get("status")), f"{name} status")
    if kind == "replicasets":
        out += deep(found["spec"].get("replicas"), wanted["spec"].get("replicas"), f"{name} replicas")
    if kind == "services":
        out += deep(found["spec"].get("selector"), wanted["spec"].get("selector"), f"{name} selector")
    if kind in ("analysisruns", "experiments"):
        out += deep(strip(found.get("spec")), strip(wanted.get("spec")), f"{name} spec")
        out += deep(found["metadata"].get("labels"), wanted["metadata"].get("labels"), f"{name} labels")
    notes = [(obj["metadata"].get("annotations") or {}) for obj in (found, wanted)]
    notes = [{key: value for key, value in some.items() if not key.startswith("argosy.dev/")} for some in notes]
    return out + deep(notes[0], notes[1], f"{kind} {name} annotations")


def strip(value: Any) -> Any:
    """Without what is empty: Go leaves it out, or prints it, by its type."""
    if isinstance(value, dict):
        inner = {key: strip(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item not in (None, "", [], {}, False) and item != 0}
    return [strip(item) for item in value] if isinstance(value, list) else value


def deep(found: Any, wanted: Any, path: str) -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted({*found, *wanted})
        return [text for key in keys for text in deep(found.get(key), wanted.get(key), f"{path}.{key}")]
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        if path.endswith(".conditions"):
            found, wanted = (sorted(items, key=lambda item: str(item.get("type"))) for items in (found, wanted))
        pairs = zip(found, wanted, strict=True)
        return [text for at, (f, w) in enumerate(pairs) for text in deep(f, w, f"{path}[{at}]")]
    return [] if found == wanted else [f"{path}: {found!r} is not {wanted!r}"]
