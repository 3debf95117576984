"""What the definition of a Warehouse leaves open is judged by admission."""

from __future__ import annotations

import pytest

from argosy.promotion.warehouses.subscriptions import UnknownSubscription, defaulted, faults

URL = {"repoURL": "https://git.example.com/some/repository.git"}


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("branch", {"a": 1}, "a string"),
        ("branch", 5, "a string"),
        ("includePaths", "charts/", "a list of strings"),
        ("includePaths", ["charts/", 5], "a list of strings"),
        ("strictSemvers", "yes", "true or false"),
    ],
)
def test_a_value_of_another_type_is_a_fault_of_its_field(field: str, value: object, wanted: str) -> None:
    (found,) = faults(defaulted({"git": {**URL, field: value}}))
    assert (found.field, found.detail, found.value) == (field, f"must be {wanted}", value)


@pytest.mark.parametrize("body", ["text", 5, ["list"], True])
def test_a_subscription_that_is_no_object_is_refused_by_name(body: object) -> None:
    with pytest.raises(UnknownSubscription, match='the "git" of a subscription must be an object'):
        defaulted({"git": body})
