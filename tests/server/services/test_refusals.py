"""What is said of what is not there, to who may and to who may not: in the words of an Argo CD server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from argosy.server.sessions.passwords import hashed
from tests.kit.argocd_server import Api, argocd_server

FAILED = "failed to update account with new token: "


async def said(api: Api, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, str]:
    status, found = await api.call(method, path, body, token=token)
    return status, str(found["message"]).partition(", sub:")[0]


async def with_bob(api: Api) -> str:
    """A token of an account without any right."""
    await api.configure("argocd-cm", {"accounts.bob": "login"})
    await api.secret("argocd-secret", {"accounts.bob.password": hashed("long-enough")})
    for _ in range(100):
        status, found = await api.call(
            "POST", "/api/v1/session", {"username": "bob", "password": "long-enough"}, token=""
        )
        if status == 200:
            return str(found["token"])
        await asyncio.sleep(0.1)  # noqa: TID251  # of a real server
    raise AssertionError(found)


def test_absent_things_are_reported_by_their_names_and_refused_as_they_were_asked_for(tmp_path: Path) -> None:
    async def story() -> None:
        async with argocd_server(tmp_path) as api:
            bob = await with_bob(api)
            may_not = "permission denied: repositories,"
            for path in ("refs", "apps", "helmcharts", "oci-tags"):
                assert await said(api, "GET", f"/api/v1/repositories/x/{path}", token=bob) == (403, f"{may_not} get, x")
            given = {"repo": "x"}
            assert await said(api, "PUT", "/api/v1/repositories/x", given) == (404, "repo 'x' not found")
            assert await said(api, "PUT", "/api/v1/repositories/x", given, bob) == (403, f"{may_not} update, x")
            creds = "write repository credentials 'x' not found"
            assert await said(api, "PUT", "/api/v1/write-repocreds/x", {"url": "x"}) == (404, creds)
            assert await said(api, "POST", "/api/v1/repocreds", {}, bob) == (403, f"{may_not} create, ")
            assert await said(api, "POST", "/api/v1/repocreds", {}) == (400, "must specify URL")
            assert await said(api, "GET", "/api/v1/repositories/x/apps?appProject=no") == (
                404,
                'error getting app project "no": appproject.argoproj.io "no" not found',
            )
            assert (await said(api, "GET", "/api/v1/gpgkeys/one"))[1] == "'one' is not a valid GnuPG key ID"
            assert (await said(api, "DELETE", "/api/v1/applicationsets/x"))[1] == (
                'error getting ApplicationSets: applicationsets.argoproj.io "x" not found'
            )
            lacking = f"{FAILED}account 'bob' does not have apiKey capability"
            assert (await said(api, "POST", "/api/v1/account/bob/token", {}))[1] == lacking

    asyncio.run(story())
