"""So many requests a second, and so many at once; then 429 with when to try again."""

from __future__ import annotations

from argosy.runtime.virtual import VirtualProcess
from argosy.server.kargo.limits import MOST_CALLERS, Limits
from tests.kit.kargo_api import KargoApi
from tests.kit.promotion import PromotionWorld


def test_a_caller_may_ask_at_once_what_the_bucket_holds_and_then_what_it_gains() -> None:
    process = VirtualProcess(7)
    limits = Limits(process.clock, 2.0, 3)
    assert [limits.wait("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limits.wait("b") == 0.0
    process.run(process.clock.sleep(0.5))
    assert [limits.wait("a"), limits.wait("a")] == [0.0, 0.5]
    process.close()


def test_callers_that_were_quiet_longest_are_forgotten_first() -> None:
    process = VirtualProcess(7)
    limits = Limits(process.clock, 1.0, 1)
    assert limits.wait("first") == 0.0
    for number in range(MOST_CALLERS):
        limits.wait(str(number))
    assert limits.wait("first") == 0.0
    assert limits.wait(str(MOST_CALLERS - 1)) > 0
    process.close()


def test_a_caller_with_too_many_requests_gets_retry_after_and_others_are_served(
    world: PromotionWorld, api: KargoApi
) -> None:
    with KargoApi(world, {"API_REQUESTS_PER_SECOND": "1", "API_REQUESTS_AT_ONCE": "3"}) as small:
        small.token = api.token
        answers = [small.send("GET", "/v1beta1/projects") for _ in range(4)]
        assert [one.status for one in answers] == [200, 200, 200, 429]
        assert dict(answers[3].headers)["Retry-After"] == "1"
        world.pass_time(1)
        assert small.send("GET", "/v1beta1/projects").status == 200
