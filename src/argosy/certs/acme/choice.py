"""Chooses the solver of an issuer for a name, and applies an Order's annotations to it.

Source: spec/cert-manager.md section 8.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from argosy.machinery.objects import JsonObject

PREFIX: Final = "acme.cert-manager.io/"
_INGRESS: Final = {
    f"{PREFIX}http01-override-ingress-name": "name",
    f"{PREFIX}http01-override-ingress-class": "class",
    f"{PREFIX}http01-override-ingress-ingressclassname": "ingressClassName",
}
_PARENT: Final = f"{PREFIX}http01-parentref"
TYPES: Final = {"http-01": "http01", "dns-01": "dns01"}
"""Types of challenges by the member of a solver that answers them."""


class OverrideError(ValueError):
    """The annotations contradict each other; no Challenge is created."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A solver with its index in the list, and the type of challenge that it solves."""

    index: int
    type: str


class _Rank(NamedTuple):
    names: bool
    zone: int
    labels: int


def choose(
    solvers: Sequence[Mapping[str, Any]],
    domain: str,
    offered: Sequence[str],
    labels: Mapping[str, str],
) -> Chosen | None:
    """None if no solver matches. `domain` begins with `*.` for a wildcard; `offered` are types of challenges."""
    best: tuple[_Rank, Chosen] | None = None
    for index, solver in enumerate(solvers):
        type_ = next((one for one in offered if TYPES.get(one, "") in solver), None)
        if type_ is None:
            continue
        selector = solver.get("selector")
        if selector is None:
            best = best or (_Rank(False, 0, 0), Chosen(index, type_))
            continue
        rank = _rank(selector, domain, labels)
        if rank is not None and (best is None or rank > best[0]):
            best = rank, Chosen(index, type_)
    return best[1] if best else None


def _rank(selector: Mapping[str, Any], domain: str, labels: Mapping[str, str]) -> _Rank | None:
    wanted, names, zones = (selector.get(key) or () for key in ("matchLabels", "dnsNames", "dnsZones"))
    if any(labels.get(key) != value for key, value in dict(wanted).items()):
        return None
    if names and domain not in names:
        return None
    longest = max((len(zone.split(".")) for zone in zones if _is_within(domain, zone)), default=0)
    if zones and not longest:
        return None
    return _Rank(bool(names), longest, len(wanted))


def _is_within(domain: str, zone: str) -> bool:
    """Matches complete labels; a zone with a trailing dot has an empty label that no domain has."""
    labels, tail = domain.lower().split("."), zone.lower().split(".")
    return labels[-len(tail) :] == tail


def overridden(solver: JsonObject, annotations: Mapping[str, str] | None, namespace: str) -> JsonObject:
    """The solver as it is written into a Challenge. Raises OverrideError."""
    http01 = solver.get("http01")
    if not http01 or annotations is None:
        return solver
    made = dict(http01)
    if http01.get("ingress") is not None:
        made["ingress"] = _ingress(http01["ingress"], annotations)
    if http01.get("gatewayHTTPRoute") is not None:
        made["gatewayHTTPRoute"] = _route(http01["gatewayHTTPRoute"], annotations, namespace)
    return {**solver, "http01": made}


def _ingress(ingress: JsonObject, annotations: Mapping[str, str]) -> JsonObject:
    given = {name: annotations[key] for key, name in _INGRESS.items() if annotations.get(key)}
    if not given:
        return ingress
    if len(given) > 1:
        listed = ", ".join(key for key, name in _INGRESS.items() if name in given)
        raise OverrideError(f"only one of the annotations {listed} may be set")
    return {**{key: value for key, value in ingress.items() if key not in _INGRESS.values()}, **given}


def _route(route: JsonObject, annotations: Mapping[str, str], namespace: str) -> JsonObject:
    parents = list(route.get("parentRefs") or ())
    name, kind = annotations.get(f"{_PARENT}name", ""), annotations.get(f"{_PARENT}kind", "")
    if bool(name) != bool(kind):
        raise OverrideError(f"the annotations {_PARENT}name and {_PARENT}kind must be set together")
    if name:
        place = annotations.get(f"{_PARENT}namespace") or namespace
        made = {"name": name, "namespace": place, "kind": kind}
        parents = [one for one in parents if not _is_replaced(one, made)] + [made]
    if not parents:
        raise OverrideError("the solver names no parentRefs, and neither do annotations")
    return {**route, "parentRefs": parents}


def _is_replaced(one: Mapping[str, Any], made: Mapping[str, str]) -> bool:
    same_place = one.get("namespace") == made["namespace"]
    return one.get("name") == made["name"] and same_place and one.get("kind") in (None, made["kind"])
