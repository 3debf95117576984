"""Plays a recorded story of Kargo's control plane against ours, and compares what became of it.

Compared: the states of objects (see `comparing`), events in order with their annotations, refusals, commits and refs.
Other rooms take part where the story needs them: AnalysisRuns are carried out, Applications are synced.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion import Settings
from argosy.sources.hosting.serving import Serving
from tests.kit.kargo_timeline.comparing import difference, differences, tracks, whole
from tests.kit.kargo_timeline.neighbours import Neighbours
from tests.kit.kargo_timeline.serving import Script
from tests.kit.kargo_timeline.spelling import recorded as spelled
from tests.kit.kargo_timeline.story import KINDS, WEBHOOKS, Story
from tests.kit.promotion import PromotionWorld, git

NOT_OURS = ("rollouts-controller",)
"""Events of other rooms."""


def played(document: JsonObject, directory: Path, **more: Any) -> list[str]:
    """What is different from the recording."""
    script = Script()
    neighbours = Neighbours(document, script)
    with (
        Serving([script.application()]) as (port,),
        PromotionWorld(directory, settings=Settings(webhook_base_url=WEBHOOKS), **neighbours.parts(), **more) as world,
        neighbours.beside(world),
    ):
        story = Story(document, world, script, port)
        world.cluster.on_commit(story.observe)
        story.play()
        world.pass_time(2)
        return [*story.refusals, *_objects(story), *story.truths(), *_commits(story), *_refs(story)]


def _objects(story: Story) -> Iterator[str]:
    mine: dict[str, list[str]] = {}
    for name in story.states:
        mine.setdefault(story.ours(name), []).append(name)
    for name, recording in story.document["objects"].items():
        kind = name.partition("/")[0]
        if kind not in KINDS:
            continue
        recording = _without_withheld(story, recording)
        left = mine.get(spelled(name), [])
        if not left:
            yield f"{name}: never seen"
            continue
        real = _counterpart(story, kind, recording, left)
        left.remove(real)
        states = [story.state(one) for one in story.states[real]]
        made = [one for one in story.document.get("commits") or () if not one["author"].startswith("Dana Dev")]
        yield from differences(name, recording, states, len(story.shas) + len(made))
        yield from _events(story, name, recording, real)


def _counterpart(story: Story, kind: str, recording: JsonObject, left: list[str]) -> str:
    """Of several with the same name, the one that starts the same: their order depends on the Warehouses."""
    if kind == "Freight":
        wanted = tracks(kind, whole(recording["states"], sys.maxsize)[0])["itself"]
        for name in left:
            if tracks(kind, story.state(story.states[name][0]))["itself"] == wanted:
                return name
    return left[0]


def _without_withheld(story: Story, recording: JsonObject) -> JsonObject:
    if not story.withheld:
        return recording
    found: JsonObject = json.loads(json.dumps(recording))
    for state in found["states"]:
        approved = (state.get("status") or {}).get("approvedFor") or {}
        for stage in story.withheld:
            approved.pop(stage, None)
    return {**found, "events": [one for one in found.get("events") or () if one["reason"] != "FreightApproved"]}


def _events(story: Story, name: str, recording: JsonObject, real: str) -> Iterator[str]:
    if not name.startswith(("Freight/", "Promotion/")):
        return
    mine = [
        _event(json.loads(story.ours(json.dumps(one))), one["metadata"].get("annotations"), story)
        for one in story.events
        if f"{one['involvedObject']['kind']}/{one['involvedObject']['name']}" == real
    ]
    wanted = [_event(json.loads(spelled(json.dumps(one))), None, story) for one in recording.get("events") or ()]
    if mine != wanted and sorted(map(str, mine)) != sorted(map(str, wanted)):
        yield f"{name}: events {[one[0] for one in mine]}, recorded {[one[0] for one in wanted]}"
        for one, other in zip(mine, wanted, strict=False):
            if one != other:
                yield f"{name}: event {difference(list(other), list(one))}"


def _event(event: JsonObject, annotations: JsonObject | None, story: Story) -> tuple[str, str, Any]:
    given = event.get("annotations") or (event.get("metadata") or {}).get("annotations") or {}
    found = {key: _parsed(value) for key, value in given.items()}
    found.pop("event.kargo.akuity.io/freight-alias", None)  # of one that was renamed: the old name or the new
    return event["reason"], event["message"], found


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _commits(story: Story) -> Iterator[str]:
    wanted = [
        (
            one["message"].strip(),
            one["author"],
            {path: spelled(file.get("content") or "") for path, file in one["files"].items()},
        )
        for one in story.document.get("commits") or ()
        if not one["author"].startswith("Dana Dev")
    ]
    mine = list(_made(story))
    if sorted(map(str, mine)) != sorted(map(str, wanted)):
        yield f"commits {mine}, recorded {wanted}"


def _made(story: Story) -> Iterator[tuple[str, str, dict[str, str]]]:
    for repository in sorted(story.world.directory.glob("*.git")):
        for sha in git(repository, "rev-list", "--all", "--reverse", "--topo-order").split():
            message, author = git(repository, "log", "-1", "--format=%B%x00%an <%ae>", sha).split("\0")
            if author.strip().startswith("Dana Dev"):
                continue
            listed = git(repository, "show", "--format=", "--name-only", sha).split("\n")
            files = {path: _content(story, repository, sha, path) for path in listed if path}
            yield story.ours(message.strip()), author.strip(), files


def _content(story: Story, repository: Path, sha: str, path: str) -> str:
    try:
        return story.ours(git(repository, "show", f"{sha}:{path}"))
    except Exception:  # it was deleted, or is not text
        return ""


def _refs(story: Story) -> Iterator[str]:
    mine = {
        story.ours(f"{repository.stem}:{ref}")
        for repository in story.world.directory.glob("*.git")
        for ref in git(repository, "for-each-ref", "--format=%(refname)").split()
    }
    wanted = {spelled(ref) for ref in story.document.get("refs") or {}}
    if mine != wanted:
        yield f"refs {sorted(mine)}, recorded {sorted(wanted)}"
