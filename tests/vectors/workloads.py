"""Recorded timelines of workloads: per object the same sequence of sizes, reasons, final counts and Events.

Times and the interleaving of kinds are not compared; generated names are replaced by the order in which they appear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.vectors.outcome import Outcome

from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.store import Change
from argosy.cluster.workloads.rule_reading import parse_rules
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings, Workloads
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.verbs import verbs
from argosy.runtime.virtual import VirtualClock, run_virtual

FAMILY = "workloads"
NAMESPACE = "kk"
RULES = """
rules:
- match: {image: "bad:*"}
  effect: {fail: {reason: ErrImagePull}}
- match: {owner: {kind: Job}}
  effect: {startDelay: 0.2, readyDelay: 0, runFor: 0.5}
- match: {}
  effect: {startDelay: 0.2, readyDelay: 0.2, jitter: 0.3}
"""
Row = dict[str, Any]


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/exchanges`."""
    recorded = json.loads((data / "kubernetes" / "exchanges" / "workload-timelines.json").read_text())
    actions = [part["action"] for part in recorded]

    async def main(clock: VirtualClock, rng: SeededRng) -> list[list[Row]]:
        return await _play(clock, rng, actions)

    ours = run_virtual(main, seed=1)
    theirs_names, our_names = _Names(), _Names()
    for part, rows in zip(recorded, ours, strict=True):
        theirs, mine = _summary(part["events"], theirs_names), _summary(rows, our_names)
        for name in sorted({*theirs, *mine}):
            passed = theirs.get(name) == mine.get(name)
            detail = "" if passed else f"{mine.get(name)} instead of {theirs.get(name)}"
            yield Outcome(FAMILY, f"{part['action']}: {name}", passed, detail)


# -- our side ----------------------------------------------------------------------------------------------------------


async def _play(clock: VirtualClock, rng: SeededRng, actions: Sequence[str]) -> list[list[Row]]:
    found: list[list[Row]] = []
    rows: list[Row] = []
    async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
        workloads = Workloads(
            PipelineServer(cluster.core, cluster.on_commit, cluster.spawn),
            clock,
            parse_rules(RULES),
            Settings(node="n1", kubelet_events=False),
        )
        workloads.start()
        client = verbs(cluster.client("recorder"))
        namespaces = cluster.resource("", "v1", "namespaces")
        await client.create(namespaces, {"metadata": {"name": NAMESPACE}})
        await clock.settle(within=timedelta(seconds=5))
        cluster.on_commit(lambda batch: rows.extend(_rows(batch)))
        for action in actions:
            for verb, plural, body in STEPS[action]:
                resource = cluster.resource(*plural)
                if verb == "create":
                    body = {**body, "metadata": {**body["metadata"], "namespace": NAMESPACE}}
                    await client.create(resource, body)
                else:
                    await client.patch(resource, "w", NAMESPACE, body, PatchType.MERGE)
            await clock.settle(within=timedelta(seconds=20))
            found.append(list(rows))
            rows.clear()
        workloads.stop()
    return found


def _rows(batch: Sequence[Change]) -> Iterator[Row]:
    for change in batch:
        obj, status = change.obj, change.obj.get("status") or {}
        kind = obj["kind"]
        if kind == "Event":
            about = f"{obj['involvedObject']['kind']}/{obj['involvedObject']['name']}"
            yield {"kind": kind, "object": about, "reason": obj["reason"], "message": obj["message"]}
        elif kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"):
            numbers = {name: value for name, value in status.items() if name != "conditions"}
            conditions = {item["type"]: [item["status"], item.get("reason")] for item in status.get("conditions") or ()}
            row: Row = {"kind": kind, "name": obj["metadata"]["name"], "status": numbers, "conditions": conditions}
            if "replicas" in obj["spec"]:
                row["spec.replicas"] = obj["spec"]["replicas"]
            yield row


def _workload(kind: str, name: str, labels: dict[str, str], image: str, **spec: Any) -> JsonObject:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    body = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": body}


def _image(image: str) -> JsonObject:
    return {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}


_DEPLOYMENTS = ("apps", "v1", "deployments")
_SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "w"},
    "spec": {"selector": {"app": "w"}, "ports": [{"port": 80}]},
}
_JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "j"},
    "spec": {
        "completions": 2,
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a:1"}]}},
    },
}
_NOWHERE = {"template": {"spec": {"nodeSelector": {"no": "where"}}}, "progressDeadlineSeconds": 5}
STEPS: dict[str, list[tuple[str, tuple[str, str, str], JsonObject]]] = {
    "service + deployment 4 replicas": [
        ("create", ("", "v1", "services"), _SERVICE),
        ("create", _DEPLOYMENTS, _workload("Deployment", "w", {"app": "w"}, "a:1", replicas=4)),
    ],
    "image update": [("patch", _DEPLOYMENTS, {"spec": _image("a:2")})],
    "scale 2": [("patch", _DEPLOYMENTS, {"spec": {"replicas": 2}})],
    "unschedulable update, deadline 5": [("patch", _DEPLOYMENTS, {"spec": _NOWHERE})],
    "rollback": [("patch", _DEPLOYMENTS, {"spec": {"template": {"spec": {"nodeSelector": None}}}})],
    "pause+change": [("patch", _DEPLOYMENTS, {"spec": {"paused": True, **_image("a:3")}})],
    "resume": [("patch", _DEPLOYMENTS, {"spec": {"paused": False}})],
    "statefulset 3": [
        (
            "create",
            ("apps", "v1", "statefulsets"),
            _workload("StatefulSet", "s", {"app": "s"}, "a:1", replicas=3, serviceName="s"),
        )
    ],
    "daemonset": [("create", ("apps", "v1", "daemonsets"), _workload("DaemonSet", "ds", {"app": "ds"}, "a:1"))],
    "job 2 completions": [("create", ("batch", "v1", "jobs"), _JOB)],
    "bad image deployment": [
        (
            "create",
            _DEPLOYMENTS,
            _workload("Deployment", "bad", {"app": "bad"}, "bad:1", replicas=2, progressDeadlineSeconds=3),
        )
    ],
}


# -- both sides --------------------------------------------------------------------------------------------------------


class _Names:
    """Generated parts of names by order of appearance."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def plain(self, text: str) -> str:
        text = re.sub(r"\b(w|bad|s)-([b-z0-9]{8,10})\b", self._hash, text)
        return re.sub(r"\b(ds|j|[a-z]+-#\d)-[a-z0-9]{5}\b", r"\1-*", text)

    def _hash(self, found: re.Match[str]) -> str:
        number = self._known.setdefault(found[0], f"#{len(self._known)}")
        return f"{found[1]}-{number}"


def _summary(rows: Sequence[Row], names: _Names) -> dict[str, object]:
    found: dict[str, list[Any]] = {}
    last: dict[str, Any] = {}
    for row in rows:
        if row["kind"] == "Event":
            about = names.plain(row["object"])
            found.setdefault(f"events of {about}", []).append((row["reason"], names.plain(row["message"])))
        elif row["kind"] in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"):
            name = f"{row['kind']} {names.plain(row['name'])}"
            reasons = sorted((kind, *value) for kind, value in row["conditions"].items())
            step = [row.get("spec.replicas", 0), reasons]
            if row["kind"] in ("StatefulSet", "Job"):
                step.append(_numbers(row["status"]))
            steps = found.setdefault(name, [])
            if not steps or steps[-1] != step:
                steps.append(step)
            last[f"{name} at the end"] = _numbers(row["status"])
    for about in [name for name in found if name.startswith("events of ReplicaSet")]:
        found[about] = sorted(found[about])
    return {**found, **last}


def _numbers(status: Row) -> Row:
    unrecorded = ("observedGeneration", "terminatingReplicas")
    numbers = {name: value for name, value in status.items() if isinstance(value, int) and name not in unrecorded}
    uncounted = status.get("uncountedTerminatedPods")
    if uncounted is not None:
        numbers["uncounted"] = sum(map(len, uncounted.values()))
    return numbers
