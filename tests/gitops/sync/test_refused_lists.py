"""Which lists are replaced completely by those in Git."""

from __future__ import annotations

from argosy.gitops.sync.refused_lists import refused_lists
from argosy.machinery.status import Cause, StatusError

TARGET = {
    "metadata": {"ownerReferences": [{"name": "o"}]},
    "spec": {"ports": [{"port": 80}], "template": {"spec": {"containers": [{"name": "c"}]}}, "type": "ClusterIP"},
}


def refusal(*fields: str, code: int = 422) -> StatusError:
    return StatusError(code, "Invalid", "no", causes=[Cause(field, "no", "FieldValueDuplicate") for field in fields])


def test_the_list_of_a_refused_item_is_named_and_no_other() -> None:
    error = refusal(
        "spec.ports[1].name", "spec.ports[1].port", "spec.type", "spec.none[0]", "metadata.ownerReferences[0]"
    )
    assert refused_lists(error, TARGET) == {"spec": {"ports": [{"port": 80}]}}


def test_a_nested_list_keeps_what_is_next_to_it() -> None:
    error = refusal("spec.template.spec.containers[1].name")
    assert refused_lists(error, TARGET) == {"spec": {"template": {"spec": {"containers": [{"name": "c"}]}}}}


def test_another_refusal_names_none() -> None:
    assert refused_lists(refusal("spec.type"), TARGET) == {}
    assert refused_lists(refusal("spec.ports[1].name", code=403), TARGET) == {}
