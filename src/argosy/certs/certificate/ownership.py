"""Which of several Certificates with one secretName may issue into it. Source: spec/cert-manager.md section 3.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argosy.apis.certmanager import Certificate
from argosy.certs.names import CERTIFICATE_NAME


def owner_among(certificates: Sequence[Certificate], annotations: Mapping[str, str] | None) -> str:
    """Name of the owner: whom the Secret says it was issued for, else the oldest. `annotations` None: no Secret."""
    said = (annotations or {}).get(CERTIFICATE_NAME)
    if said is not None and any(one.metadata.name == said for one in certificates):
        return said
    return min(certificates, key=lambda one: (one.metadata.creation_timestamp, one.metadata.name)).metadata.name
