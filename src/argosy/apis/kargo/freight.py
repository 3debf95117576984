"""Freight: an immutable set of artifacts of one Warehouse."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, TypeVar

from argosy.apis.kargo.artifacts import Artifact, Chart, Commit, Image, Origin
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Doc, FreeObject, Object, Time, read, resource, schema
from argosy.machinery.objects import JsonObject

T = TypeVar("T")


@schema
class Approval:
    """Manual approval for one Stage."""

    approved_at: Time = ""


@schema
class Stay:
    """How long Freight has been in a Stage."""

    since: Time = ""


@schema
class Verified:
    """Verification in one Stage."""

    verified_at: Time = ""
    longest_soak: Annotated[str, Doc("A Go duration.")] = ""


@schema
class FreightStatus(Object):
    """Where it is, where it was verified, and what it is approved for: each by Stage."""

    approved_for: dict[str, Approval] = field(default_factory=dict)
    currently_in: dict[str, Stay] = field(default_factory=dict)
    verified_in: dict[str, Verified] = field(default_factory=dict)
    metadata: FreeObject = field(default_factory=dict)

    def is_approved_for(self, stage: str) -> bool:
        return stage in _entries(self.raw, "approvedFor")

    def stay_in(self, stage: str) -> Stay | None:
        """None while it is not there."""
        return _entry(Stay, self.raw, "currentlyIn", stage)

    def verified_by(self, stage: str) -> Verified | None:
        """None until it was verified there."""
        return _entry(Verified, self.raw, "verifiedIn", stage)


def _entries(raw: JsonObject, place: str) -> JsonObject:
    """By Stage. Reading all is expensive: a piece may be in a thousand Stages, and a look is about one."""
    found = raw.get(place)
    return found if isinstance(found, dict) else {}


def _entry(kind: type[T], raw: JsonObject, place: str, stage: str) -> T | None:
    found = _entries(raw, place).get(stage)
    return read(kind, found) if found is not None else None


@resource("kargo.akuity.io", "v1alpha1", plural="freights")
class Freight(Object):
    """An immutable set of artifacts of one Warehouse; it has no spec."""

    metadata: ObjectMeta
    alias: Annotated[str, Doc("A name for people.")] = ""
    origin: Origin
    discovered_at: Annotated[Time, Doc("When the Warehouse saw it first.")] = ""
    commits: tuple[Commit, ...] = ()
    images: tuple[Image, ...] = ()
    charts: tuple[Chart, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    status: FreightStatus
