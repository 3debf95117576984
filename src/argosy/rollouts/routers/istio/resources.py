"""Istio's kinds, and how a Rollout refers to them."""

from __future__ import annotations

from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import Istio, IstioVirtualService
from argosy.machinery.objects import Key, Resource

VERSION: Final = "v1alpha3"
VIRTUAL_SERVICES: Final = Resource("networking.istio.io", VERSION, "virtualservices", "VirtualService")
DESTINATION_RULES: Final = Resource("networking.istio.io", VERSION, "destinationrules", "DestinationRule")


def istio_of(rollout: Rollout) -> Istio | None:
    canary = rollout.spec.strategy.canary
    return canary.traffic_routing.istio if canary is not None and canary.traffic_routing is not None else None


def virtual_services(rollout: Rollout) -> tuple[IstioVirtualService, ...]:
    istio = istio_of(rollout)
    if istio is None:
        return ()
    return istio.virtual_services or ((istio.virtual_service,) if istio.virtual_service is not None else ())


def virtual_service_key(rollout: Rollout, name: str) -> Key:
    """`name`, or `name.namespace`."""
    short, _, namespace = name.partition(".")
    return Key(namespace or rollout.namespace, short)
