"""Stories of a real Argo Rollouts controller, played against ours in virtual time.

Compared are the milestones of Rollouts, ReplicaSets and Experiments and the events of Rollouts: what no two runs of
upstream differed in must come in the same order, and nothing that none of them had. Sizes in between, while both
ReplicaSets scale, are racy even where the recorded runs agree: only where a size was going to counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.kit.rollout_story import RolloutStory

from .outcome import Outcome
from .reading import stories
from .rollouts_commands import compared
from .rollouts_hashes import follows, hashes_of, named, of_run, plain, runs_of
from .rollouts_states import KINDS as STATED
from .rollouts_states import differing_state, our_states, recorded_states

Json = dict[str, Any]
KINDS = ("Rollout", "ReplicaSet", "Experiment")
CONDITIONS = ("Healthy", "Completed", "Paused", "InvalidSpec")
RACY_EVENTS = frozenset(
    {"SwitchService", "TrafficWeightUpdated", "CanaryMappingWeightUpdate", "Updated VirtualService"}
)
"""Their number around an abort is upstream's loop; ours tells each change once."""
LATE = 10**6
HEALTHY = "True/RolloutHealthy"
CATCH_UP, CATCH_UP_TIMES = 0.5, 60
"""Seconds at a time, and how often: as long as the recorder waited."""
LONGEST_DELAY = 40
"""Seconds: longer than any delay in the stories."""
RACY_MESSAGES = ("more replicas need to be updated", "updated replicas are still becoming available")


def run(data: Path) -> Iterator[Outcome]:
    for file, story, unread in stories(
        "rollouts/timelines", (data / "rollouts/timelines").glob("*.json"), "given", "actions", "objects"
    ):
        if unread:
            yield unread
            continue
        said: list[tuple[str, str]] = []
        try:
            wrong = played(story, said)
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        yield Outcome("rollouts/timelines", file.stem, not wrong, "; ".join(wrong)[:1500])
        for command, difference in said:
            yield Outcome("rollouts/commands", f"{file.stem} {command}", not difference, difference[:1500])


def played(story: Json, said: list[tuple[str, str]]) -> list[str]:
    """What differs; what commands printed otherwise is added to `said`."""
    with RolloutStory(rules=story.get("rules") or (), metric=story.get("metric")) as world:
        world.given(story["given"])
        for action in story["actions"]:
            world.act(action)
            if action["do"] == "wait" and action.get("quiet", True):
                catch_up(world, story, int(action["n"]))
            said += compared(world, story, int(action["n"]))
        world.after = LATE
        world.pass_time(LONGEST_DELAY)  # the recordings end at different times after their last action
        failing = [f"{work} {failing.error}" for work, failing in world.engine.failing.items()]
        hashes = hashes_of(world)
        out = [f"failing: {failing}"] if failing else []
        delayed = {key.partition("/")[2] for key, recorded in story["objects"].items() if has_deadlines(recorded)}
        cut_short = was_cut_short(story)
        for key, recorded in story["objects"].items():
            kind = key.partition("/")[0]
            if kind in STATED and not (kind == "Service" and loops(story)):
                out += compare_states(key, recorded["states"], our_states(world, hashes, key), cut_short)
            if kind not in KINDS:
                continue
            out += compare_milestones(key, recorded, milestones(world, hashes, key, since=cut_short))
            if kind == "Rollout":
                out += compare_events(recorded["events"], events(world, hashes, since=cut_short), delayed)
        return out


def has_deadlines(recorded: Json) -> bool:
    return any(entry.get("deadline") for entry in recorded.get("milestones") or ())


def loops(story: Json) -> bool:
    """Whether upstream switched a Service to and fro for as long as the recorder waited."""
    return any(entry.get("flaps") for recorded in story["objects"].values() for entry in recorded.get("events") or ())


def compare_states(key: str, states: Sequence[Json], ours: Sequence[tuple[int, Json]], since: int) -> list[str]:
    kind = key.partition("/")[0]
    recorded = recorded_states(kind, states)
    late = sum(after >= since for after, _ in ours)
    wrong = [differing_state(kind, recorded, found) for found in ends([state for _, state in ours], late)]
    return [] if None in wrong else [f"{key} states: {wrong[0]}"]


def was_cut_short(story: Json) -> int:
    """From which action on ours may have seen more: the recorder stops when nothing is written for a while, and
    upstream's Ambassador sleeps in the middle of a reconcile, with the old pods still there.
    """
    for key, recorded in story["objects"].items():
        last = (recorded.get("milestones") or [{}])[-1]
        conditions = last.get("conditions") or {}
        promoted = last.get("stable") and last.get("stable") == last.get("current")
        weights = last.get("weights") or {}
        if key.startswith("Rollout/") and promoted and weights.get("canary") and conditions.get("Healthy") != HEALTHY:
            return int(last["after"])
    return LATE


def catch_up(world: RolloutStory, story: Json, number: int) -> None:
    """Goes on waiting for what the recording had seen when its wait ended: how long that took is not in the story, and
    where upstream writes in a loop it took long.
    """
    for _ in range(CATCH_UP_TIMES):
        if all(reached(world, key, recorded, number) for key, recorded in story["objects"].items()):
            return
        world.pass_time(CATCH_UP)


def reached(world: RolloutStory, key: str, recorded: Json, number: int) -> bool:
    kind, _, _ = key.partition("/")
    if kind not in KINDS:
        return True
    sure = [entry for entry in recorded.get("milestones") or () if not entry.get("optional")]
    seen = [plain(entry) for entry in sure if entry["after"] < number]
    found, _ = milestones(world, hashes_of(world), key)
    return not seen or seen[-1] in found


def milestones(world: RolloutStory, hashes: dict[str, str], key: str, *, since: int = LATE) -> tuple[list[Json], int]:
    """And how many of them are of the action `since` or later: the recording may have ended before."""
    kind, _, name = key.partition("/")
    found: list[Json] = []
    late = 0
    for after, one, other, obj in world.history:
        if one != kind or named(other, hashes) != name:
            continue
        milestone = {"deleted": True} if obj is None else named(MILESTONES[kind](obj), hashes)
        if not found or found[-1] != milestone:
            found.append(milestone)
            late += after >= since
    return found, late


def ends(found: list[Json], late: int) -> Iterator[list[Json]]:
    for cut in range(late + 1):
        yield found[: len(found) - cut]


def _full(parts: Json) -> Json:
    return {name: value for name, value in parts.items() if value not in (None, "", [], {}, False)}


def rollout_milestone(obj: Json) -> Json:
    status, spec = obj.get("status") or {}, obj["spec"]
    canary, blue_green = status.get("canary") or {}, status.get("blueGreen") or {}
    weights = canary.get("weights") or {}
    conditions = {c["type"]: f"{c['status']}/{c['reason']}" for c in status.get("conditions") or ()}
    phase = status.get("phase")
    found = _full(
        {
            "phase": phase,
            "message": status.get("message") if phase != "Progressing" else "",
            "revision": (obj["metadata"].get("annotations") or {}).get("rollout.argoproj.io/revision"),
            "current": status.get("currentPodHash"),
            "stable": status.get("stableRS"),
            "abort": status.get("abort"),
            "promoteFull": status.get("promoteFull"),
            "controllerPause": status.get("controllerPause"),
            "pause": [pause["reason"] for pause in status.get("pauseConditions") or ()],
            "specPaused": spec.get("paused"),
            "verified": weights.get("verified"),
            "pingPong": canary.get("stablePingPong"),
            "stepAnalysis": _full(_run(canary.get("currentStepAnalysisRunStatus"))),
            "backgroundAnalysis": _full(_run(canary.get("currentBackgroundAnalysisRunStatus"))),
            "experiment": canary.get("currentExperiment"),
            "active": blue_green.get("activeSelector"),
            "preview": blue_green.get("previewSelector"),
            "checkpoint": blue_green.get("scaleUpPreviewCheckPoint"),
            "preAnalysis": (blue_green.get("prePromotionAnalysisRunStatus") or {}).get("status"),
            "postAnalysis": (blue_green.get("postPromotionAnalysisRunStatus") or {}).get("status"),
            "conditions": {kind: conditions[kind] for kind in CONDITIONS if kind in conditions},
            "completion": (status.get("duration") or {}).get("completionStatus"),
        }
    )
    if status.get("currentStepIndex"):
        found["step"] = status["currentStepIndex"]
    if weights:
        found["weights"] = {side: (weights.get(side) or {}).get("weight", 0) for side in ("canary", "stable")}
        if weights.get("additional"):
            found["additionalWeights"] = [[a.get("serviceName"), a["weight"]] for a in weights["additional"]]
    return found


def _run(run: Json | None) -> Json:
    return {} if run is None else {"name": run.get("name"), "status": run.get("status")}


def set_milestone(obj: Json) -> Json:
    notes = obj["metadata"].get("annotations") or {}
    return _full(
        {
            "replicas": str(obj["spec"].get("replicas")),
            "desired": notes.get("rollout.argoproj.io/desired-replicas"),
            "revision": notes.get("rollout.argoproj.io/revision"),
            "history": notes.get("rollout.argoproj.io/revision-history"),
            "ephemeral": notes.get("rollout.argoproj.io/ephemeral-metadata"),
            "deadline": bool(notes.get("scale-down-deadline")),
        }
    )


def experiment_milestone(obj: Json) -> Json:
    status = obj.get("status") or {}
    invalid = [c["message"] for c in status.get("conditions") or () if c["type"] == "InvalidSpec"]
    return _full(
        {
            "phase": status.get("phase"),
            "message": status.get("message"),
            "templates": [
                _full(
                    {
                        "name": t["name"],
                        "status": t.get("status"),
                        "message": t.get("message"),
                        "serviceName": t.get("serviceName"),
                    }
                )
                for t in status.get("templateStatuses") or ()
            ],
            "runs": [
                _full({"name": r["name"], "phase": r.get("phase"), "message": r.get("message")})
                for r in status.get("analysisRuns") or ()
            ],
            "invalid": invalid[0] if invalid else "",
            "terminate": obj["spec"].get("terminate"),
        }
    )


MILESTONES = {"Rollout": rollout_milestone, "ReplicaSet": set_milestone, "Experiment": experiment_milestone}


def compare_milestones(key: str, recorded: Json, whole: tuple[list[Json], int]) -> list[str]:
    wanted = recorded.get("milestones") or []
    smooth = SMOOTH[key.partition("/")[0]]
    for found in ends(*whole):
        if any(entry.get("flaps") for entry in wanted) and found[-1:] == [plain(wanted[-1])]:
            return []
        if follows(wanted, found) or any(smooth(of_run(wanted, run)) == smooth(found) for run in runs_of(wanted)):
            return []
    return [f"{key}: {first_difference(smooth(of_run(wanted, runs_of(wanted)[0])), smooth(whole[0]))}"]


def smoothed_rollouts(found: Sequence[Json]) -> list[Json]:
    """Without a `Progressing` between two other phases that differs in nothing else."""
    result: list[Json] = []
    for entry in found:
        if result and result[-1] == entry:
            continue
        result.append(entry)
    return result


def smoothed_experiments(found: Sequence[Json]) -> list[Json]:
    """A run that has not begun is Pending or has no phase yet, as it happens. Upstream gives an invalid Experiment no
    phase, and so it is never looked at again; ours is in error (spec/rollouts.md, "Seen in the recordings").
    """
    result: list[Json] = []
    for entry in found:
        runs = [{**run, "phase": run.get("phase") or "Pending"} for run in entry.get("runs") or ()]
        if entry.get("invalid"):
            entry = {name: value for name, value in entry.items() if name not in ("phase", "message")}
        result.append({**entry, "runs": runs} if runs else entry)
    return smoothed_rollouts(result)


def smoothed_sets(found: Sequence[Json]) -> list[Json]:
    """Without the sizes that one is passed on the way to another."""
    result: list[Json] = []
    for entry in found:
        while len(result) >= 2 and is_between(result[-2], result[-1], entry):
            result.pop()
        if not result or result[-1] != entry:
            result.append(entry)
    return result


SMOOTH = {"Rollout": smoothed_rollouts, "ReplicaSet": smoothed_sets, "Experiment": smoothed_experiments}


def is_between(before: Json, middle: Json, after: Json) -> bool:
    sizes = [int(entry.get("replicas") or 0) for entry in (before, middle, after)]
    rest = [{name: value for name, value in entry.items() if name != "replicas"} for entry in (before, middle, after)]
    return rest[0] == rest[1] == rest[2] and (sizes[0] <= sizes[1] <= sizes[2] or sizes[0] >= sizes[1] >= sizes[2])


def events(world: RolloutStory, hashes: dict[str, str], *, since: int = LATE) -> tuple[list[Json], int]:
    told = [(after, event) for after, event in world.told if event.about.get("kind") == "Rollout"]
    found = [named({"type": event.type, "reason": event.reason, "message": event.message}, hashes) for _, event in told]
    return found, sum(after >= since for after, _ in told)


def compare_events(recorded: Sequence[Json], whole: tuple[list[Json], int], delayed: set[str]) -> list[str]:
    recorded = [entry for entry in recorded if entry["reason"] != "RolloutDeleted"]
    for found in ends(*whole):
        if follows(recorded, found):
            return []
        ours = smoothed_events(found, delayed)
        if any(smoothed_events(of_run(recorded, run), delayed) == ours for run in runs_of(recorded)):
            return []
    first = smoothed_events(of_run(recorded, runs_of(recorded)[0]), delayed)
    return [f"events: {first_difference(first, smoothed_events(whole[0], delayed))}"]


def smoothed_events(found: Sequence[Json], delayed: set[str]) -> list[Any]:
    """Scalings between two other events as where each ReplicaSet went; repetitions of routers once. When the delay of
    an old ReplicaSet ends among other events is a matter of milliseconds: such ends are compared after all else.
    """
    result: list[Any] = []
    scalings: dict[str, list[str]] = {}
    ended: list[Any] = []
    for entry in found:
        if entry["reason"] == "ScalingReplicaSet":
            words = entry["message"].split()
            if words[3] in delayed and words[-1] == "0":
                ended.append(("delay ended", words[3]))
            else:
                scalings.setdefault(words[3], [words[-3], words[-1]])[1] = words[-1]
            continue
        if entry["reason"] in RACY_EVENTS:
            continue
        result += _sized(scalings)
        scalings = {}
        result.append((entry["type"], entry["reason"], plain_message(entry["message"])))
    return result + _sized(scalings) + sorted(ended)


def plain_message(text: str) -> str:
    """A run that has not begun is Pending or nothing, as it happens; what Go could not print is an address."""
    text = text.replace("transitioned from  ->", "transitioned from Pending ->")
    return re.sub(r"&\{%!d\(string=([^)]*)\).*\}", r"\1", text)


def _sized(scalings: dict[str, list[str]]) -> list[Any]:
    return sorted(("scaled", name, *sizes) for name, sizes in scalings.items() if sizes[0] != sizes[1])


def first_difference(wanted: Sequence[Any], found: Sequence[Any]) -> str:
    for at, (w, f) in enumerate(zip(wanted, found, strict=False)):
        if w != f:
            return f"[{at}] {difference(f, w)}"
    if len(wanted) > len(found):
        return f"[{len(found)}] lacks {wanted[len(found)]}"
    return f"[{len(wanted)}] has {found[len(wanted)]} besides"


def difference(found: Any, wanted: Any) -> str:
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = [key for key in sorted({*found, *wanted}) if found.get(key) != wanted.get(key)]
        return ", ".join(f"{key}: {found.get(key)!r} is not {wanted.get(key)!r}" for key in keys)
    return f"{found!r} is not {wanted!r}"
