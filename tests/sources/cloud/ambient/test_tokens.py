"""How long a password is kept, who shares a request for one, and what happens without an identity."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from argosy.sources.cloud.ambient.tokens import AmbientTokens
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import AccessDenied, Credentials, Unavailable
from tests.kit.scripted_http import Reply
from tests.sources.cloud.ambient.clouds import AWS, AZURE, GOOGLE, Clouds, Request, wanted
from tests.sources.cloud.ambient.test_azure import azure
from tests.sources.cloud.ambient.test_azure import environment as environment


def exchanges(clouds: Clouds) -> int:
    return sum(one.path == "/oauth2/exchange" for one in clouds.asked)


@pytest.mark.parametrize("host", [AWS, GOOGLE, AZURE])
def test_without_an_identity_nothing_is_sent_and_the_registry_is_read_anonymously(clock: Any, host: str) -> None:
    clouds = Clouds(clock, {}, lambda _: (500, {}), "Standard PC")

    assert clouds.effective(wanted(host)) == [Credentials()]
    assert clouds.asked == []


def test_a_host_of_no_cloud_gets_no_token(clock: Any, environment: dict[str, str]) -> None:
    clouds = Clouds(clock, environment, azure())

    assert clouds.effective(wanted("azurecr.io.evil.example")) == [Credentials()]
    assert clouds.asked == []


def test_transport_options_are_kept(clock: Any, environment: dict[str, str]) -> None:
    given = Credentials(ambient_registry=AZURE, ambient_project="demo", insecure=True)
    (found,) = Clouds(clock, environment, azure()).effective(given)

    assert (found.insecure, found.password) == (True, "refresh")


@pytest.mark.parametrize(("pause", "expected"), [(2.9 * 3600, 1), (175 * 60, 2)])
def test_a_password_is_kept_until_five_minutes_before_it_expires(
    clock: Any, environment: dict[str, str], pause: float, expected: int
) -> None:
    clouds = Clouds(clock, environment, azure())
    clouds.effective(wanted(AZURE), wanted(AZURE), pause=pause)

    assert exchanges(clouds) == expected


@pytest.mark.parametrize(("pause", "expected"), [(59.0, 1), (60.0, 2)])
def test_a_refusal_is_kept_for_a_minute(clock: Any, environment: dict[str, str], pause: float, expected: int) -> None:
    clouds = Clouds(clock, environment, azure((401, {})))
    found = clouds.effective(wanted(AZURE), wanted(AZURE), pause=pause)

    assert [type(one) for one in found] == [AccessDenied, AccessDenied]
    assert exchanges(clouds) == expected


def test_a_failure_is_not_kept(clock: Any, environment: dict[str, str]) -> None:
    replies = iter([(503, {}), (200, {"refresh_token": "refresh"})])

    def answer(request: Request) -> Reply:
        return next(replies) if request.path == "/oauth2/exchange" else azure()(request)

    found = Clouds(clock, environment, answer).effective(wanted(AZURE), wanted(AZURE))

    assert isinstance(found[0], Unavailable)
    assert found[1].password == "refresh"


def test_many_that_ask_at_once_share_one_request(clock: Any, environment: dict[str, str]) -> None:
    clouds = Clouds(clock, environment, azure())
    found = clouds.effective(*[wanted(AZURE)] * 50, together=True)

    assert {one.password for one in found} == {"refresh"}
    assert exchanges(clouds) == 1


def test_a_cloud_that_fails_does_not_affect_another(clock: Any, environment: dict[str, str]) -> None:
    def answer(request: Request) -> Reply:
        return (500, b"") if "google" in request.headers.get("metadata-flavor", "").lower() else azure()(request)

    found = Clouds(clock, environment, answer, "Google").effective(wanted(GOOGLE), wanted(AZURE), together=True)

    assert isinstance(found[0], Unavailable)
    assert found[1].password == "refresh"


def test_a_rehearsal_uses_no_identity(clock: Any, environment: dict[str, str]) -> None:
    egress = Egress(EgressPolicy(read_only=True))
    tokens = AmbientTokens.of(egress, clock, environment, CloudTokens(egress, clock, environment))

    assert asyncio.run(tokens.effective(wanted(AZURE))) == Credentials()
