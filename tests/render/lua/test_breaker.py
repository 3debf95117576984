"""A script that only meets its limits rests, and comes back."""

from __future__ import annotations

import pytest

from argosy.render.lua.breaker import REMEMBERED, REST_SECONDS, ROW, Breaker


def failed(count: int, at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(count):
        breaker.learn("s", at, is_breach=True)
    return breaker


@pytest.mark.parametrize(
    ("failures", "later", "rests"),
    [(0, 0, False), (ROW - 1, 0, False), (ROW, 0, True), (ROW, REST_SECONDS - 1, True), (ROW, REST_SECONDS, False)],
)
def test_a_script_rests_after_some_failures_in_a_row(failures: int, later: float, rests: bool) -> None:
    assert failed(failures, 5.0).refuses("s", 5.0 + later) is rests


def test_after_a_rest_one_failure_more_is_enough() -> None:
    breaker = failed(ROW)
    breaker.learn("s", REST_SECONDS, is_breach=True)
    assert breaker.refuses("s", REST_SECONDS + 1)


def test_a_success_ends_the_row() -> None:
    breaker = failed(ROW - 1)
    breaker.learn("s", 0.0, is_breach=False)
    breaker.learn("s", 0.0, is_breach=True)
    assert not breaker.refuses("s", 0.0)


def test_others_do_not_rest_and_what_is_remembered_is_bounded() -> None:
    breaker = failed(ROW)
    assert not breaker.refuses("t", 0.0)
    for number in range(REMEMBERED):
        breaker.learn(str(number), 0.0, is_breach=True)
    assert not breaker.refuses("s", 0.0)
