from __future__ import annotations

from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key, Resource
from argosy.machinery.requests import Write, delete, merge, status

MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SEEN = {"metadata": {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7"}, "status": {"a": 1, "b": 2}}


def test_a_merge_carries_the_uid_and_the_version_that_was_seen() -> None:
    made = merge(MAPS, SEEN, {"data": {"x": "1"}})
    assert (made.verb, made.patch_type, made.key) == ("patch", PatchType.MERGE, Key("n", "a"))
    assert made.body == {"data": {"x": "1"}, "metadata": {"uid": "u", "resourceVersion": "7"}}


def test_a_merge_that_is_not_exact_still_never_meets_another_object_of_the_same_name() -> None:
    made = merge(MAPS, SEEN, {"metadata": {"labels": {"x": "1"}}}, exact=False)
    assert made.body == {"metadata": {"labels": {"x": "1"}, "uid": "u"}}


def test_a_delete_names_the_object_that_was_seen() -> None:
    assert (delete(MAPS, SEEN).uid, delete(MAPS, SEEN).resource_version) == ("u", "7")
    assert delete(MAPS, SEEN, exact=False).resource_version == ""


def test_a_status_that_does_not_differ_is_not_written() -> None:
    assert status(MAPS, SEEN, {"a": 1, "b": 2}) == ()


def test_a_status_is_written_with_only_what_differs() -> None:
    (made,) = status(MAPS, SEEN, {"a": 1, "c": 3})
    assert made.subresource == "status"
    assert made.body["status"] == {"b": None, "c": 3}


def test_a_write_never_prints_its_body() -> None:
    made = Write(verb="create", resource=MAPS, key=Key("n", "a"), body={"data": {"password": "canary"}})
    assert "canary" not in f"{made} {made!r}"
