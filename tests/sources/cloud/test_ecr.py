"""An access key is exchanged for a password of ECR: the request, how long the answer is kept, and refusals."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from typing import Any

import pytest

from argosy.sources.cloud.ecr import ENDPOINT, TARGET, EcrTokens
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import AccessDenied, Credentials, Unavailable
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

KEY = Credentials(aws_region="eu-west-1", aws_access_key_id="AKID", aws_secret_access_key="canary-secret")


def answer(clock: Any, number: int, hours: float = 12) -> Any:
    token = base64.b64encode(f"AWS:password-{number}".encode()).decode()
    expires = clock.now().timestamp() + hours * 3600
    return {"authorizationData": [{"authorizationToken": token, "expiresAt": expires, "proxyEndpoint": "https://x"}]}


def effective(
    clock: Any, *wanted: Credentials, pause: float = 0.0, status: int = 200, body: Any = None
) -> tuple[list[Credentials], list[Asked]]:
    """What a key is exchanged for, with a pause after each; and the requests for it."""

    async def run() -> tuple[list[Credentials], list[Asked]]:
        def reply(asked: Asked) -> Reply:
            return status, body if body is not None else answer(clock, len(site.asked))

        site = ScriptedHttp(reply)
        egress, found = Egress(EgressPolicy(allow_loopback=True)), []
        async with site.running():
            tokens = EcrTokens(egress, clock, {ENDPOINT: site.url})
            try:
                for one in wanted:
                    found.append(await tokens.effective(one))
                    clock.seconds += pause
            finally:
                await egress.close()
        return found, site.asked

    return asyncio.run(run())


def test_a_key_becomes_a_user_name_and_a_password(clock: Any) -> None:
    (found,), (asked,) = effective(clock, KEY)

    assert (found.username, found.password) == ("AWS", "password-1")
    assert (found.aws_access_key_id, found.aws_secret_access_key) == ("", "")
    assert (asked.method, asked.headers["x-amz-target"], asked.body) == ("POST", TARGET, b"{}")
    assert "Credential=AKID/" in asked.headers["authorization"]
    assert "/eu-west-1/ecr/aws4_request" in asked.headers["authorization"]
    assert "canary" not in str(asked)
    assert "canary" not in repr(KEY)


def test_a_password_is_asked_for_again_shortly_before_it_expires(clock: Any) -> None:
    found, asked = effective(clock, KEY, KEY, KEY, pause=11.95 * 3600)

    assert [one.password for one in found] == ["password-1", "password-2", "password-3"]
    assert len(asked) == 3

    found, asked = effective(clock, KEY, KEY, replace(KEY, aws_access_key_id="OTHER"), pause=3600)
    assert [one.password for one in found] == ["password-1", "password-1", "password-2"]


@pytest.mark.parametrize("status", [400, 403])
def test_a_refused_key_is_an_error_without_its_secret(clock: Any, status: int) -> None:
    with pytest.raises(AccessDenied, match="the access key is refused") as caught:
        effective(clock, KEY, status=status)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("region", ["", "evil.example.com/", "eu west"])
def test_a_region_that_is_none_is_refused_before_anything_is_sent(clock: Any, region: str) -> None:
    with pytest.raises(AccessDenied, match="awsRegion"):
        effective(clock, replace(KEY, aws_region=region))


@pytest.mark.parametrize(
    "body", [b"{", [], {}, {"authorizationData": []}, {"authorizationData": [{"authorizationToken": "QQ=="}]}]
)
def test_an_answer_that_cannot_be_read_is_an_error(clock: Any, body: Any) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        effective(clock, KEY, body=body)
