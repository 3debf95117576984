"""When a certificate is renewed, exact to the second. Source: spec/cert-manager.md section 3.9.

The lifetime is that of the X.509 certificate, not the requested one: an issuer may grant less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from argosy.apis.certmanager.certificate import CertificateSpec, Renewal, RenewalWindow
from argosy.machinery import cron, duration

NO_WINDOW = "no renewal window begins before the certificate expires; it is renewed at the desired time"
_SECOND = 1_000_000_000
_LOOKED_BACK = timedelta(days=366 * 5)
"""How far back a start can be: the 29th of February is the rarest day that a schedule can name."""


class WindowError(ValueError):
    """A window cannot be parsed; the message says which part of it."""


@dataclass(frozen=True, slots=True)
class RenewalTime:
    """`at` is None if it is never renewed; `error` says that no window could be met, so `at` is the desired time."""

    at: datetime | None
    error: str = ""


def desired(not_before: datetime, not_after: datetime, renew_before: str, percentage: int | None) -> datetime:
    """Without windows: the spec's value if it fits into the lifetime, else two thirds of the lifetime."""
    life = int((not_after - not_before) / timedelta(microseconds=1)) * 1000
    before = life // 3
    asked = duration.nanoseconds(renew_before) if renew_before else 0
    if 0 < asked < life:
        before = asked
    elif percentage is not None and 0 < percentage < 100:
        before = int(float(life) * float(percentage) / 100)
    end = int(not_after.timestamp()) * _SECOND
    return datetime.fromtimestamp((end - before) // _SECOND, UTC)


def renewal_time(
    not_before: datetime,
    not_after: datetime,
    *,
    renew_before: str = "",
    percentage: int | None = None,
    renewal: Renewal | None = None,
    suggested: datetime | None = None,
) -> RenewalTime:
    """`suggested`: the instant picked within an ACME server's window; it replaces the spec's value."""
    wish = suggested.replace(microsecond=0) if suggested else desired(not_before, not_after, renew_before, percentage)
    if renewal is None:
        return RenewalTime(wish)
    if renewal.policy == "Disabled":
        return RenewalTime(None)
    if not renewal.windows:
        return RenewalTime(wish)
    return _in_windows(wish, not_after, renewal.windows)


def of_spec(spec: CertificateSpec, not_before: datetime, not_after: datetime) -> RenewalTime:
    return renewal_time(
        not_before,
        not_after,
        renew_before=spec.renew_before,
        percentage=spec.renew_before_percentage,
        renewal=spec.renewal,
    )


def _in_windows(wish: datetime, not_after: datetime, windows: Sequence[RenewalWindow]) -> RenewalTime:
    """A later window without a start in reach discards the results of earlier ones: order matters, as upstream."""
    best: datetime | None = None
    for window in windows:
        try:
            lasts = duration.parse(window.window_duration)
            began = last_start(window.cron, window.timezone, wish)
            follows = next_start(window.cron, window.timezone, wish)
        except (WindowError, duration.DurationError) as error:
            return RenewalTime(wish, f"renewal window {window.cron!r}: {error}")
        if began is not None and began <= wish <= began + lasts:
            return RenewalTime(wish)
        if follows is None or follows > not_after + lasts:
            best = None
        elif best is None or follows < best:
            best = follows
    if best is None:
        return RenewalTime(
            wish, "no renewal window begins before the certificate expires; it is renewed at the desired time"
        )
    return RenewalTime(best)


def check_zone(name: str) -> None:
    """Raises WindowError."""
    try:
        cron.zone_of(name)
    except cron.CronError as error:
        raise WindowError(str(error)) from None


def next_start(schedule: str, zone: str, at: datetime) -> datetime | None:
    """The first start at or after `at`. Raises WindowError."""
    return _following(schedule, zone, (at - timedelta(seconds=1)).replace(microsecond=0))


def last_start(schedule: str, zone: str, at: datetime) -> datetime | None:
    """The latest start at or before `at`, or None when there was none within five years. Raises WindowError."""
    step = timedelta(hours=1)
    while step < _LOOKED_BACK * 2:
        begin = _following(schedule, zone, at - step)
        if begin is not None and begin <= at:
            return _latest_up_to(schedule, zone, begin, at)
        step *= 4
    return None


def _latest_up_to(schedule: str, zone: str, begin: datetime, at: datetime) -> datetime:
    """Bisects between a start and `at`, so that an every-minute schedule needs no thousand steps."""
    low, high = begin, at
    while (found := _following(schedule, zone, low)) is not None and found <= at:
        middle = low + (high - low) / 2
        beyond = _following(schedule, zone, middle)
        if beyond is not None and beyond <= at:
            low = beyond
        else:
            high = middle
            low = max(low, found)
    return low


@lru_cache(maxsize=4096)
def _following(schedule: str, zone: str, after: datetime) -> datetime | None:
    """The first start after a moment. Raises WindowError."""
    try:
        return cron.parse(schedule.strip(), zone).next(after)
    except cron.CronError as error:
        raise WindowError(str(error)) from None
