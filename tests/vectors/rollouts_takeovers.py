"""A Rollout that the real controller left half-way: ours takes it over, restarts nothing and changes nothing.

Every recorded story is quiet at the end of each of its waits: then the real controller had nothing left to do. The
objects as they stood are created again while no controller runs, with pods by the simulated workloads; once ours has
started, the same pods must run and every object must be as it was. Source: spec/rollouts.md, issue 10.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.objects import Resource
from argosy.rollouts.revisions.hashing import pod_template_hash, step_hash
from tests.kit.rollout_story import EXPERIMENTS, NAMESPACE, REPLICA_SETS, ROLLOUTS, RUNS, RolloutStory

from .outcome import Outcome
from .reading import stories
from .rollouts_timelines import MILESTONES

Json = dict[str, Any]
FAMILY = "rollouts/takeovers"
PODS = Resource("", "v1", "pods", "Pod")
ORDER = ("Deployment", "Rollout", "Experiment", "ReplicaSet", "Service", "AnalysisRun", "Job")
"""Owners first; routers' objects come last."""
READY, TAKEN = 8.0, 3.0
"""Seconds: until the pods are ready, and until ours has looked at everything."""
LABEL = "rollouts-pod-template-hash"
DEADLINE = "scale-down-deadline"
WORKLOAD = "rollout.argoproj.io/workload-generation"
HASH = re.compile(r"\{hash:\d+\}$")


def run(data: Path) -> Iterator[Outcome]:
    for file, story, unread in stories(
        FAMILY, (data / "rollouts/timelines").glob("*.json"), "given", "actions", "objects"
    ):
        if unread:
            yield unread
            continue
        for number in quiet_ends(story):
            if is_at_work(story, number):
                continue
            try:
                wrong = taken_over(story, number)
            except Exception as error:
                wrong = [f"{type(error).__name__}: {error}"]
            yield Outcome(FAMILY, f"{file.stem} {number}", not wrong, "; ".join(wrong)[:1500])


def quiet_ends(story: Json) -> list[int]:
    return [int(one["n"]) for one in story["actions"] if one["do"] == "wait" and one.get("quiet", True)]


def is_at_work(story: Json, number: int) -> bool:
    """Whether the recorder stopped waiting too early: an update is complete, and old pods are still to be removed."""
    done = [
        {one["type"]: one["status"] for one in (parts.get("status") or {}).get("conditions") or ()}
        for key, parts in left_by(story, number).items()
        if key.startswith("Rollout/") and (parts.get("status") or {}).get("phase") == "Healthy"
    ]
    return any(one.get("Completed") == "True" and one.get("Healthy") != "True" for one in done)


def taken_over(story: Json, number: int) -> list[str]:
    """What differs after the change of controllers at the end of an action."""
    objects = left_by(story, number)
    with RolloutStory(rules=story.get("rules") or (), metric=story.get("metric")) as world:
        world.kill()
        _create(world, story, number, objects)
        world.pass_time(READY)
        pods, before = _pods(world), _milestones(world)
        world.start()
        world.pass_time(TAKEN)
        after = _milestones(world)
        gone = pods - _pods(world)
        wrong = [f"{len(gone)} of {len(pods)} pods were deleted: {sorted(name for name, _ in gone)}"] if gone else []
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                wrong.append(f"{key}: {before.get(key)} became {after.get(key)}")
        return wrong


def left_by(story: Json, number: int) -> dict[str, Json]:
    """Each recorded object as it stood when the action had ended, by `Kind/name`."""
    found: dict[str, Json] = {}
    for key, recorded in story["objects"].items():
        parts: Json = {}
        is_there = False
        for state in recorded["states"]:
            if state["after"] > number:
                break
            parts = {**parts, **{name: state[name] for name in ("meta", "spec", "status") if name in state}}
            is_there = not state.get("deleted")
        if is_there:
            found[key] = parts
    return found


def _create(world: RolloutStory, story: Json, number: int, objects: dict[str, Json]) -> None:
    known = {resource.kind: resource for resource in world.run(world.client.resources())}
    world.given([one for key, one in _unrecorded(story, number).items() if key not in story["objects"]])
    names, uids = _names(world, story), dict[str, str]()
    for key in sorted(objects, key=lambda key: (_rank(key), key)):
        placed = {f"{{uid:{one}}}": uid for one, uid in uids.items()}
        kind, name = str(_named(_named(key, names), placed)).split("/", 1)
        parts = _named(_named(objects[key], names), placed)
        made = _restored(world, known[kind], name, parts, uids)
        uids[f"{kind}/{name}"] = made["metadata"]["uid"]


def _unrecorded(story: Json, number: int) -> dict[str, Json]:
    """Manifests as users left them: given, applied or deleted."""
    found = {_reference(one): one for one in story["given"]}
    for action in story["actions"]:
        if int(action["n"]) <= number and action["do"] == "delete":
            found.pop(str(action.get("object")), None)
        if int(action["n"]) <= number and action["do"] == "apply":
            applied = action["args"] if isinstance(action["args"], list) else [action["args"]]
            found |= {_reference(one): one for one in applied}
    return found


def _reference(manifest: Json) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def _rank(key: str) -> int:
    kind = key.partition("/")[0]
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _names(world: RolloutStory, story: Json) -> dict[str, str]:
    """What stands for each placeholder. Hashes are those of the templates that the real controller made."""
    names = {"{ns}": NAMESPACE, "{time}": timestamps.seconds(world.clock.now()), '"{seconds}"': "0"}
    for key, recorded in story["objects"].items():
        first = recorded["states"][0]
        labels = (first.get("meta") or {}).get("labels") or {}
        found = HASH.search(key) or HASH.search(str(labels.get(LABEL)))
        if key.startswith("ReplicaSet/") and found is not None:
            template = json.loads(json.dumps(first["spec"]["template"]))
            template["metadata"]["labels"].pop(LABEL, None)
            names[found[0]] = pod_template_hash(template)
    return names


def _named(value: Any, names: dict[str, str]) -> Any:
    text = json.dumps(value)
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return json.loads(text)


def _restored(world: RolloutStory, resource: Resource, name: str, parts: Json, uids: dict[str, str]) -> Json:
    meta = {key: value for key, value in (parts.get("meta") or {}).items() if key != "generation"}
    for owner in meta.get("ownerReferences") or ():
        owner["uid"] = uids.get(f"{owner['kind']}/{owner['name']}", "gone")
    notes = meta.get("annotations") or {}
    if WORKLOAD in notes:
        notes[WORKLOAD] = "1"  # it was created anew
    if DEADLINE in notes:
        notes[DEADLINE] = timestamps.seconds(world.clock.now() + timedelta(seconds=60))
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {**meta, "name": name, "namespace": NAMESPACE},
        "spec": parts.get("spec") or {},
    }
    status = dict(parts.get("status") or {})
    if resource.kind in ("ReplicaSet", "Deployment", "Job"):
        status = {}  # the simulated workloads write it
    made = world.create({**body, "status": status} if status else body)
    if resource.kind == "Rollout" and status:
        if status.get("observedGeneration") == str((parts.get("meta") or {}).get("generation")):
            status["observedGeneration"] = str(made["metadata"]["generation"])
        if "workloadObservedGeneration" in status:
            status["workloadObservedGeneration"] = "1"
        if "currentStepHash" in status:
            status["currentStepHash"] = step_hash(read(Rollout, made))
        made = world.patch(ROLLOUTS, name, {"status": status}, NAMESPACE, subresource="status") or made
    return made


def _pods(world: RolloutStory) -> set[tuple[str, str]]:
    pods = world.list(PODS, NAMESPACE)
    return {
        (one["metadata"]["name"], one["metadata"]["uid"]) for one in pods if "deletionTimestamp" not in one["metadata"]
    }


def _milestones(world: RolloutStory) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for resource in (ROLLOUTS, REPLICA_SETS, EXPERIMENTS, RUNS):
        shown = MILESTONES.get(resource.kind, _run)
        for obj in world.list(resource, NAMESPACE):
            if not obj["spec"].get("ttlStrategy"):  # its time may have ended while no controller ran
                found[f"{resource.kind}/{obj['metadata']['name']}"] = _comparable(shown(obj))
    return found


def _comparable(milestone: Json) -> Json:
    """An invalid Experiment has no phase upstream, and is in error here (spec/rollouts.md, Seen in the recordings)."""
    dropped = ("phase", "message") if milestone.get("invalid") else ()
    return {name: value for name, value in milestone.items() if name not in dropped}


def _run(obj: Json) -> Json:
    """An AnalysisRun: how it and its metrics stand."""
    status = obj.get("status") or {}
    metrics = {one["name"]: one.get("phase") for one in status.get("metricResults") or ()}
    return {"phase": status.get("phase"), "message": status.get("message"), "metrics": metrics}


__all__ = ["quiet_ends", "run", "taken_over"]
