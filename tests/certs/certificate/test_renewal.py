"""Renewal times: years of them in no time, and what the recorded vectors do not hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from argosy.apis.certmanager.certificate import Renewal, RenewalWindow
from argosy.certs.certificate import renewal

START = datetime(2030, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


def test_a_year_of_renewals_each_begins_where_the_one_before_was_due() -> None:
    now, lives = START, 0
    while now < START + YEAR:
        due = renewal.renewal_time(now, now + timedelta(hours=6))
        assert due.at == now + timedelta(hours=4)
        now, lives = due.at, lives + 1

    assert lives == 365 * 6


@pytest.mark.parametrize(
    ("cron", "wish", "at"),
    [
        ("* * * * *", "2030-03-04T05:06:07", "2030-03-04T05:06:07"),
        ("0 3 29 2 *", "2030-03-04T00:00:00", "2032-02-29T03:00:00"),
        ("@weekly", "2030-03-04T00:00:00", "2030-03-10T00:00:00"),
        ("@hourly", "2030-03-04T05:59:00", "2030-03-04T06:00:00"),
        ("0 0 * * 0", "2030-03-04T00:00:00", "2030-03-10T00:00:00"),
    ],
)
def test_the_next_window_is_found_however_rare_it_is(cron: str, wish: str, at: str) -> None:
    desired = datetime.fromisoformat(f"{wish}+00:00")
    windows = Renewal(policy="RenewBefore", windows=(RenewalWindow(cron=cron, window_duration="1m"),))
    found = renewal.renewal_time(
        START - 2 * YEAR,
        desired + 4 * YEAR,
        renewal=windows,
        suggested=desired,
    )
    assert found.at == datetime.fromisoformat(f"{at}+00:00")


@pytest.mark.parametrize(
    ("cron", "zone", "says"),
    [
        ("nope", "", "five fields"),
        ("61 * * * *", "", "is not within 0 to 59"),
        ("* * * * *", "Mars/Base", "not a time zone"),
    ],
)
def test_a_window_that_cannot_be_read_is_reported_and_the_desired_time_kept(cron: str, zone: str, says: str) -> None:
    window = RenewalWindow(cron=cron, timezone=zone, window_duration="1h")
    found = renewal.renewal_time(START, START + YEAR, renewal=Renewal(policy="RenewBefore", windows=(window,)))
    assert says in found.error
    assert found.at == renewal.desired(START, START + YEAR, "", None)
