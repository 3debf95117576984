"""Schedules as robfig/cron v3 reads them: what is one, and when it comes next. Times were taken from that library."""

from __future__ import annotations

from datetime import datetime

import pytest

from argosy.machinery import cron
from argosy.machinery.timestamps import parse, seconds


def coming(text: str, zone: str, after: str, count: int = 2) -> list[str]:
    schedule, at = cron.parse(text, zone), parse(after)
    found: list[str] = []
    for _ in range(count):
        following: datetime | None = schedule.next(at)
        if following is None:
            return [*found, "never"]
        found.append(seconds(following))
        at = following
    return found


@pytest.mark.parametrize(
    ("text", "zone", "after", "times"),
    [
        ("30 2 * * *", "", "2026-03-28T02:30:00Z", ["2026-03-29T02:30:00Z", "2026-03-30T02:30:00Z"]),
        ("? ? * * ?", "", "2026-03-28T23:59:30Z", ["2026-03-29T00:00:00Z", "2026-03-29T00:01:00Z"]),
        ("5/20 4 * * *", "", "2026-03-28T23:59:30Z", ["2026-03-29T04:05:00Z", "2026-03-29T04:25:00Z"]),
        ("0 0 * JAN-mar Sun", "", "2026-03-28T23:59:30Z", ["2026-03-29T00:00:00Z", "2027-01-03T00:00:00Z"]),
        ("+5 1,,2 * * *", "", "2026-03-28T23:59:30Z", ["2026-03-29T01:05:00Z", "2026-03-29T02:05:00Z"]),
        ("@every 1500ms", "", "2026-03-28T23:59:30Z", ["2026-03-28T23:59:31Z", "2026-03-28T23:59:32Z"]),
        ("@weekly", "", "2026-03-28T23:59:30Z", ["2026-03-29T00:00:00Z", "2026-04-05T00:00:00Z"]),
        (
            "CRON_TZ=Asia/Kolkata 0 6 * * *",
            "",
            "2026-03-28T23:59:30Z",
            ["2026-03-29T00:30:00Z", "2026-03-30T00:30:00Z"],
        ),
    ],
)
def test_fields_are_read_as_upstream_does(text: str, zone: str, after: str, times: list[str]) -> None:
    assert coming(text, zone, after) == times


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("0 0 1 * 1", ["2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z"]),
        ("0 0 */2 * 1", ["2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"]),
        ("0 0 * * 1", ["2026-03-30T00:00:00Z", "2026-04-06T00:00:00Z"]),
    ],
)
def test_a_day_matches_by_either_field_where_neither_is_a_star(text: str, times: list[str]) -> None:
    """A star with a step is a restriction."""
    assert coming(text, "", "2026-03-28T23:59:30Z") == times


@pytest.mark.parametrize(
    ("text", "after", "times"),
    [
        ("30 2 * * *", "2026-03-28T12:00:00Z", ["2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]),
        ("0 3 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]),
        ("30 2 * * *", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]),
    ],
)
def test_a_skipped_local_time_does_not_come_and_a_repeated_one_comes_twice(
    text: str, after: str, times: list[str]
) -> None:
    assert coming(text, "Europe/Berlin", after) == times


def test_a_rare_day_is_found_and_one_that_never_comes_is_not() -> None:
    assert coming("0 0 29 2 *", "", "2024-02-29T00:00:00Z") == ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]
    assert coming("0 0 31 2 *", "", "2026-03-28T00:00:00Z") == ["never"]
    assert coming(", * * * *", "", "2026-03-28T00:00:00Z") == ["never"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 7",
        "-1 * * * *",
        "5-3 * * * *",
        "1-5-7 * * * *",
        "1/2/3 * * * *",
        "*/0 * * * *",
        "*/ * * * *",
        "1- * * * *",
        "0x5 * * * *",
        "0 0 L * *",
        "0 0 * jan-foo *",
        "@Daily",
        "@reboot",
        "@every soon",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(cron.CronError):
        cron.parse(text)


@pytest.mark.parametrize("zone", ["Nowhere/At_All", "Local", "../UTC"])
def test_a_zone_that_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(cron.CronError, match="not a time zone"):
        cron.parse("0 2 * * *", zone)
