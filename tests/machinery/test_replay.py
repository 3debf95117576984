"""Recorded writes, replayed: the same object, the same owners, the same errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.machinery.replay import Server, scenario

# Decided before or after the pure part: place and version checks, storage, dry runs of other kinds, validation.
BY_THE_SERVER = {
    "apply-basics": {21, 25, 27, 28, 30, 31, 32},
    "apply-lists": {8},
    # 23, 24: the recorded object was changed before them by a write that is not in the recording
    "strategic-merge-patch": {13, 21, 22, 23, 24, 25, 26, 27, 28},
    "json-patch-and-merge-patch": {15, 16, 20, 22, 26, 27, 28},
}


def _owners(obj: dict[str, Any]) -> list[dict[str, Any]]:
    entries = obj.get("metadata", {}).get("managedFields") or []
    return sorted(
        ({**entry, "time": ""} for entry in entries if entry.get("subresource") != "status"),
        key=lambda entry: (entry["operation"], entry["manager"]),
    )


def _content(obj: dict[str, Any]) -> dict[str, Any]:
    return {key: obj.get(key) for key in ("data", "spec", "rules")}


@pytest.mark.parametrize("name", sorted(BY_THE_SERVER))
def test_recorded_writes_give_the_same_objects_owners_and_errors(name: str) -> None:
    server, compared = Server(), 0
    wrong: list[tuple[object, ...]] = []
    for index, step in enumerate(scenario(name)):
        request = step.get("request")
        if request is None or "namespaces" in request["path"].rsplit("/", 1) or index in BY_THE_SERVER[name]:
            continue
        if request["method"] not in ("POST", "PATCH") or "/services" in request["path"]:
            continue
        status, body = server.handle(request)
        if step.get("setup"):
            assert status == step["status"], (index, body)
            continue
        expected = step["response"]
        compared += 1
        if status != expected["status"]:
            wrong.append((index, step["name"], status, expected["status"], body if status > 299 else ""))
        elif status > 299:
            if body != expected["body"]:
                wrong.append((index, step["name"], body, expected["body"]))
        else:
            if _content(body) != _content(expected["body"]):
                wrong.append((index, step["name"], "content", _content(body), _content(expected["body"])))
            if _owners(body) != _owners(expected["body"]):
                wrong.append((index, step["name"], "owners", _owners(body), _owners(expected["body"])))
    assert not wrong, "\n\n".join(map(str, wrong))
    assert compared >= 9
