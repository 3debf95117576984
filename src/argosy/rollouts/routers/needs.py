"""The objects that a Rollout's routers read and write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from argosy.apis.rollouts import Rollout
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.selectors import SelectorError, label_selector_of
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers import alb, ambassador, apisix, app_mesh, gateway_api, nginx, smi, traefik, versions
from argosy.rollouts.routers.istio.resources import (
    DESTINATION_RULES,
    VIRTUAL_SERVICES,
    istio_of,
    virtual_service_key,
    virtual_services,
)

Objects = Mapping[tuple[Resource, Key], JsonObject]


def objects_of(snapshot: Snapshot, rollout: Rollout) -> dict[tuple[Resource, Key], JsonObject]:
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None:
        return {}
    found: dict[tuple[Resource, Key], JsonObject] = {}
    for resource, key in places(rollout):
        if key.name and (obj := versions.found(snapshot, resource, key)) is not None:
            found[resource, key] = obj
    found |= _mesh_router(snapshot, rollout, found)
    found |= _selected(snapshot, rollout)
    return found


def resources_of(rollout: Rollout) -> frozenset[Resource]:
    """The kinds among which `objects_of` looks."""
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None:
        return frozenset()
    config = gateway_api.config_of(rollout)
    selected = {gateway_api.KINDS[kind] for kind, _ in gateway_api.selectors_of(config or {})}
    mesh = {app_mesh.VIRTUAL_ROUTERS} if app_mesh.app_mesh_of(rollout) is not None else set()
    named = {one for resource, key in places(rollout) if key.name for one in versions.versions_of(resource)}
    return frozenset(named | selected | mesh)


def split_version(snapshot: Snapshot, rollout: Rollout) -> str:
    """Of a TrafficSplit that a Rollout is going to create; empty if it has none."""
    if smi.smi_of(rollout) is None:
        return ""
    default = versions.TRAFFIC_SPLITS
    return next(versions.served(snapshot, default), default).version


def namespaces_of(rollout: Rollout) -> frozenset[str]:
    """Where the objects are that are named; those that are selected are in the Gateway's namespace."""
    config = gateway_api.config_of(rollout)
    gateway = {gateway_api.namespace_of(rollout, config)} if config is not None else set()
    return frozenset({rollout.namespace, *gateway, *(key.namespace for _, key in places(rollout))})


def places(rollout: Rollout) -> Iterator[tuple[Resource, Key]]:
    """Of the objects that are named."""
    for service in virtual_services(rollout):
        yield VIRTUAL_SERVICES, virtual_service_key(rollout, service.name)
    config = gateway_api.config_of(rollout)
    for wanted in gateway_api.named_routes(config) if config is not None else ():
        yield gateway_api.KINDS[wanted.kind], Key(gateway_api.namespace_of(rollout, config or {}), wanted.name)
    for resource, name in _other_needs(rollout):
        yield resource, Key(rollout.namespace, name)


def _other_needs(rollout: Rollout) -> Iterator[tuple[Resource, str]]:
    """In the namespace of the Rollout."""
    istio = istio_of(rollout)
    if istio is not None and istio.destination_rule is not None:
        yield DESTINATION_RULES, istio.destination_rule.name
    for name in nginx.stable_ingresses(rollout):
        yield INGRESSES, name
        yield INGRESSES, nginx.canary_name(rollout, name)
    for name in alb.alb_ingresses(rollout):
        yield INGRESSES, name
    if smi.smi_of(rollout) is not None:
        yield versions.TRAFFIC_SPLITS, smi.split_name(rollout)
    for name in ambassador.mappings(rollout):
        yield versions.MAPPINGS, name
        yield versions.MAPPINGS, ambassador.canary_mapping_name(name)
    yield versions.TRAEFIK_SERVICES, traefik.service_name(rollout)
    if (route := apisix.route_of(rollout)) is not None:
        for name in (route.name, *apisix.header_route_names(rollout)):
            yield apisix.ROUTES, name
    yield from _mesh(rollout)


def _mesh(rollout: Rollout) -> Iterator[tuple[Resource, str]]:
    mesh = app_mesh.app_mesh_of(rollout)
    if mesh is not None:
        yield app_mesh.VIRTUAL_SERVICES, mesh.virtual_service.name if mesh.virtual_service is not None else ""
        for name in app_mesh.node_names(rollout):
            yield app_mesh.VIRTUAL_NODES, name


def _mesh_router(snapshot: Snapshot, rollout: Rollout, known: Objects) -> dict[tuple[Resource, Key], JsonObject]:
    services = [obj for (resource, _), obj in known.items() if resource == app_mesh.VIRTUAL_SERVICES]
    found = {}
    for service in services:
        key = app_mesh.router_key(rollout, service)
        if key is not None and (router := snapshot.object(app_mesh.VIRTUAL_ROUTERS, key)) is not None:
            found[app_mesh.VIRTUAL_ROUTERS, key] = router
    return found


def _selected(snapshot: Snapshot, rollout: Rollout) -> dict[tuple[Resource, Key], JsonObject]:
    config, found = gateway_api.config_of(rollout), {}
    for kind, selector in gateway_api.selectors_of(config) if config is not None else ():
        try:
            text = str(label_selector_of(selector))
        except (SelectorError, AttributeError, TypeError):
            continue
        resource, namespace = gateway_api.KINDS[kind], gateway_api.namespace_of(rollout, config or {})
        for obj in snapshot.objects(resource, namespace, text):
            found[resource, key_of(obj)] = obj
    return found


def selected_routes(rollout: Rollout, objects: Objects) -> list[gateway_api.Wanted]:
    """Routes that were selected by labels: they get no header routes."""
    kinds = {resource: kind for kind, resource in gateway_api.KINDS.items()}
    return [
        gateway_api.Wanted(kinds[resource], key.name, header_routes=False)
        for resource, key in objects
        if resource in kinds
    ]
