"""Names of signers: in CertificateSigningRequests, and in approval permissions. Spec sections 10.3 and 11."""

from __future__ import annotations

from typing import NamedTuple

from argosy.apis.certmanager import IssuerRef
from argosy.machinery.objects import Resource


class Signer(NamedTuple):
    """The issuer in a signerName."""

    type: str
    group: str
    namespace: str
    name: str


def parse(text: str) -> Signer | None:
    """None if it does not have the form of one of ours."""
    kind, slash, rest = text.partition("/")
    type_, dot, group = kind.partition(".")
    if not slash or not dot or not type_ or "/" in rest:
        return None
    if type_ == "clusterissuers":
        return Signer(type_, group, "", rest)
    namespace, dot, name = rest.partition(".")
    return Signer(type_, group, namespace, name) if dot else Signer(type_, group, "", rest)


def approval_names(ref: IssuerRef, namespace: str, resource: Resource) -> tuple[str, str]:
    """The resource names of `signers` that permit approval: one of them is enough."""
    kind = f"{resource.plural}.{ref.full_group}"
    return f"{kind}/*", f"{kind}/{namespace}.{ref.name}" if resource.namespaced else f"{kind}/{ref.name}"
