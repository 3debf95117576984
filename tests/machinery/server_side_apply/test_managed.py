"""managedFields are kept by many objects at once: what is alike is there once, and nothing is lost by that."""

from __future__ import annotations

from argosy.machinery.server_side_apply import managed
from argosy.machinery.server_side_apply.fieldset import FieldSet
from argosy.machinery.server_side_apply.managed import Entry, Managers

TIME = "2026-01-01T00:00:00Z"


def managers(*names: str) -> Managers:
    fields: FieldSet = {"f:spec": {f"f:{name}": {} for name in names}}
    return {managed.identity("Update", "someone", "", "v1"): Entry(fields, "v1", TIME)}


def test_objects_whose_managers_own_the_same_share_one_set_of_fields() -> None:
    (one,), (other,), (third,) = (managed.encode(managers(*names)) for names in (("a", "b"), ("b", "a"), ("a", "c")))
    assert one["fieldsV1"] is other["fieldsV1"] and one["fieldsV1"] == {"f:spec": {"f:a": {}, "f:b": {}}}
    assert third["fieldsV1"] == {"f:spec": {"f:a": {}, "f:c": {}}}


def test_a_set_that_few_have_is_not_kept_for_others() -> None:
    many = [f"field{number}" for number in range(500)]
    (one,), (other,) = (managed.encode(managers(*many)) for _ in range(2))
    assert one["fieldsV1"] == other["fieldsV1"] and one["fieldsV1"] is not other["fieldsV1"]


def test_a_set_that_names_an_owner_is_no_other_objects_and_not_kept_for_one() -> None:
    owned: FieldSet = {"f:metadata": {"f:ownerReferences": {'k:{"uid":"0b6e"}': {}}}}
    table = {managed.identity("Update", "someone", "", "v1"): Entry(owned, "v1", TIME)}
    (one,), (other,) = (managed.encode(table) for _ in range(2))
    assert one["fieldsV1"] == other["fieldsV1"] == owned and one["fieldsV1"] is not other["fieldsV1"]
