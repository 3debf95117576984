"""Azure: the workload identity's token is exchanged at the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argosy.sources.port import AccessDenied, Credentials, Unavailable
from tests.kit.scripted_http import Reply
from tests.sources.cloud.ambient.clouds import AZURE, Clouds, Request, wanted


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "token").write_text("federated")
    return {"AZURE_CLIENT_ID": "us", "AZURE_TENANT_ID": "tenant", "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token")}


def azure(reply: Reply = (200, {"refresh_token": "refresh"})) -> Any:
    def answer(request: Request) -> Reply:
        if request.path == "/oauth2/exchange":
            return reply
        return 200, {"access_token": "canary-aad", "expires_in": 3599}

    return answer


def test_a_token_is_exchanged_at_the_registry(clock: Any, environment: dict[str, str]) -> None:
    clouds = Clouds(clock, environment, azure())

    user = "00000000-0000-0000-0000-000000000000"
    assert clouds.effective(wanted(AZURE)) == [Credentials(username=user, password="refresh")]
    login, exchange = clouds.asked
    assert (login.host, login.path) == ("https://login.microsoftonline.com", "/tenant/oauth2/v2.0/token")
    assert login.sent["scope"] == "https://containerregistry.azure.net/.default"
    assert (login.sent["client_id"], login.sent["client_assertion"]) == ("us", "federated")
    assert exchange.host == f"https://{AZURE}"
    assert exchange.sent == {
        "grant_type": "access_token", "service": AZURE, "access_token": "canary-aad", "tenant": "tenant",
    }  # fmt: skip


def test_projects_share_a_registrys_token_and_registries_do_not(clock: Any, environment: dict[str, str]) -> None:
    clouds = Clouds(clock, environment, azure())
    clouds.effective(wanted(AZURE, "a"), wanted(AZURE, "b"), wanted("other.azurecr.io", "a"))

    exchanges = [one.host for one in clouds.asked if one.path == "/oauth2/exchange"]
    assert exchanges == [f"https://{AZURE}", "https://other.azurecr.io"]


@pytest.mark.parametrize(
    ("reply", "error"), [((401, {}), AccessDenied), ((503, {}), Unavailable), ((200, {}), Unavailable)]
)
def test_a_refusal_is_an_error_without_the_token(
    clock: Any, environment: dict[str, str], reply: Reply, error: type[Exception]
) -> None:
    (found,) = Clouds(clock, environment, azure(reply)).effective(wanted(AZURE))

    assert isinstance(found, error)
    assert AZURE in str(found)
    assert "canary" not in str(found)
