"""Which names a CustomResourceDefinition gets, and when it is established."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from argosy.cluster.kinds.definitions import condition, decided_status, is_established
from argosy.machinery.objects import JsonObject

from .vectors import NOW, exchange, needs_vectors


def definition(plural: str, kind: str, *, group: str = "ex.io", **names: Any) -> JsonObject:
    spelled = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List", **names}
    return {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "names": spelled},
        "status": {"storedVersions": ["v1"]},
    }


def accepted(obj: JsonObject, *others: JsonObject) -> JsonObject:
    return {**obj, "status": decided_status(obj, others, NOW)}


def test_free_names_are_accepted_and_establish_the_definition() -> None:
    obj = accepted(definition("widgets", "Widget", shortNames=["wd"]))
    assert is_established(obj)
    assert obj["status"]["acceptedNames"] == {
        "plural": "widgets",
        "singular": "widget",
        "shortNames": ["wd"],
        "kind": "Widget",
        "listKind": "WidgetList",
    }
    assert obj["status"]["storedVersions"] == ["v1"]


@needs_vectors
def test_the_status_is_the_recorded_one() -> None:
    body = exchange("crd")["steps"][6]["response"]["body"]
    fresh = {
        **body,
        "status": {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": ["v1"]},
    }
    status = decided_status(fresh, [], NOW)
    for item in status["conditions"]:
        item["lastTransitionTime"] = "{time}"
    assert status == body["status"]


def test_a_taken_short_name_is_reported_and_nothing_is_established() -> None:
    first = accepted(definition("widgets", "Widget", shortNames=["wd"]))
    second = accepted(definition("wardens", "Warden", shortNames=["wd"]), first)
    assert not is_established(second)
    names = condition(second, "NamesAccepted")
    assert (names["status"], names["reason"], names["message"]) == (
        "False",
        "ShortNamesConflict",
        '"wd" is already in use',
    )
    assert condition(second, "Established")["reason"] == "NotAccepted"
    assert "shortNames" not in second["status"]["acceptedNames"]


def test_a_taken_kind_is_reported() -> None:
    first = accepted(definition("widgets", "Widget"))
    second = accepted(definition("gadgets", "Widget", singular="gadget"), first)
    assert condition(second, "NamesAccepted")["reason"] == "ListKindConflict"


def test_another_group_is_no_rival() -> None:
    first = accepted(definition("widgets", "Widget"))
    assert is_established(accepted(definition("widgets", "Widget", group="other.io"), first))


def test_established_is_for_life_and_deciding_again_changes_nothing() -> None:
    obj = accepted(definition("widgets", "Widget"))
    assert decided_status(obj, [], NOW + timedelta(hours=1)) == obj["status"]
    rival = accepted(definition("others", "Other", shortNames=["x"]))
    renamed = {**obj, "spec": {**obj["spec"], "names": {**obj["spec"]["names"], "shortNames": ["x"]}}}
    assert is_established(accepted(renamed, rival))
