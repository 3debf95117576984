"""Which of several Certificates with one secretName may issue into it. Source: spec/cert-manager.md section 3.1.

A Certificate that may not checks again after three minutes, or when it or the Secret changes, but not when another
Certificate is deleted. So one that is deleted and re-created by `kubectl replace --force` keeps its Secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.certmanager import Certificate
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.names import CERTIFICATE_NAME
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject

RETRY: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Lost:
    """A Secret was found to belong to another Certificate."""

    versions: tuple[str, str]
    """Versions of the Certificate and of the Secret at that time."""
    until: datetime
    """When it is checked again."""


def lost(before: Lost | None, certificate: Certificate, secret: Secret | None, now: datetime) -> Lost:
    """What to remember when a Secret belongs to another; the wait restarts with each change, and each time it ends."""
    if before is not None and is_waiting(before, certificate, secret, now):
        return before
    return Lost(_versions(certificate, secret), now + RETRY)


def is_waiting(before: Lost, certificate: Certificate, secret: Secret | None, now: datetime) -> bool:
    return now < before.until and before.versions == _versions(certificate, secret)


def taken_over_at(certificate: Certificate, secret: Secret, now: datetime) -> datetime:
    """When the checks, one every three minutes since either changed, find that the Secret's Certificate is deleted.

    Computed from what is stored: controllers that were restarted, or are late, check slightly off that time.
    """
    changed = max(_changed_at(one.raw["metadata"], now) for one in (certificate, secret))
    return changed + (max(now - changed, timedelta()) // RETRY + 1) * RETRY


def _changed_at(metadata: JsonObject, now: datetime) -> datetime:
    times = (metadata.get("creationTimestamp"), *(one.get("time") for one in metadata.get("managedFields") or ()))
    return max((timestamps.parse(time) for time in times if time), default=now)


def _versions(certificate: Certificate, secret: Secret | None) -> tuple[str, str]:
    return certificate.metadata.resource_version, secret.metadata.resource_version if secret else ""


def owner_among(certificates: Sequence[Certificate], annotations: Mapping[str, str] | None) -> str:
    """Name of the owner: whom the Secret was issued for, else the oldest. `annotations` None: there is no Secret."""
    named = (annotations or {}).get(CERTIFICATE_NAME)
    if named is not None and any(one.metadata.name == named for one in certificates):
        return named
    return min(certificates, key=lambda one: (one.metadata.creation_timestamp, one.metadata.name)).metadata.name
