"""Strips: what the shared caches leave out is what no controller reads."""

from __future__ import annotations

import pytest

from argosy.apis import certmanager
from argosy.apis.bitnami import SealedSecret
from argosy.cli.assembly.strips import STRIPS
from argosy.machinery.objects import JsonObject, resource_of


@pytest.mark.parametrize("kind", (*certmanager.RESOURCES, SealedSecret))
def test_certificates_and_sealed_secrets_are_cached_whole_but_for_their_managed_fields(kind: type) -> None:
    whole: JsonObject = {
        "metadata": {"name": "a", "labels": {"b": "c"}, "managedFields": [{"manager": "d"}]},
        "spec": {"e": "f"},
        "status": {"g": "h"},
    }
    kept = STRIPS[resource_of(kind)](whole)
    assert kept == {**whole, "metadata": {"name": "a", "labels": {"b": "c"}}}
    assert kept["spec"] is whole["spec"]
    assert "managedFields" in whole["metadata"]
