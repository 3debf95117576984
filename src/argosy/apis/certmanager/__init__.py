"""cert-manager.io/v1 and acme.cert-manager.io/v1: the fields that Argosy reads. Others survive in `raw`."""

from __future__ import annotations

from argosy.apis.certmanager.acme import AcmeIssuer, Challenge, Order
from argosy.apis.certmanager.certificate import Certificate, CertificateSpec, CertificateStatus
from argosy.apis.certmanager.issuer import ClusterIssuer, Issuer, IssuerSpec
from argosy.apis.certmanager.request import CertificateRequest
from argosy.apis.certmanager.shared import Condition, IssuerRef, SecretKeyRef

RESOURCES: tuple[type, ...] = (Certificate, CertificateRequest, Issuer, ClusterIssuer, Order, Challenge)

__all__ = [
    "RESOURCES",
    "AcmeIssuer",
    "Certificate",
    "CertificateRequest",
    "CertificateSpec",
    "CertificateStatus",
    "Challenge",
    "ClusterIssuer",
    "Condition",
    "Issuer",
    "IssuerRef",
    "IssuerSpec",
    "Order",
    "SecretKeyRef",
]
