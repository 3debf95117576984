"""Compares what became of the objects of a story with what was recorded.

Each part of an object that one writer owns is a track of its own: how they interleave is not compared. A track's
distinct states must be recorded ones in their order (what lives for an instant may be left out), and end as recorded.
Milestones - phases, what a Stage holds, where Freight is - must be the same ones, none left out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from tests.kit.kargo_timeline.spelling import recorded as spelled

Tracks = dict[str, Any]
BY_STAGE: Final = ("currentlyIn", "verifiedIn", "approvedFor")


def tracks(kind: str, state: JsonObject) -> Tracks:
    metadata = state.get("metadata") or {}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if "refresh" not in k}
    kept = {"labels": metadata.get("labels"), "annotations": annotations, "finalizers": metadata.get("finalizers")}
    own = {"metadata": {k: v for k, v in kept.items() if v}}
    rest = {k: v for k, v in state.items() if k not in ("metadata", "status") and v not in ({}, None)}
    status = dict(state.get("status") or {})
    if kind == "Freight":
        found: Tracks = {"itself": {**own, **rest}, "metadata": status.get("metadata")}
        for field in BY_STAGE:
            for stage, value in (status.get(field) or {}).items():
                found[f"{field}.{stage}"] = value
        return found
    if kind == "Project":
        status.pop("stats", None)  # of other objects; see `Story.truths`
    if kind == "AnalysisRun":
        return {"itself": _pruned({**own, **rest})}
    if kind == "ProjectConfig":
        status.pop("observedGeneration", None)  # upstream writes it a moment after the rest
    if kind == "Stage" and "health" in status:
        status["health"] = _without_applications(status["health"])
    return {"itself": {**own, **rest}, "status": status or None}


def _without_applications(health: JsonObject) -> JsonObject:
    """What Applications said of themselves is another control plane's."""
    outputs = [
        {"applicationStatuses": [{"Name": app["Name"]} for app in one.get("applicationStatuses") or ()]}
        for one in health.get("output") or ()
    ]
    return {**health, **({"output": outputs} if outputs else {})}


def _pruned(value: Any) -> Any:
    """Without the empty members that Go's types bring along."""
    if isinstance(value, dict):
        kept = {key: _pruned(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ({}, None)}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def whole(states: Sequence[JsonObject], commits: int) -> list[JsonObject]:
    """Recorded states with what was left out because it was equal to the state before."""
    found: list[JsonObject] = []
    last: JsonObject = {}
    for state in states:
        if state.get("deleted"):
            continue
        kept = {key: value for key, value in state.items() if key not in ("repeats", "optional")}
        kept = _of_the_story(kept, commits)
        last = {**{key: last[key] for key in ("metadata", "spec") if key in last}, **kept}
        found.append(json.loads(spelled(json.dumps(last))))
    return found


def _of_the_story(state: JsonObject, commits: int) -> JsonObject:
    """Without commits that the repository had before the story began."""
    listed = ((state.get("status") or {}).get("discoveredArtifacts") or {}).get("git")
    if not listed:
        return state
    found: JsonObject = json.loads(json.dumps(state))
    for one in found["status"]["discoveredArtifacts"]["git"]:
        if one.get("commits"):
            one["commits"] = [commit for commit in one["commits"] if _number(commit["id"]) <= commits]
    return found


def _number(sha: str) -> int:
    found = re.fullmatch(r"\{sha:(\d+)\}", sha)
    return int(found[1]) if found else sys.maxsize


def differences(name: str, recording: JsonObject, mine: Sequence[JsonObject], commits: int) -> Iterator[str]:
    """`commits`: how many the story made, with those of the control plane."""
    kind = name.partition("/")[0]
    wanted = [tracks(kind, state) for state in whole(recording["states"], commits)]
    own = [tracks(kind, state) for state in mine]
    repeats = any("repeats" in one for one in recording["states"])
    ended = bool(recording.get("final"))
    for track in sorted({key for one in (*wanted, *own) for key in one}):
        theirs, ours = distinct([one.get(track) for one in wanted]), distinct([one.get(track) for one in own])
        for is_passing in PASSING if track == "status" else ():
            if not any(map(is_passing, theirs)) or is_passing is _awaits_comparison:
                ours = [one for one in ours if not is_passing(one)]
        ends = [one.get(track) for one in _ends(wanted, recording["states"])]
        yield from _compared(f"{name} {track}", theirs, ours, ends, repeats=repeats, ended=ended)
    optional = any("optional" in one for one in recording["states"])
    for what, of in MILESTONES.get(kind, {}).items():
        theirs = distinct([of(state) for state in whole(recording["states"], commits)])
        ours = distinct([of(state) for state in mine])
        if theirs != ours and not optional and not repeats and not ended:
            yield f"{name}: {what} {ours}, recorded {theirs}"


def _compared(
    where: str, wanted: list[Any], mine: list[Any], ends: list[Any], *, repeats: bool, ended: bool
) -> Iterator[str]:
    at = 0
    for state in mine:
        if (place := next((i for i in range(at, len(wanted)) if wanted[i] == state), None)) is None:
            if state not in wanted or not repeats:
                yield f"{where}: a state that was not recorded: {nearest(wanted, state) or 'out of order'}"
            continue
        at = place
    if wanted and mine and not ended and mine[-1] not in ends:
        yield f"{where}: ends otherwise: {difference(wanted[-1], mine[-1])}"


def _verifies(status: Any) -> bool:
    """The analysis room reports a run as running before its first measurement; upstream's does so afterwards."""
    history = ((status or {}).get("freightHistory") or [{}]) if isinstance(status, dict) else [{}]
    return bool(((history[0].get("verificationHistory") or [{}])[0]).get("phase") == "Running")


def _awaits_comparison(status: Any) -> bool:
    """How long an Application is not compared again after its sync is the GitOps room's affair."""
    issues = ((status or {}).get("health") or {}).get("issues") or [] if isinstance(status, dict) else []
    return any("was not reconciled after its most recent operation" in issue for issue in issues)


PASSING: Final = (_verifies, _awaits_comparison)


def _ends(wanted: list[Tracks], states: Sequence[JsonObject]) -> list[Tracks]:
    """What the story may end with: the two recordings may have ended otherwise."""
    found, left = wanted[-1:], [one for one in states if not one.get("deleted")]
    while len(found) < len(wanted) and left[-len(found) - 1].get("optional"):
        found = wanted[-len(found) - 1 :]
    return found


def _held(stage: JsonObject) -> Any:
    history = (stage.get("status") or {}).get("freightHistory") or [{}]
    return [one["name"] for one in (history[0].get("items") or {}).values()], len(history)


def _places(freight: JsonObject) -> Any:
    status = freight.get("status") or {}
    return {field: sorted(status.get(field) or {}) for field in ("currentlyIn", "verifiedIn")}


MILESTONES: Final[Mapping[str, Mapping[str, Callable[[JsonObject], Any]]]] = {
    "Promotion": {"phases": lambda one: (one.get("status") or {}).get("phase")},
    "Stage": {
        "last Promotions": lambda one: ((one.get("status") or {}).get("lastPromotion") or {}).get("name"),
        "what it holds": _held,
    },
}


def distinct(states: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for state in states:
        if not found or found[-1] != state:
            found.append(state)
    return found


def nearest(wanted: Sequence[Any], mine: Any) -> str:
    found = [difference(one, mine) for one in wanted if (one is None) == (mine is None)] or [difference(None, mine)]
    return min(found, key=_weight)


def difference(wanted: Any, mine: Any, at: str = "") -> str:
    if isinstance(wanted, dict) and isinstance(mine, dict):
        parts = [
            difference(wanted.get(key), mine.get(key), f"{at}.{key}")
            for key in sorted({*wanted, *mine})
            if wanted.get(key) != mine.get(key)
        ]
        return "; ".join(parts)
    if isinstance(wanted, list) and isinstance(mine, list) and len(wanted) == len(mine):
        return "; ".join(
            difference(one, other, f"{at}[{number}]")
            for number, (one, other) in enumerate(zip(wanted, mine, strict=True))
            if one != other
        )
    return f"{at}: ours {str(mine)[:300]!r}, recorded {str(wanted)[:300]!r}"


def _weight(text: str) -> tuple[int, int]:
    return text.count("; ") + 5 * text.count('ours "[') + 5 * text.count("ours '["), len(text)
