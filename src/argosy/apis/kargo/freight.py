"""Freight: an immutable set of artifacts of one Warehouse."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from argosy.apis.kargo.artifacts import Artifact, Chart, Commit, Image, Origin
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import Doc, FreeObject, Object, Time, resource, schema


@schema
class Approval:
    """By hand, for one Stage."""

    approved_at: Time = ""


@schema
class Stay:
    """The time that Freight spends in a Stage."""

    since: Time = ""


@schema
class Verified:
    """In one Stage, where it passed the verification."""

    verified_at: Time = ""
    longest_soak: Annotated[str, Doc("A Go duration.")] = ""


@schema
class FreightStatus(Object):
    """Where it is, where it was verified, and what it is approved for: each by Stage."""

    approved_for: dict[str, Approval] = field(default_factory=dict)
    currently_in: dict[str, Stay] = field(default_factory=dict)
    verified_in: dict[str, Verified] = field(default_factory=dict)
    metadata: FreeObject = field(default_factory=dict)


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
