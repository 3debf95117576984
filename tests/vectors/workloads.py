"""Recorded timelines of workloads: per object the same sequence of sizes, reasons, final counts and Events.

Times and the interleaving of kinds are not compared; generated names are replaced by the order in which they appear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from argosy.cluster.server import NAMESPACES, EmbeddedCluster
from argosy.cluster.store import Change
from argosy.cluster.workloads.rules.rule_reading import parse_rules
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings, Workloads
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import verbs
from tests.vectors.outcome import Outcome, not_run

FAMILY = "workloads"
RULES = """
rules:
{failing}- match: {{owner: {{kind: Job}}}}
  effect: {{startDelay: 0.2, readyDelay: 0, runFor: 0.5}}
- match: {{}}
  effect: {{startDelay: 0.2, readyDelay: 0.2, jitter: 0.3}}
"""
FAILING = """- match: {{image: "{image}"}}
  effect: {{fail: {{reason: ErrImagePull}}}}
"""
Row = dict[str, Any]


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/exchanges`."""
    recorded = json.loads((data / "kubernetes" / "exchanges" / "workload-timelines.json").read_text())
    script = Script(recorded)

    async def main(clock: VirtualClock, rng: SeededRng) -> list[list[Row]]:
        return await _play(clock, rng, script)

    ours = run_virtual(main, seed=1)
    theirs_names, our_names = _Names(script), _Names(script)
    for at, (part, rows) in enumerate(zip(recorded, ours, strict=True)):
        if at in script.not_understood:
            yield not_run(FAMILY, part["action"], script.not_understood[at])
            continue
        theirs, mine = _summary(part["events"], theirs_names), _summary(rows, our_names)
        for name in sorted({*theirs, *mine}):
            passed = theirs.get(name) == mine.get(name)
            detail = "" if passed else f"{mine.get(name)} instead of {theirs.get(name)}"
            yield Outcome(FAMILY, f"{part['action']}: {name}", passed, detail)


# -- our side ----------------------------------------------------------------------------------------------------------


async def _play(clock: VirtualClock, rng: SeededRng, script: Script) -> list[list[Row]]:
    found: list[list[Row]] = []
    rows: list[Row] = []
    async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
        workloads = Workloads(
            PipelineServer(cluster.core, cluster.on_commit, cluster.spawn),
            clock,
            parse_rules(script.rules),
            Settings(node=script.node, kubelet_events=False),
        )
        workloads.start()
        client = verbs(cluster.client("recorder"))
        namespaces = cluster.resource("", "v1", "namespaces")
        if script.namespace not in NAMESPACES:
            await client.create(namespaces, {"metadata": {"name": script.namespace}})
        await clock.settle(within=timedelta(seconds=5))
        cluster.on_commit(lambda batch: rows.extend(_rows(batch)))
        for steps in script.steps:
            for step in steps:
                resource = cluster.resource(*PLACES[step.kind])
                if step.is_new:
                    metadata = {"name": step.name, "namespace": script.namespace}
                    body = {"apiVersion": resource.api_version, "kind": step.kind, "metadata": metadata}
                    await client.create(resource, {**body, "spec": step.spec})
                else:
                    change = {"spec": step.spec}
                    await client.patch(resource, step.name, script.namespace, change, PatchType.MERGE)
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


# -- what was asked for ------------------------------------------------------------------------------------------------

PLACES = {
    "Service": ("", "v1", "services"),
    "Deployment": ("apps", "v1", "deployments"),
    "StatefulSet": ("apps", "v1", "statefulsets"),
    "DaemonSet": ("apps", "v1", "daemonsets"),
    "Job": ("batch", "v1", "jobs"),
}
WORKLOADS = tuple(kind for kind in PLACES if kind != "Service")
NUMBERED = re.compile(r"\b(scale|deadline|statefulset) (\d+)|\b(\d+) (replicas|completions)")
CHANGES: dict[str, JsonObject] = {"pause": {"paused": True}, "resume": {"paused": False}}
WORDS = {*CHANGES, "service", "deployment", "statefulset", "daemonset", "job", "image", "change", "update", "bad"}
WORDS |= {"unschedulable", "rollback", "scale", "deadline", "replicas", "completions"}
"""What is understood of an action's words; the rest is read from what was recorded after it."""


class Step(NamedTuple):
    kind: str
    name: str
    spec: JsonObject
    is_new: bool


class Script:
    """What was asked for, read from the words of each action and from what was recorded after it."""

    def __init__(self, recorded: Sequence[Row]) -> None:
        rows = [row for part in recorded for row in part["events"]]
        placed = "".join(f"{row['message']}\n" for row in rows if row.get("reason") == "Scheduled")
        found = re.search(r"assigned ([^/ ]+)/\S+ to (\S+)", placed)
        self.namespace, self.node = (found[1], found[2]) if found else ("default", "n1")
        pods = [row for row in rows if row["kind"] == "Pod" and row.get("image")]
        ran = {row["image"] for row in pods if row["phase"] in ("Running", "Succeeded")}
        failing = "".join(FAILING.format(image=image) for image in sorted({row["image"] for row in pods} - ran))
        self.rules = RULES.format(failing=failing)
        self.names = {kind: {row["name"] for row in rows if row["kind"] == kind} for kind in WORKLOADS}
        self.steps: list[list[Step]] = []
        self.not_understood: dict[int, str] = {}
        self._templates: dict[tuple[str, str], list[JsonObject]] = {}
        lost: set[str] = set()
        for at, part in enumerate(recorded):
            touched = {row["name"] for row in part["events"] if row["kind"] in WORKLOADS}
            unknown = set(re.findall(r"[a-z]+", part["action"].lower())) - WORDS
            if unknown or touched & lost:
                lost |= touched
                said = " and ".join(sorted(unknown)) if unknown else "an earlier action on the same object"
                self.not_understood[at] = f"{said} is not understood"
                self.steps.append([])
            else:
                later = [row for other in recorded[at:] for row in other["events"]]
                self.steps.append([*self._made(part), *self._changed(part, later)])

    def _made(self, part: Row) -> Iterator[Step]:
        for row in part["events"]:
            if row["kind"] == "EndpointSlice" and row["type"] == "ADDED":
                name = row["name"].rpartition("-")[0]
                yield Step("Service", name, {"selector": {"app": name}, "ports": [{"port": 80}]}, is_new=True)
        for row in part["events"]:
            if row["kind"] in WORKLOADS and row["type"] == "ADDED":
                yield Step(row["kind"], row["name"], self._spec(row, part), is_new=True)

    def _spec(self, row: Row, part: Row) -> JsonObject:
        kind, name, labels = row["kind"], row["name"], {"app": row["name"]}
        image = _image_of(name, part["events"], "") or "a:1"
        template: JsonObject = {"metadata": {"labels": labels}, "spec": _containers(image)}
        self._templates[kind, name] = [template["spec"]]
        if kind == "Job":
            template["spec"] = {**template["spec"], "restartPolicy": "Never"}
            return {"template": template, "completions": _number("completions", part["action"]) or 1}
        spec = {"selector": {"matchLabels": labels}, "template": template, **_deadline(row, part)}
        if kind == "StatefulSet":
            spec["serviceName"] = name
        return {**spec, "replicas": row["spec.replicas"]} if "spec.replicas" in row else spec

    def _changed(self, part: Row, later: Sequence[Row]) -> Iterator[Step]:
        first = next((row for row in part["events"] if row["kind"] in WORKLOADS), None)
        if first is None or first["type"] == "ADDED":
            return
        kind, name, words = first["kind"], first["name"], set(re.findall(r"[a-z]+", part["action"].lower()))
        templates = self._templates[kind, name]
        spec: JsonObject = {}
        for word in words & set(CHANGES):
            spec |= CHANGES[word]
        if "scale" in words:
            spec["replicas"] = first["spec.replicas"]
        if deadline := _number("deadline", part["action"]):
            spec["progressDeadlineSeconds"] = deadline
        template = templates[-1]
        if "rollback" in words:
            template = templates[-2]
        if words & {"image", "change"}:
            template = _containers(_image_of(name, later, template["containers"][0]["image"]) or "a:next")
        if "unschedulable" in words:
            template = {**template, "nodeSelector": {"no": "where"}}
        if template is not templates[-1]:
            templates.append(template)
            spec["template"] = {"spec": {"nodeSelector": None, **template}}
        yield Step(kind, name, spec, is_new=False)


def _image_of(owner: str, rows: Sequence[Row], old: str) -> str | None:
    """The first image of a Pod of that owner other than the old one."""
    pods = (row for row in rows if row["kind"] == "Pod" and row["type"] == "ADDED" and row.get("image"))
    return next((row["image"] for row in pods if row["name"].startswith(f"{owner}-") and row["image"] != old), None)


def _containers(image: str) -> JsonObject:
    return {"containers": [{"name": "c", "image": image}]}


def _number(word: str, action: str) -> int | None:
    for found in NUMBERED.finditer(action):
        if word in (found[1], found[4]):
            return int(found[2] or found[3])
    return None


def _deadline(row: Row, part: Row) -> JsonObject:
    """As the action says it, or as long as it took to be exceeded."""
    told = _number("deadline", part["action"])
    if told is None:
        ends = (
            other["t"]
            for other in part["events"]
            if (other["kind"], other.get("name")) == (row["kind"], row["name"])
            and "ProgressDeadlineExceeded" in (other["conditions"].get("Progressing") or ())
        )
        end = next(ends, None)
        told = None if end is None else round(end - row["t"])
    return {} if told is None else {"progressDeadlineSeconds": told}


# -- both sides --------------------------------------------------------------------------------------------------------


class _Names:
    """Generated parts of names by order of appearance."""

    def __init__(self, script: Script) -> None:
        self._known: dict[str, str] = {}
        hashed, plain = (
            "|".join(sorted(re.escape(name) for kind in kinds for name in script.names[kind])) or "(?!)"
            for kinds in (("Deployment", "StatefulSet"), ("DaemonSet", "Job"))
        )
        self._hashed = re.compile(rf"\b({hashed})-([b-z0-9]{{8,10}})\b")
        self._random = re.compile(rf"\b({plain}|[a-z0-9-]+-#\d+)-[a-z0-9]{{5}}\b")

    def plain(self, text: str) -> str:
        return self._random.sub(r"\1-*", self._hashed.sub(self._hash, text))

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
