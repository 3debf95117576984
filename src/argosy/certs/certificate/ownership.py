"""Which of several Certificates with one secretName may issue into it. Source: spec/cert-manager.md section 3.1.

Whoever may not looks again after three minutes, and at once when it or the Secret changes; that another Certificate
went is no such change. So one that is deleted and made again, as `kubectl replace --force` does, keeps its Secret.
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
    """A Secret was found to be another Certificate's."""

    versions: tuple[str, str]
    """Of the Certificate and of the Secret, as they were then."""
    until: datetime
    """When it is looked at again."""


def lost(before: Lost | None, certificate: Certificate, secret: Secret | None, now: datetime) -> Lost:
    """What to remember of a look at a Secret that is another's; the wait begins anew with each change, and each end."""
    if before is not None and is_waiting(before, certificate, secret, now):
        return before
    return Lost(_versions(certificate, secret), now + RETRY)


def is_waiting(before: Lost, certificate: Certificate, secret: Secret | None, now: datetime) -> bool:
    return now < before.until and before.versions == _versions(certificate, secret)


def taken_over_at(certificate: Certificate, secret: Secret, now: datetime) -> datetime:
    """When the looks, one every three minutes since either changed, come to a Secret whose Certificate is gone.

    By what is stored: looks of controllers that were started in between, or are late, are a little off that.
    """
    changed = max(_changed_at(one.raw["metadata"], now) for one in (certificate, secret))
    return changed + (max(now - changed, timedelta()) // RETRY + 1) * RETRY


def _changed_at(metadata: JsonObject, now: datetime) -> datetime:
    times = (metadata.get("creationTimestamp"), *(one.get("time") for one in metadata.get("managedFields") or ()))
    return max((timestamps.parse(time) for time in times if time), default=now)


def _versions(certificate: Certificate, secret: Secret | None) -> tuple[str, str]:
    return certificate.metadata.resource_version, secret.metadata.resource_version if secret else ""


def owner_among(certificates: Sequence[Certificate], annotations: Mapping[str, str] | None) -> str:
    """Name of the owner: whom the Secret says it was issued for, else the oldest. `annotations` None: no Secret."""
    said = (annotations or {}).get(CERTIFICATE_NAME)
    if said is not None and any(one.metadata.name == said for one in certificates):
        return said
    return min(certificates, key=lambda one: (one.metadata.creation_timestamp, one.metadata.name)).metadata.name
