"""Each kind of credentials is exchanged by its own service; the process's identity comes from its environment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.cloud.identities import Identities
from argosy.sources.port import AccessDenied, Credentials
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp
from tests.sources.cloud.ambient.clouds import AZURE, Rerouted, wanted


def test_the_environment_of_the_process_gives_its_identity(
    clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("federated")
    monkeypatch.setenv("AZURE_CLIENT_ID", "us")
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))

    def answer(asked: Asked) -> Reply:
        return 200, {"access_token": "aad", "expires_in": 3599, "refresh_token": "refresh"}

    async def run() -> Credentials:
        site = ScriptedHttp(answer)
        async with site.running():
            egress = Rerouted(site.url)
            try:
                return await Identities(egress, clock).effective(wanted(AZURE))
            finally:
                await egress.close()

    assert asyncio.run(run()).password == "refresh"


def test_without_egress_an_identity_is_an_error_and_other_credentials_pass(clock: Any) -> None:
    identities, plain = Identities(None, clock), Credentials(username="me", password="x")

    assert asyncio.run(identities.effective(plain)) == plain
    with pytest.raises(AccessDenied, match="cannot be used here"):
        asyncio.run(identities.effective(wanted(AZURE)))
