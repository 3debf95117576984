"""Every state that Services, objects of routers, AnalysisRuns and Experiments went through, as recorded and as ours.

Compared without what is empty, and without times, uids and generations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.kit.rollout_story import RolloutStory

from .rollouts_hashes import follows, named, of_run, runs_of

Json = dict[str, Any]
KINDS = (
    "Service",
    "Ingress",
    "Mapping",
    "VirtualService",
    "DestinationRule",
    "TrafficSplit",
    "TraefikService",
    "ApisixRoute",
    "AnalysisRun",
    "Experiment",
)
WITH_STATUS = ("AnalysisRun", "Experiment")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{uid:[^{}]*(\{[^{}]*\}[^{}]*)*\}")
JOB_POD = re.compile(r"(?<=\.\d)-[a-z0-9]{5}(?=,)")
SERVERS = (
    "clusterIP",
    "clusterIPs",
    "ipFamilies",
    "ipFamilyPolicy",
    "sessionAffinity",
    "type",
    "internalTrafficPolicy",
)
"""What the API server adds to a Service."""


def differing_state(kind: str, recorded: Sequence[Json], found: Sequence[Json]) -> str | None:
    """The first state in which they differ, in words; None where ours is one of the recorded ones."""
    smooth = SMOOTH.get(kind, _in_cycles)
    ours = smooth(found)
    theirs = [smooth(of_run(recorded, run)) for run in runs_of(recorded)]
    if follows(recorded, found) or ours in theirs:
        return None
    if kind == "Service" and any(ours == [*one, one[-2]] for one in theirs if len(one) > 1):
        return None  # a selector that somebody emptied is put right; upstream leaves it
    if kind == "AnalysisRun" and ours[-1].get("deleted") and any(ours[:-1] == one[: len(ours) - 1] for one in theirs):
        return None  # it outlived its time, which upstream notices when something else wakes it
    for at, (wanted, one) in enumerate(zip(theirs[0], ours, strict=False)):
        if wanted != one:
            return f"[{at}] {one} is not {wanted}"[:600]
    return f"{len(ours)} states are not {len(theirs[0])}: {[*ours, *theirs[0]][min(len(ours), len(theirs[0])) :][:1]}"[
        :600
    ]


def recorded_states(kind: str, states: Sequence[Json]) -> list[Json]:
    """Each complete: an absent part is as in the entry before."""
    found: list[Json] = []
    parts: Json = {}
    for state in states:
        if state.get("deleted"):
            whole: Json = {"deleted": True}
        else:
            changed: Json = {name: state[name] for name in ("meta", "spec", "status") if name in state}
            parts = {**parts, **(changed or {"status": None})}  # what changed is that there is none any more
            whole = plain_state(kind, parts)
        about: Json = {name: state[name] for name in ("optional", "run", "flaps") if name in state}
        found.append({**whole, **about, "after": state["after"]})
    return found


def our_states(world: RolloutStory, hashes: dict[str, str], key: str) -> list[tuple[int, Json]]:
    """With the action that each was seen after."""
    kind, _, name = key.partition("/")
    found: list[tuple[int, Json]] = []
    for after, one, other, obj in world.history:
        if one != kind or named(other, hashes) != name:
            continue
        state: Json = {"deleted": True} if obj is None else plain_state(kind, named(_parts(obj), hashes))
        if not found or found[-1][1] != state:
            found.append((after, state))
    return found


def _in_cycles(found: Sequence[Json]) -> list[Json]:
    """A cycle of 2 to 6 states that comes three times is kept once, as in the recordings."""
    result = list(found)
    for length in range(2, 7):
        at = 0
        while at + 3 * length <= len(result):
            cycle = result[at : at + length]
            count = 1
            while result[at + count * length : at + (count + 1) * length] == cycle:
                count += 1
            if count >= 3:
                del result[at + length : at + count * length]
            at += 1
    return result


def _runs(found: Sequence[Json]) -> list[Json]:
    """Without how often metrics were measured on the way: only how the run and its metrics stood, and where it ended.

    When a run that has no end of its own is ended is a matter of milliseconds.
    """
    result: list[Json] = []
    for state in found:
        status = state.get("status") or {}
        results = [_judged(one) for one in status.get("metricResults") or ()]
        plain = {**state, "status": {**status, "metricResults": results}}
        if not result or result[-1] != plain:
            result.append(plain)
    return result


def _judged(result: Json) -> Json:
    kept = {name: value for name, value in result.items() if name in ("name", "phase", "message", "dryRun", "metadata")}
    return {**kept, "phases": sorted({str(one.get("phase")) for one in result.get("measurements") or ()})}


def _experiments(found: Sequence[Json]) -> list[Json]:
    """Without how many pods were there on the way; a run that has not begun is Pending or nothing, as it happens."""
    result: list[Json] = []
    for state in found:
        status = dict(state.get("status") or {})
        if "templateStatuses" in status:
            status["templateStatuses"] = [
                {name: value for name, value in one.items() if not name.lower().endswith("replicas")}
                for one in status["templateStatuses"]
            ]
        if "analysisRuns" in status:
            status["analysisRuns"] = [{**one, "phase": one.get("phase") or "Pending"} for one in status["analysisRuns"]]
        if any(one["type"] == "InvalidSpec" for one in status.get("conditions") or ()):
            status.pop("phase", None)
            status.pop("message", None)
        plain = {**state, "status": status}
        if not result or result[-1] != plain:
            result.append(plain)
    return result


SMOOTH = {"AnalysisRun": _runs, "Experiment": _experiments}


def _parts(obj: Json) -> Json:
    metadata = obj["metadata"]
    notes = {
        name: value for name, value in (metadata.get("annotations") or {}).items() if not name.startswith("argosy.dev/")
    }
    owners = [{**owner, "uid": None} for owner in metadata.get("ownerReferences") or ()]
    meta = {"labels": metadata.get("labels"), "annotations": notes, "ownerReferences": owners}
    return {"meta": meta, "spec": obj.get("spec"), "status": obj.get("status")}


def plain_state(kind: str, parts: Json) -> Json:
    meta = {name: value for name, value in (parts.get("meta") or {}).items() if name != "generation"}
    spec = {
        name: value for name, value in (parts.get("spec") or {}).items() if kind != "Service" or name not in SERVERS
    }
    status = parts.get("status") if kind in WITH_STATUS else None
    plain: Json = _plain({"meta": meta, "spec": spec, "status": status}) or {}
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        found = {name: _plain(item) for name, item in value.items()}
        return {name: item for name, item in found.items() if item not in (None, "", 0, [], {}) and item is not False}
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        if all(isinstance(item, dict) and ("type" in item or "name" in item) for item in items):
            return sorted(items, key=lambda item: str(item.get("type") or item.get("name")))
        return items
    if isinstance(value, str):
        return JOB_POD.sub("{pod}", UID.sub("{uid}", TIME.sub("{time}", value)))
    return value
