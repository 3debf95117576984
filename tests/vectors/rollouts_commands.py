"""What the plug-in printed at the quiet points of the recorded stories, against our tree of the same moment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import Key, Resource
from argosy.rollouts.commands.info import Objects, experiment_node, info_of
from argosy.rollouts.commands.tree import experiment_text, rollout_text
from argosy.rollouts.status.phase import shown_phase
from kit.rollout_story import EXPERIMENTS, NAMESPACE, REPLICA_SETS, ROLLOUTS, RUNS, RolloutStory

from .outcome import Outcome
from .rollouts_timelines import hashes_of

Json = dict[str, Any]
PODS = Resource("", "v1", "pods", "Pod")
AGE = r"(?<= )(\d+[smhdy])+(?= |$)"


def run(data: Path) -> Iterator[Outcome]:
    for file in sorted((data / "rollouts/timelines").glob("*.json")):
        story = json.loads(file.read_bytes())
        for command, wrong in played(story):
            yield Outcome("rollouts/commands", f"{file.stem} {command}", not wrong, wrong[:1500])


def played(story: Json) -> Iterator[tuple[str, str]]:
    with RolloutStory(rules=story.get("rules") or (), metric=story.get("metric")) as world:
        world.given(story["given"])
        for action in story["actions"]:
            world.act(action)
            for entry in story["cli"]:
                if entry["after"] == action["n"] and (found := output(world, entry["command"])) is not None:
                    ours, theirs = squeezed(world, found), squeezed(world, entry["output"])
                    yield f"{entry['command']} {action['n']}", "" if ours == theirs else difference(ours, theirs)


def output(world: RolloutStory, command: str) -> str | None:
    words = command.split()
    if words[:2] == ["get", "rollout"] and (obj := world.get(ROLLOUTS, Key(NAMESPACE, words[2]))) is not None:
        return rollout_text(info_of(read(Rollout, obj), objects_of(world)), world.clock.now())
    if words[:2] == ["get", "experiment"] and (obj := world.get(EXPERIMENTS, Key(NAMESPACE, words[2]))) is not None:
        message = str((obj.get("status") or {}).get("message") or "")
        return experiment_text(experiment_node(obj, objects_of(world)), NAMESPACE, message, world.clock.now())
    if words[0] == "status" and (obj := world.get(ROLLOUTS, Key(NAMESPACE, words[1]))) is not None:
        phase, message = shown_phase(read(Rollout, obj))
        text = phase if phase in ("Healthy", "Degraded") else f"{phase} - {message}"
        degraded = f"\nError: The rollout is in a degraded state with message: {message}"
        return text + (degraded if phase == "Degraded" else "")
    return None


def objects_of(world: RolloutStory) -> Objects:
    found = [world.list(one, NAMESPACE) for one in (REPLICA_SETS, PODS, RUNS, EXPERIMENTS)]
    return Objects(sets=found[0], pods=found[1], runs=found[2], experiments=found[3])


def squeezed(world: RolloutStory, text: str) -> list[str]:
    for pod_hash, name in hashes_of(world).items():
        text = text.replace(pod_hash, name)
    text = re.sub(r"(\{hash:\d+\}|exp-\w+)-[a-z0-9]{5}(?= )", r"\1-{pod}", text.replace(NAMESPACE, "{ns}"))
    text = text.replace("{age}", "1s")
    lines = [re.sub(AGE, "{age}", re.sub(" +", " ", line).rstrip()) for line in text.strip().splitlines()]
    tree = sorted(line.strip("│├└─ ") for line in lines if "{age}" in line)
    return [*[line for line in lines if "{age}" not in line], *tree]


def difference(ours: list[str], theirs: list[str]) -> str:
    return f"lacks {[line for line in theirs if line not in ours]}; has {[line for line in ours if line not in theirs]}"
