"""Google: a project's service account before the process's own, with tokens of the metadata server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.sources.port import Credentials, Unavailable
from tests.kit.scripted_http import Reply
from tests.sources.cloud.ambient.clouds import GOOGLE, Clouds, Request, wanted

PRODUCT = "Google Compute Engine"
ACCOUNT = "kargo-project-demo@our-cloud.iam.gserviceaccount.com"


def google(clock: Any, *, status: int = 200) -> Any:
    def answer(request: Request) -> Reply:
        if request.path.endswith("/project-id"):
            return 200, b"our-cloud"
        if request.path.endswith("/default/token"):
            return 200, {"access_token": "canary-own", "expires_in": 3599, "token_type": "Bearer"}
        expires = datetime.fromtimestamp(clock.now().timestamp() + 3600, UTC).isoformat().replace("+00:00", "Z")
        return status, {"accessToken": f"for {request.path}", "expireTime": expires} if status == 200 else {}

    return answer


def test_a_projects_account_is_impersonated_with_the_machines_token(clock: Any) -> None:
    clouds = Clouds(clock, {}, google(clock), PRODUCT)
    (found,) = clouds.effective(wanted(GOOGLE))

    path = f"/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"
    assert found == Credentials(username="oauth2accesstoken", password=f"for {path}")
    last = clouds.asked[-1]
    assert (last.host, last.headers["authorization"]) == ("https://iamcredentials.googleapis.com", "Bearer canary-own")
    assert last.body == b'{"scope":["https://www.googleapis.com/auth/cloud-platform"]}'


def test_the_metadata_server_is_only_requested_from_its_address(clock: Any) -> None:
    clouds = Clouds(clock, {}, google(clock), PRODUCT)
    clouds.effective(wanted(GOOGLE))

    assert [one.direct for one in clouds.asked] == ["169.254.169.254", "169.254.169.254", ""]
    assert {one.headers["metadata-flavor"] for one in clouds.asked[:2]} == {"Google"}


@pytest.mark.parametrize(
    ("host", "direct"), [("metadata.google.internal", "169.254.169.254"), ("metadata.example.com:8080", "")]
)
def test_an_operators_address_of_it_is_subject_to_the_policy(clock: Any, host: str, direct: str) -> None:
    clouds = Clouds(clock, {"GCE_METADATA_HOST": host}, google(clock))
    clouds.effective(wanted(GOOGLE))

    assert clouds.asked[0].direct == direct
    assert clouds.asked[0].host == f"http://{direct or host}"


@pytest.mark.parametrize("status", [403, 404])
def test_a_project_without_an_account_gets_the_processs_own_token(clock: Any, status: int) -> None:
    (found,) = Clouds(clock, {}, google(clock, status=status), PRODUCT).effective(wanted("eu.gcr.io"))

    assert (found.username, found.password) == ("oauth2accesstoken", "canary-own")


def test_a_service_that_fails_is_not_taken_for_a_refusal(clock: Any) -> None:
    (found,) = Clouds(clock, {}, google(clock, status=503), PRODUCT).effective(wanted(GOOGLE))

    assert isinstance(found, Unavailable)
    assert "canary" not in str(found)


@pytest.mark.parametrize("project", [b"", b"evil.example/x", b"<html>"])
def test_an_answer_that_is_no_project_is_an_error(clock: Any, project: bytes) -> None:
    (found,) = Clouds(clock, {}, lambda _: (200, project), PRODUCT).effective(wanted(GOOGLE))

    assert isinstance(found, Unavailable)
