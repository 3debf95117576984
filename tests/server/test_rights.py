"""Every method of the schema against callers without rights: nothing is shown, and nothing is done."""

from __future__ import annotations

import asyncio
from pathlib import Path

from argosy.server.calls import Need
from argosy.server.dispatch import Asked
from argosy.server.errors import ApiError, Code
from argosy.server.schema.facts import methods
from argosy.server.services import routes
from tests.kit.argocd_server import Api, argocd_server

BY_NAME = {
    "name": "x",
    "appName": "x",
    "applicationName": "x",
    "project": "p",
    "role": "r",
    "repo": "https://example.com/x.git",
    "url": "https://example.com/x.git",
    "server": "https://127.0.0.1:1",
    "keyID": "0123456789ABCDEF",
    "id": "x",
    "resource": "applications",
    "action": "get",
    "username": "x",
    "password": "x",
}
FOR_ALL = frozenset(
    {
        "account.AccountService/CanI",
        "account.AccountService/ListAccounts",  # one's own
        "account.AccountService/UpdatePassword",  # of one's own
        "certificate.CertificateService/ListCertificates",  # what one may not see is left out
        "session.SessionService/GetUserInfo",
        "session.SessionService/Create",
        "session.SessionService/Delete",
        "version.VersionService/Version",
        "cluster.SettingsService/Get",
        "cluster.SettingsService/GetPlugins",
        "notification.NotificationService/ListServices",
        "notification.NotificationService/ListTemplates",
        "notification.NotificationService/ListTriggers",
    }
)


def test_nobody_without_rights_gets_anything(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await _account(api)
            token = await api.sign_in("dave", "a-password")
            for name in sorted(methods()):
                await _refused(api, name, {})
                await _refused(api, name, {"authorization": f"Bearer {token}"})

    asyncio.run(scenario())


async def _account(api: Api) -> None:
    await api.configure("argocd-cm", {"accounts.dave": "login"})
    import bcrypt

    await api.secret(
        "argocd-secret", {"accounts.dave.password": bcrypt.hashpw(b"a-password", bcrypt.gensalt(4)).decode()}
    )
    for _ in range(100):
        status, _found = await api.call(
            "POST", "/api/v1/session", {"username": "dave", "password": "a-password"}, token=""
        )
        if status == 200:
            return
        await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
    raise AssertionError("the account cannot sign in")


async def _refused(api: Api, name: str, headers: dict[str, str]) -> None:
    method, dispatcher = methods()[name], api.server.dispatcher
    asked = Asked(method, dict(BY_NAME), headers, "127.0.0.1")
    try:
        if method.server_stream:
            messages = dispatcher.stream(asked)
            try:
                first = await asyncio.wait_for(anext(messages, None), 0.3)
            finally:
                await messages.aclose()
            assert first is None, f"{name} tells {first}"
            return
        found, _ = await dispatcher.unary(asked)
    except TimeoutError:
        return  # a watch that shows nothing
    except ApiError as error:
        if not headers and routes(api.server.context)[name].needs.need is not Need.NOTHING:
            assert error.code is Code.UNAUTHENTICATED, f"{name}: {error.code.name} {error.message}"
        return
    if name in FOR_ALL:
        return
    assert headers, f"{name} answers nobody with {found}"
    assert not found.get("items"), f"{name} answers one without rights with {str(found)[:300]}"
