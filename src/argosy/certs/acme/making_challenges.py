"""The Challenges that an Order needs: one for each authorization that is not valid yet, with the solver for its name.

Source: spec/cert-manager.md sections 8.3 and 8.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from argosy.apis.certmanager import Order
from argosy.apis.certmanager.acme import Authorization
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.schema import written
from argosy.certs import names
from argosy.certs.acme.choice import OverrideError, choose, overridden
from argosy.certs.acme.key_authorization import key_of
from argosy.certs.acme.ports import Login
from argosy.machinery.objects import JsonObject

_TYPES: Final = {"http-01": "HTTP-01", "dns-01": "DNS-01"}
NO_SOLVER: Final = "no configured challenge solvers can be used for this challenge"


@dataclass(frozen=True, slots=True)
class Unsolvable:
    """No Challenge can be created; the message says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A Challenge as it should be created."""

    name: str
    domain: str
    challenge: JsonObject


def wanted_challenges(order: Order, issuer: AnyIssuer, login: Login) -> tuple[Wanted, ...] | Unsolvable:
    made: list[Wanted] = []
    for one in order.status.authorizations:
        if one.initial_state == "valid":
            continue
        found = _spec(order, issuer, login, one)
        if isinstance(found, Unsolvable):
            return found
        name = challenge_name(order.metadata.name, found)
        made.append(Wanted(name, one.identifier, _challenge(order, name, found)))
    return tuple(made)


def solver_for(order: Order, issuer: AnyIssuer, one: Authorization) -> tuple[str, JsonObject] | Unsolvable:
    """The type of challenge, and the solver after annotations are applied."""
    assert issuer.spec.acme is not None
    domain = f"*.{one.identifier}" if one.wildcard else one.identifier
    offered = [offer.type for offer in one.challenges]
    chosen = choose(issuer.spec.acme.solvers, domain, offered, order.metadata.labels)
    if chosen is None:
        return Unsolvable(NO_SOLVER)
    solver = dict(issuer.spec.acme.solvers[chosen.index])
    try:
        annotations = order.metadata.annotations or None
        return chosen.type, overridden(solver, annotations, order.metadata.namespace)
    except OverrideError as error:
        return Unsolvable(str(error))


def _spec(order: Order, issuer: AnyIssuer, login: Login, one: Authorization) -> JsonObject | Unsolvable:
    found = solver_for(order, issuer, one)
    if isinstance(found, Unsolvable):
        return found
    type_, solver = found
    offer = next(offer for offer in one.challenges if offer.type == type_)
    made: dict[str, Any] = {"url": offer.url, "authorizationURL": one.url, "dnsName": one.identifier}
    made["wildcard"] = one.wildcard
    made |= {"type": _TYPES[type_], "token": offer.token, "key": key_of(offer.token, type_, login)}
    return {**made, "solver": solver, "issuerRef": written(order.spec.issuer_ref)}


def challenge_name(order: str, spec: JsonObject) -> str:
    """A stable name: a hash of everything except the key."""
    content = {key: value for key, value in spec.items() if key != "wildcard" or value}
    return names.computed(order, names.go_json({**content, "key": ""}))


def _challenge(order: Order, name: str, spec: JsonObject) -> JsonObject:
    owner = {
        "apiVersion": "acme.cert-manager.io/v1",
        "kind": "Order",
        "name": order.metadata.name,
        "uid": order.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    metadata = {"name": name, "namespace": order.metadata.namespace, "ownerReferences": [owner]}
    return {"apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge", "metadata": metadata, "spec": spec}
