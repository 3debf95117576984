"""What moves: Warehouses, Freight, Stages, Promotions."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.schema import Doc, FreeObject, Name, resource


@resource("kargo.akuity.io", "v1alpha1", plural="warehouses")
class Warehouse:
    """Subscriptions to repositories, of whose newest artefacts Freight is made."""

    metadata: FreeObject
    spec: Annotated[FreeObject, Doc("Subscriptions, interval, policy of creation.")]
    status: Annotated[FreeObject, Doc("What was discovered, and conditions.")]


@resource("kargo.akuity.io", "v1alpha1", plural="freights")
class Freight:
    """An immutable set of artefacts of one Warehouse."""

    metadata: FreeObject
    alias: Annotated[str, Doc("A name for people.")] = ""
    origin: FreeObject
    discovered_at: Annotated[str, Doc("When the Warehouse saw it first."), Name("discoveredAt")] = ""
    status: Annotated[FreeObject, Doc("Where it is, was verified, and is approved for.")]


@resource("kargo.akuity.io", "v1alpha1", plural="stages")
class Stage:
    """A place that Freight is promoted to, or passes through."""

    metadata: FreeObject
    spec: Annotated[FreeObject, Doc("Requested Freight, steps of promotion, verification.")]
    status: Annotated[FreeObject, Doc("Current Promotion, Freight held, health, conditions.")]


@resource("kargo.akuity.io", "v1alpha1", plural="promotions")
class Promotion:
    """One piece of Freight on its way into one Stage."""

    metadata: FreeObject
    spec: Annotated[FreeObject, Doc("Stage, Freight, steps; immutable.")]
    status: Annotated[FreeObject, Doc("Phase, progress, outputs of steps.")]


@resource("kargo.akuity.io", "v1alpha1", plural="promotionrequests")
class PromotionRequest:
    """Of the paid edition: accepted, and ended at once."""

    metadata: FreeObject
    spec: FreeObject
    status: FreeObject
