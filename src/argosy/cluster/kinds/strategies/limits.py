"""Requests and limits that a namespace's LimitRanges add to a new Pod's containers (LimitRanger admission)."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.machinery.objects import JsonObject

ANNOTATION = "kubernetes.io/limit-ranger"


def apply_limit_ranges(pod: JsonObject, ranges: Iterable[JsonObject]) -> None:
    """In place. Each later range only fills what earlier ones left unset; an annotation records what was filled."""
    notes: list[str] = []
    for limit in _container_limits(ranges):
        for name, word in (("initContainers", "init container"), ("containers", "container")):
            for container in pod["spec"].get(name) or ():
                notes += _fill(container, limit, word)
    if notes:
        metadata = pod["metadata"]
        text = f"LimitRanger plugin set: {'; '.join(notes)}"
        metadata["annotations"] = {**(metadata.get("annotations") or {}), ANNOTATION: text}


def _container_limits(ranges: Iterable[JsonObject]) -> Iterable[JsonObject]:
    for item in ranges:
        for limit in (item.get("spec") or {}).get("limits") or ():
            if limit.get("type") == "Container":
                yield limit


def _fill(container: JsonObject, limit: JsonObject, word: str) -> list[str]:
    notes = []
    for source, target, noun in (("defaultRequest", "requests", "request"), ("default", "limits", "limit")):
        present = (container.get("resources") or {}).get(target) or {}
        missing = {name: amount for name, amount in sorted((limit.get(source) or {}).items()) if name not in present}
        if missing:
            container["resources"] = {**(container.get("resources") or {}), target: {**present, **missing}}
            notes.append(f"{', '.join(missing)} {noun} for {word} {container.get('name', '')}")
    return notes
