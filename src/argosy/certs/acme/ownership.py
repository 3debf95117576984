"""Whether a Challenge is one of ours: created by an Order of an approved request, with a solver of its issuer.

A request is a CertificateRequest in the Order's namespace, or a Kubernetes CertificateSigningRequest.

Credentials of issuers - a ClusterIssuer's above all - are used for nothing else: permission to write Challenges must
not become permission to write the operator's DNS. Source: spec/security.md rule 5.
"""

from __future__ import annotations

from typing import TypeVar

from argosy.apis.certmanager import CertificateRequest, Challenge, Order
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.certs.acme.making_challenges import Unsolvable, solver_for
from argosy.certs.signers import parse
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import Key

T = TypeVar("T", Order, CertificateRequest, CertificateSigningRequest)


def fault_of(snapshot: Snapshot, challenge: Challenge, issuer: AnyIssuer | None) -> str:
    """Why it is not one of ours; empty if it is."""
    if issuer is None or issuer.spec.acme is None:
        return "its issuer is not an ACME issuer that is there"
    if challenge.metadata.deletion_timestamp:
        return _unknown_solver(challenge, issuer)  # its owners may have been deleted before it
    order = _owner(snapshot, challenge.metadata, "Order", Order)
    if order is None or order.spec.issuer_ref != challenge.spec.issuer_ref:
        return "no Order of the same issuer owns it"
    if fault := _order_fault(snapshot, order):
        return fault
    return _unlike_order(challenge, order, issuer)


def _order_fault(snapshot: Snapshot, order: Order) -> str:
    request = _owner(snapshot, order.metadata, "CertificateRequest", CertificateRequest)
    if request is not None:
        same, approved = request.spec.issuer_ref == order.spec.issuer_ref, request.is_true("Approved")
        asked = request.spec.request
    else:
        signing = _owner(snapshot, order.metadata, "CertificateSigningRequest", CertificateSigningRequest)
        if signing is None:
            return "no approved request of the same issuer owns its Order"
        same, approved = _is_signer(signing, order), signing.is_true("Approved") and not signing.is_true("Denied")
        asked = signing.spec.request
    if not (same and approved):
        return "no approved request of the same issuer owns its Order"
    return "" if order.spec.request == asked else "its Order asks for something else than the request that owns it"


def _is_signer(request: CertificateSigningRequest, order: Order) -> bool:
    """Whether the Order uses the issuer that the request names as its signer."""
    signer, ref = parse(request.spec.signer_name), order.spec.issuer_ref
    if signer is None or (signer.group, signer.name) != (ref.full_group, ref.name):
        return False
    if signer.type == "issuers":
        return ref.full_kind == "Issuer" and signer.namespace == order.metadata.namespace
    return signer.type == "clusterissuers" and ref.full_kind == "ClusterIssuer"


def _unlike_order(challenge: Challenge, order: Order, issuer: AnyIssuer) -> str:
    spec = challenge.spec
    for one in order.status.authorizations:
        offered = any((offer.url, offer.token) == (spec.url, spec.token) for offer in one.challenges)
        if one.url == spec.authorization_url and one.identifier == spec.dns_name and offered:
            found = solver_for(order, issuer, one)
            if isinstance(found, Unsolvable) or found[1] != spec.solver:
                return "its solver is not the one that the issuer has for this name"
            return ""
    return "its Order has no such authorization"


def _unknown_solver(challenge: Challenge, issuer: AnyIssuer) -> str:
    """Checks a Challenge that is being deleted: its DNS provider must be one of the issuer's."""
    assert issuer.spec.acme is not None
    provider = challenge.spec.solver.get("dns01")
    known = [one.get("dns01") for one in issuer.spec.acme.solvers]
    return "" if provider is None or provider in known else "its solver is none of the issuer's"


def _owner(snapshot: Snapshot, metadata: ObjectMeta, kind: str, view: type[T]) -> T | None:
    for owner in metadata.owner_references:
        if owner.kind == kind and owner.controller:
            place = "" if view is CertificateSigningRequest else metadata.namespace
            found = snapshot.get(view, Key(place, owner.name))
            return found if found is not None and found.metadata.uid == owner.uid else None
    return None
