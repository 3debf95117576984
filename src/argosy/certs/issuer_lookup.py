"""Finds the issuer that a reference names, and the namespace of its Secrets."""

from __future__ import annotations

from argosy.apis.certmanager import ClusterIssuer, Issuer, IssuerRef
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.certs.settings import Settings
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import Key


def issuer_of(snapshot: Snapshot, ref: IssuerRef, namespace: str) -> AnyIssuer | None:
    """None if it does not exist; only for references to our group."""
    if ref.full_kind == "ClusterIssuer":
        return snapshot.get(ClusterIssuer, Key("", ref.name))
    return snapshot.get(Issuer, Key(namespace, ref.name))


def secrets_namespace(issuer: AnyIssuer, settings: Settings) -> str:
    """A ClusterIssuer's Secrets are in the cluster resource namespace."""
    return issuer.metadata.namespace or settings.cluster_resource_namespace


def ambient_allowed(issuer: AnyIssuer, settings: Settings) -> bool:
    """Whether the machine's own credentials may be used: an Issuer's author must not borrow the operator's rights."""
    if isinstance(issuer, ClusterIssuer):
        return settings.cluster_issuer_ambient_credentials
    return settings.issuer_ambient_credentials
