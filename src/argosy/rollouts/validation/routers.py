"""The objects of the routers: they exist, and can be weighted. Section 10, "References"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import IstioVirtualService
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers import ambassador, app_mesh
from argosy.rollouts.routers.alb import action_service, alb_of
from argosy.rollouts.routers.ingresses import leads_to
from argosy.rollouts.routers.istio.resources import VIRTUAL_SERVICES, istio_of, virtual_service_key, virtual_services
from argosy.rollouts.routers.istio.routes import KINDS, chosen, routes_of
from argosy.rollouts.routers.nginx import nginx_of
from argosy.rollouts.routers.port import RoutingError
from argosy.rollouts.routers.versions import MAPPINGS
from argosy.rollouts.validation.errors import FieldError, internal, invalid

Objects = Mapping[tuple[Resource, Key], JsonObject]
BASE = "spec.strategy.canary.trafficRouting"


def missing_objects(rollout: Rollout, objects: Objects) -> Iterator[FieldError]:
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None:
        return
    yield from _one_or_several(rollout)
    yield from _missing_ingresses(rollout, objects)
    yield from _virtual_service_setting(rollout)
    yield from _missing_virtual_services(rollout, objects)
    yield from _missing_mappings(rollout, objects)
    yield from _missing_mesh(rollout, objects)


def _one_or_several(rollout: Rollout) -> Iterator[FieldError]:
    for name, one, several, words in (
        ("nginx", *_nginx_names(rollout), ("StableIngress", "StableIngresses")),
        ("alb", *_alb_names(rollout), ("Ingress", "Ingresses")),
    ):
        if one is None:
            continue
        both = f"Either {words[0]} or {words[1]} must be configured."
        if one and several:
            yield internal(f"{BASE}.{name}", f"{both} Both are configured.")
        elif not one and not several:
            yield internal(f"{BASE}.{name}", f"{both} Neither are configured.")


def _nginx_names(rollout: Rollout) -> tuple[str | None, tuple[str, ...]]:
    nginx = nginx_of(rollout)
    return (None, ()) if nginx is None else (nginx.stable_ingress, nginx.stable_ingresses)


def _alb_names(rollout: Rollout) -> tuple[str | None, tuple[str, ...]]:
    alb = alb_of(rollout)
    return (None, ()) if alb is None else (alb.ingress, alb.ingresses)


def _ingress_fields(rollout: Rollout) -> Iterator[tuple[str, str, object, str]]:
    """(field, name, value as in the field, required backend service): ALB's, else NGINX's."""
    canary = rollout.spec.strategy.canary
    assert canary is not None
    one, several = _alb_names(rollout)
    if one is not None:
        for name in several or (one,):
            field = f"{BASE}.alb.{'ingresses' if several else 'ingress'}"
            yield field, name, list(several) or one, action_service(rollout)
        return
    one, several = _nginx_names(rollout)
    if one is not None:
        for name in several or (one,):
            field = f"{BASE}.nginx.{'stableIngresses' if several else 'stableIngress'}"
            yield field, name, list(several) or one, canary.stable_service


def _missing_ingresses(rollout: Rollout, objects: Objects) -> Iterator[FieldError]:
    for field, name, value, _ in _ingress_fields(rollout):
        if (INGRESSES, Key(rollout.namespace, name)) not in objects:
            shown = field.replace("stableIngresses", "StableIngresses")  # upstream's spelling for a missing one
            yield invalid(shown, value, f'ingress.networking.k8s.io "{name}" not found')


def _virtual_service_setting(rollout: Rollout) -> Iterator[FieldError]:
    istio = istio_of(rollout)
    if istio is not None and bool(istio.virtual_services) == (istio.virtual_service is not None):
        yield internal(f"{BASE}.istio", "either VirtualService or VirtualServices must be configured")


def _istio_field(rollout: Rollout) -> str:
    istio = istio_of(rollout)
    several = istio is not None and bool(istio.virtual_services)
    return f"{BASE}.istio.{'virtualServices' if several else 'virtualService'}.name"


def _missing_virtual_services(rollout: Rollout, objects: Objects) -> Iterator[FieldError]:
    for wanted in virtual_services(rollout):
        key = virtual_service_key(rollout, wanted.name)
        if (VIRTUAL_SERVICES, key) not in objects:
            yield invalid(
                _istio_field(rollout), wanted.name, f'virtualservices.networking.istio.io "{key.name}" not found'
            )


def _missing_mappings(rollout: Rollout, objects: Objects) -> Iterator[FieldError]:
    canary = rollout.spec.strategy.canary
    routing = canary.traffic_routing if canary is not None else None
    if routing is None or routing.ambassador is None:
        return
    if not routing.ambassador.mappings:
        yield invalid(f"{BASE}.ambassador.mappings", None, "must provide at least one mapping")
    for name in routing.ambassador.mappings:
        if (MAPPINGS, Key(rollout.namespace, name)) not in objects:
            text = f'mappings.getambassador.io "{name}" not found'
            yield invalid(f"{BASE}.ambassador.mappings", name, text)


def _missing_mesh(rollout: Rollout, objects: Objects) -> Iterator[FieldError]:
    mesh, field = app_mesh.app_mesh_of(rollout), f"{BASE}.appmesh.virtualService"
    if mesh is None:
        return
    if mesh.virtual_service is None:
        yield invalid(field, None, "must provide virtual-service")
        return
    name = mesh.virtual_service.name
    value = f"{name}.{rollout.namespace}"
    service = objects.get((app_mesh.VIRTUAL_SERVICES, Key(rollout.namespace, name)))
    if service is None:
        yield invalid(field, value, f'virtualservices.appmesh.k8s.aws "{name}" not found')
        return
    key = app_mesh.router_key(rollout, service)
    if key is None or (app_mesh.VIRTUAL_ROUTERS, key) not in objects:
        router = key.name if key is not None else ""
        yield invalid(field, value, f'virtualrouters.appmesh.k8s.aws "{router}" not found')


def wrong_objects(rollout: Rollout, objects: Objects) -> Iterator[FieldError]:
    """Of those that exist."""
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None:
        return
    for field, name, _, service in _ingress_fields(rollout):
        ingress = objects.get((INGRESSES, Key(rollout.namespace, name)))
        if ingress is not None and not leads_to(ingress, service):
            yield invalid(field, name, f"ingress `{name}` has no rules using service {service} backend")
    for wanted in virtual_services(rollout):
        found = objects.get((VIRTUAL_SERVICES, virtual_service_key(rollout, wanted.name)))
        if found is not None:
            yield from virtual_service_errors(rollout, wanted, found)
    for name in ambassador.mappings(rollout):
        mapping = objects.get((MAPPINGS, Key(rollout.namespace, name))) or {}
        if (mapping.get("spec") or {}).get("weight"):
            yield invalid("spec.weight", name, f'Ambassador mapping "{name}" can not define weight')
    for (resource, _), obj in objects.items():
        if resource == app_mesh.VIRTUAL_ROUTERS:
            yield from mesh_router_errors(obj)


def virtual_service_errors(rollout: Rollout, wanted: IstioVirtualService, obj: JsonObject) -> Iterator[FieldError]:
    """Each selected route must point to both versions."""
    field, name = _istio_field(rollout), str(obj["metadata"].get("name") or "")
    spec = obj.get("spec") or {}
    if not any(isinstance(spec.get(kind), list) for kind in KINDS):
        text = "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"
        yield invalid(field, name, text)
    for kind in KINDS:
        words = kind.upper()
        if not isinstance(spec.get(kind), list):
            continue
        try:
            routes_of(obj, kind)
        except RoutingError:
            yield invalid(field, name, f"Unable to get {words} routes for Istio VirtualService")
            continue
        try:
            chosen(rollout, wanted, obj, kind)
        except RoutingError as error:
            yield invalid(field, name, f"Istio VirtualService has invalid {words} routes. Error: {error}")


def mesh_router_errors(router: JsonObject) -> Iterator[FieldError]:
    name, routes = str(router["metadata"].get("name") or ""), (router.get("spec") or {}).get("routes")
    if not isinstance(routes, list) or not routes:
        yield invalid("spec.routes", name, f"No routes defined for AppMesh virtual-router {name}")
        return
    for at, route in enumerate(routes):
        field = f"spec.routes[{at}]"
        if not isinstance(route, dict):
            text = f"Invalid route was found for AppMesh virtual-router {name} at index {at}"
            yield invalid(field, name, text)
            return
        rule = app_mesh.route_rule(route)
        if rule is None:
            text = f"Error getting route details for AppMesh virtual-router {name} and route {route.get('name')}."
            yield invalid(field, name, f"{text} Error: Route has unsupported route type")
            return
        targets = (rule[1].get("action") or {}).get("weightedTargets")
        inner = f"{field}.{rule[0]}.action.weightedTargets"
        if not isinstance(targets, list):
            text = f"Invalid route action found for AppMesh virtual-router {name} and route {route.get('name')}"
            yield invalid(inner, name, text)
            return
        if len(targets) != 2:
            text = f"Invalid number of weightedTargets ({len(targets)}) for AppMesh virtual-router {name} and route"
            yield invalid(inner, name, f"{text} {route.get('name')}, expected 2")
            return
