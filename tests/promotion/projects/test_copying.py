"""Copies of shared Secrets and ConfigMaps, and what happens to them when their source is gone."""

from __future__ import annotations

from datetime import UTC, datetime

from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.promotion.kinds import SECRETS
from argosy.promotion.names import REPLICATED_FROM
from argosy.promotion.projects.copying import Seen, decide

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_copy_without_a_source_is_deleted_unless_it_was_taken_over_since_it_was_read() -> None:
    """The API server refuses a delete of another version than the one that was decided upon."""
    copy: JsonObject = {
        "metadata": {
            "name": "shared", "namespace": "demo", "uid": "u", "resourceVersion": "7",
            "labels": {REPLICATED_FROM: "shared"},
        }
    }  # fmt: skip
    (write,) = decide(Seen("demo", (), ((SECRETS, copy),), frozenset({("secrets", "shared")})), NOON).steps
    assert isinstance(write, Write)
    assert (write.verb, write.key.name, write.uid, write.resource_version) == ("delete", "shared", "u", "7")
