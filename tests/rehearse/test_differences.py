"""What changed in an environment, object by object."""

from __future__ import annotations

from typing import Any

from argosy.rehearse.differences import Environment, differences


def obj(kind: str, version: str, **more: Any) -> dict[str, Any]:
    metadata = {
        "name": "a",
        "namespace": "n",
        "uid": "u",
        "resourceVersion": version,
        "managedFields": [{"a": version}],
    }
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


def environment(*objects: dict[str, Any]) -> Environment:
    return Environment("argocd", "shop", "here", {("", one["kind"], "n", "a"): one for one in objects})


def test_only_what_people_wrote_counts() -> None:
    before = environment(obj("ConfigMap", "1", data={"a": "b"}, status={"x": 1}))
    assert differences([before], [environment(obj("ConfigMap", "2", data={"a": "b"}, status={"x": 2}))]) == []


def test_objects_come_change_and_go() -> None:
    before = environment(obj("ConfigMap", "1", data={"a": "b"}), obj("Service", "1"))
    after = environment(obj("ConfigMap", "2", data={"a": "c"}), obj("Job", "3"))
    (found,) = differences([before], [after])
    assert [(one.kind, one.change) for one in found.objects] == [
        ("ConfigMap", "update"), ("Job", "create"), ("Service", "delete"),
    ]  # fmt: skip
    assert {"-  a: b", "+  a: c"} <= set(found.objects[0].lines)


def test_values_of_secrets_are_masked() -> None:
    before = environment(obj("Secret", "1", data={"password": "b2xk"}))
    (found,) = differences([before], [environment(obj("Secret", "2", data={"password": "bmV3"}))])
    text = "\n".join(found.objects[0].lines)
    assert "b2xk" not in text
    assert "bmV3" not in text
    assert "+  password: ++++" in text


def test_an_added_or_removed_application_differs_in_all_its_objects() -> None:
    there = environment(obj("ConfigMap", "1"))
    assert [one.objects[0].change for one in differences([], [there])] == ["create"]
    assert [one.objects[0].change for one in differences([there], [])] == ["delete"]
