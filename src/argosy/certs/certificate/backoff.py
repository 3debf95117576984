"""How long to wait after a failed issuance before the next one. Source: spec/cert-manager.md section 3.8."""

from __future__ import annotations

from datetime import datetime, timedelta

from argosy.apis.certmanager.certificate import CertificateStatus
from argosy.certs.settings import Settings
from argosy.machinery.timestamps import parse


def delay_after(attempts: int | None, minimum: timedelta, maximum: timedelta) -> timedelta:
    """Doubles with each failure between minimum and maximum; zero if the minimum is not positive."""
    if minimum <= timedelta():
        return timedelta()
    if not attempts or attempts <= 0:
        return minimum
    doubled = minimum * 2 ** min(attempts - 1, 40) if attempts <= 40 else maximum
    return max(minimum, min(doubled, maximum))


def retry_at(status: CertificateStatus, settings: Settings) -> datetime | None:
    """The end of the wait; None if nothing failed."""
    if not status.last_failure_time:
        return None
    delay = delay_after(status.failed_issuance_attempts, settings.minimum_backoff, settings.maximum_backoff)
    return parse(status.last_failure_time) + delay
