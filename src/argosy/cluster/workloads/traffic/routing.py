"""How routers split a Service's requests: Istio, Gateway API, SMI, NGINX and ALB Ingresses, Traefik. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import NANO, QuantityError, nano_units, of

KINDS = (
    ("networking.istio.io", "virtualservices"),
    ("networking.istio.io", "destinationrules"),
    ("gateway.networking.k8s.io", "httproutes"),
    ("gateway.networking.k8s.io", "grpcroutes"),
    ("split.smi-spec.io", "trafficsplits"),
    ("networking.k8s.io", "ingresses"),
    ("traefik.io", "traefikservices"),
    ("traefik.containo.us", "traefikservices"),
)
_CANARY = "nginx.ingress.kubernetes.io/canary"
_ALB = "alb.ingress.kubernetes.io/actions."


class Reader(Protocol):
    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]: ...


@dataclass(frozen=True, slots=True)
class Destination:
    service: str
    weight: float
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of an Istio subset: only Pods that have them."""


@dataclass(frozen=True, slots=True)
class Split:
    router: str
    """`VirtualService/web`."""
    entries: frozenset[str]
    """Services whose requests it splits."""
    destinations: tuple[Destination, ...]


def destinations_of(reader: Reader, namespace: str, service: str) -> tuple[str, tuple[Destination, ...]]:
    """The router and its shares, which add up to 1; the Service itself where no router applies."""
    for split in splits_of(reader, namespace):
        total = sum(destination.weight for destination in split.destinations)
        if service in split.entries and total > 0:
            shares = (
                Destination(one.service, one.weight / total, one.labels) for one in split.destinations if one.weight
            )
            return split.router, tuple(shares)
    return "", (Destination(service, 1.0),)


def splits_of(reader: Reader, namespace: str) -> Iterator[Split]:
    yield from _virtual_services(reader, namespace)
    for plural in ("httproutes", "grpcroutes"):
        yield from _gateway_routes(reader.list("gateway.networking.k8s.io", plural, namespace))
    yield from _traffic_splits(reader.list("split.smi-spec.io", "trafficsplits", namespace))
    for group in ("traefik.io", "traefik.containo.us"):
        yield from _traefik(reader.list(group, "traefikservices", namespace))
    yield from _ingresses(reader.list("networking.k8s.io", "ingresses", namespace))


def _named(kind: str, obj: JsonObject) -> str:
    return f"{kind}/{obj['metadata']['name']}"


def _weight(value: object, otherwise: float = 1.0) -> float:
    """Whole numbers, or quantities such as `500m`."""
    if value is None:
        return otherwise
    try:
        return max(0.0, nano_units(of(value)) / NANO)
    except QuantityError:
        return 0.0


def _virtual_services(reader: Reader, namespace: str) -> Iterator[Split]:
    rules = reader.list("networking.istio.io", "destinationrules", namespace)
    for obj in reader.list("networking.istio.io", "virtualservices", namespace):
        spec = obj.get("spec") or {}
        routes = spec.get("http") or spec.get("tls") or spec.get("tcp") or ()
        chosen = next((route for route in routes if not route.get("match")), next(iter(routes), None))
        if chosen is None:
            continue
        every = chosen.get("route") or ()
        found = []
        for item in every:
            target = item.get("destination") or {}
            host = str(target.get("host") or "").partition(".")[0]
            labels = _subset(rules, host, str(target.get("subset") or ""))
            found.append(Destination(host, _weight(item.get("weight"), 1.0 if len(every) == 1 else 0.0), labels))
        hosts = {str(host).partition(".")[0] for host in spec.get("hosts") or ()}
        entries = frozenset(hosts | {one.service for one in found})
        yield Split(_named("VirtualService", obj), entries, tuple(found))


def _subset(rules: Iterable[JsonObject], host: str, name: str) -> Mapping[str, str]:
    for rule in rules:
        spec = rule.get("spec") or {}
        if name and str(spec.get("host") or "").partition(".")[0] == host:
            for subset in spec.get("subsets") or ():
                if subset.get("name") == name:
                    return dict(subset.get("labels") or {})
    return {}


def _gateway_routes(routes: Iterable[JsonObject]) -> Iterator[Split]:
    for obj in routes:
        for rule in ((obj.get("spec") or {}).get("rules") or ())[:1]:
            references = [item for item in rule.get("backendRefs") or () if item.get("kind", "Service") == "Service"]
            found = tuple(Destination(item["name"], _weight(item.get("weight"))) for item in references)
            yield Split(_named(obj["kind"], obj), frozenset(one.service for one in found), found)


def _traffic_splits(splits: Iterable[JsonObject]) -> Iterator[Split]:
    for obj in splits:
        spec = obj.get("spec") or {}
        found = tuple(
            Destination(item["service"], _weight(item.get("weight"), 0.0)) for item in spec.get("backends") or ()
        )
        yield Split(_named("TrafficSplit", obj), frozenset({str(spec.get("service") or "")}), found)


def _traefik(services: Iterable[JsonObject]) -> Iterator[Split]:
    for obj in services:
        weighted = ((obj.get("spec") or {}).get("weighted") or {}).get("services") or ()
        found = tuple(Destination(item["name"], _weight(item.get("weight"))) for item in weighted)
        yield Split(_named("TraefikService", obj), frozenset(one.service for one in found), found)


def _ingresses(ingresses: Sequence[JsonObject]) -> Iterator[Split]:
    canaries = [obj for obj in ingresses if _annotation(obj, _CANARY) == "true"]
    for obj in ingresses:
        yield from _alb(obj)
        if obj in canaries:
            continue
        for place, service in _backends(obj):
            for canary in canaries:
                other = dict(_backends(canary)).get(place)
                if other is None:
                    continue
                total = _weight(_annotation(canary, f"{_CANARY}-weight-total") or None, 100.0)
                share = _weight(_annotation(canary, f"{_CANARY}-weight") or None, 0.0)
                found = (Destination(service, max(0.0, total - share)), Destination(other, share))
                yield Split(_named("Ingress", obj), frozenset({service}), found)


def _alb(obj: JsonObject) -> Iterator[Split]:
    for name, text in (obj["metadata"].get("annotations") or {}).items():
        if not name.startswith(_ALB):
            continue
        try:
            groups = ((json.loads(text).get("ForwardConfig") or {}).get("TargetGroups")) or ()
            found = tuple(Destination(item["ServiceName"], _weight(item.get("Weight"))) for item in groups)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        entries = {name.removeprefix(_ALB), *(one.service for one in found)}
        yield Split(_named("Ingress", obj), frozenset(entries), found)


def _annotation(obj: JsonObject, name: str) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(name) or "")


def _backends(obj: JsonObject) -> list[tuple[tuple[str, str], str]]:
    """((host, path), service)."""
    found = []
    for rule in (obj.get("spec") or {}).get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            service = ((path.get("backend") or {}).get("service") or {}).get("name")
            if service:
                found.append(((str(rule.get("host") or ""), str(path.get("path") or "/")), str(service)))
    return found
