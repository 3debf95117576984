"""What the hourly clean-up deletes, and exactly of which state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from argosy.apis.kargo import Freight
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds
from argosy.promotion.garbage import Seen, collected
from argosy.promotion.settings import Settings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTINGS = replace(Settings(), retained_freight=1, min_freight_age=timedelta(days=14))


def freight(name: str, days: int) -> Freight:
    metadata: JsonObject = {"name": name, "namespace": "demo", "uid": f"uid of {name}", "resourceVersion": "7"}
    metadata["creationTimestamp"] = seconds(NOON - timedelta(days=days))
    return read(Freight, {"metadata": metadata, "origin": {"kind": "Warehouse", "name": "main"}})


def test_old_freight_beyond_the_kept_number_is_deleted_and_younger_freight_is_kept() -> None:
    pieces = (freight("new", 1), freight("recent", 13), freight("old", 15))
    (write,) = collected(Seen(None, freight=pieces), SETTINGS, NOON)
    assert (write.verb, write.key.name) == ("delete", "old")


def test_freight_that_was_approved_since_it_was_read_is_not_deleted() -> None:
    """The API server refuses a delete of another version than the one that was decided upon."""
    (write,) = collected(Seen(None, freight=(freight("new", 1), freight("old", 15))), SETTINGS, NOON)
    assert (write.uid, write.resource_version) == ("uid of old", "7")
