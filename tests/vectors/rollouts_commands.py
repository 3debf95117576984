"""What the plug-in printed at the quiet points of the recorded stories, against our tree of the same moment.

`rollouts_timelines` plays the stories, and asks here after each action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import Key, Resource
from argosy.rollouts.commands.info import Objects, experiment_node, info_of
from argosy.rollouts.commands.tree import experiment_text, experiments_table, rollout_text, rollouts_table
from argosy.rollouts.status.phase import shown_phase
from tests.kit.rollout_story import EXPERIMENTS, NAMESPACE, REPLICA_SETS, ROLLOUTS, RUNS, RolloutStory

from .rollouts_hashes import hashes_of

Json = dict[str, Any]
Lines = list[str]
PODS = Resource("", "v1", "pods", "Pod")
AGE = r"(?<= )(\d+[smhdy])+(?= |$)"


def compared(world: RolloutStory, story: Json, number: int) -> Iterator[tuple[str, str]]:
    """(command, what is wrong) of all that was asked or said after this action."""
    for entry in story["cli"]:
        if entry["after"] == number and (found := output(world, entry["command"])) is not None:
            said = str(entry["output"])
            if entry["command"].startswith("terminate"):
                said = TERMINATED.sub(r"experiment '\1' terminated", said)
            ours, theirs = comparable(squeezed(world, found), squeezed(world, said))
            yield f"{entry['command']} {number}", "" if ours == theirs else difference(ours, theirs)


def comparable(ours: Lines, theirs: Lines) -> tuple[Lines, Lines]:
    """Without old ReplicaSets whose delay ended, or was noted, only in one of the two at that moment, their pods and
    the numbers that count them; without the phase of an Experiment where upstream gives an invalid one none.
    """
    passing = {words[1] for line in {*ours} ^ {*theirs} if line.startswith("⧉") and (words := line.split())}
    passing = {name for name in passing if any(name in line and "delay" in line for line in (*ours, *theirs))}
    invalid = "Status:" in theirs

    def kept(line: str) -> bool:
        if line.startswith("Waits for:"):
            return False  # ours alone
        if passing and line.startswith((" Current:", " Updated:", " Ready:", " Available:", "Images:", " app:")):
            return False
        if invalid and line.startswith(("Status:", "Message:", "Σ ")):
            return False
        if "Pod ◌ Terminating" in line:
            return False  # how long they take to go is the cluster's
        return not any(f" {name} " in line or f" {name}-" in line for name in passing)

    return [line for line in ours if kept(line)], [line for line in theirs if kept(line)]


def output(world: RolloutStory, command: str) -> str | None:
    words = command.split()
    if words[:2] == ["get", "rollout"] and (obj := world.get(ROLLOUTS, Key(NAMESPACE, words[2]))) is not None:
        return rollout_text(info_of(read(Rollout, obj), objects_of(world)), world.clock.now())
    if words[:2] == ["get", "experiment"] and (obj := world.get(EXPERIMENTS, Key(NAMESPACE, words[2]))) is not None:
        message = str((obj.get("status") or {}).get("message") or "")
        return experiment_text(experiment_node(obj, objects_of(world)), NAMESPACE, message, world.clock.now())
    if words[0] == "list":
        kind, table = (EXPERIMENTS, experiments_table) if words[1] == "experiments" else (ROLLOUTS, rollouts_table)
        return table(world.list(kind, NAMESPACE), world.clock.now())
    if words[0] in ("get", "status", "lint") and words[1:2] != ["web"]:
        return None  # words of kubectl's own about what is not there
    if words[0] == "status" and (obj := world.get(ROLLOUTS, Key(NAMESPACE, words[1]))) is not None:
        phase, message = shown_phase(read(Rollout, obj))
        text = phase if phase in ("Healthy", "Degraded") else f"{phase} - {message}"
        degraded = f"\nError: The rollout is in a degraded state with message: {message}"
        return text + (degraded if phase == "Degraded" else "")
    return world.said.get(world.after)


TERMINATED = re.compile(r"experiment '(\S+)' retried")
"""What upstream says of an Experiment that was terminated."""


def objects_of(world: RolloutStory) -> Objects:
    found = [world.list(one, NAMESPACE) for one in (REPLICA_SETS, PODS, RUNS, EXPERIMENTS)]
    return Objects(sets=found[0], pods=found[1], runs=found[2], experiments=found[3])


def squeezed(world: RolloutStory, text: str) -> list[str]:
    for pod_hash, name in hashes_of(world).items():
        text = text.replace(pod_hash, name)
    text = re.sub(r"(□ \S+)-([a-z0-9]{5}|\{pod\})(?= )", r"\1-{pod}", text.replace(NAMESPACE, "{ns}"))
    text = re.sub(r"⊞ ([0-9a-f-]{36}|\{uid:\S+\})\.", "⊞ {uid}.", text)
    text = re.sub(r"^time=.*level=error.*\n", "", text, flags=re.MULTILINE)  # of the plug-in's own client
    text = text.replace("{age}", "1s")
    text = re.sub(r"delay:\d+[smh]\S*", "delay:{left}", text)  # to the second of the recording
    text = re.sub(r"(AnalysisRun .*✔) [1-9]\d(?=,|$)", r"\1 {many}", text, flags=re.MULTILINE)  # until it was ended
    lines = [re.sub(AGE, "{age}", re.sub(" +", " ", line).rstrip()) for line in text.strip().splitlines()]
    tree = sorted(line.strip("│├└─ ") for line in lines if "{age}" in line)
    return [*[line for line in lines if "{age}" not in line], *tree]


def difference(ours: list[str], theirs: list[str]) -> str:
    return f"lacks {[line for line in theirs if line not in ours]}; has {[line for line in ours if line not in theirs]}"
