"""Health: the sum of its checks, whatever they do."""

from __future__ import annotations

from argosy.observe.health import HealthChecks


def test_ready_needs_the_live_checks_too_and_says_what_is_wrong() -> None:
    checks = HealthChecks()
    checks.add_live("loop", lambda: None)
    checks.add_ready("caches", lambda: "3 of 4 are filled")
    assert checks.live().ok
    assert not checks.ready().ok
    assert checks.ready().text() == ("[+]loop ok\n[-]caches failed: 3 of 4 are filled\nhealthz check failed\n")


def test_a_check_that_raises_is_a_failed_check_without_its_message() -> None:
    def raises() -> str | None:
        raise LookupError("canary-77")

    checks = HealthChecks()
    checks.add_live("store", raises)
    assert checks.live().problems == {"store": "the check itself failed: LookupError"}
