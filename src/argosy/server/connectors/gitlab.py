"""`gitlab`: gitlab.com or a self-hosted server, through its OpenID Connect user information."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.server.connectors.asking import Web
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, Sent, SignIn
from argosy.server.connectors.oauth import CodeFlow


class GitLab:
    def __init__(self, options: Options) -> None:
        site = options.text("baseURL", "https://gitlab.com").rstrip("/")
        self._site = site
        self._wanted = options.texts("groups")
        self._login_as_id = options.flag("useLoginAsID")
        self._web = Web(options.where, options.text("rootCA"))
        self._flow = CodeFlow(
            name=options.where,
            authorize_url=f"{site}/oauth/authorize",
            token_url=f"{site}/oauth/token",
            client_id=options.text("clientID", required=True),
            client_secret=options.text("clientSecret", required=True),
            scopes=("read_user", "openid"),
            web=self._web,
        )

    async def begin(self, sign_in: SignIn) -> Sent:
        return self._flow.begin(sign_in)

    async def finish(self, sign_in: SignIn, given: Mapping[str, str]) -> Identity:
        token = (await self._flow.tokens(sign_in, given)).get("access_token", "")
        user = await self._web.get(f"{self._site}/api/v4/user", token)
        login = str(user.get("username") or "")
        if not login or not isinstance(user.get("id"), int):
            raise ConnectorError(f"{self._flow.name} does not say who signed in")
        return Identity(
            user_id=login if self._login_as_id else str(user["id"]),
            username=str(user.get("name") or user.get("email") or login),
            preferred_username=login,
            email=str(user.get("email") or ""),
            email_verified=bool(user.get("confirmed_at")),
            groups=await self._groups(login, token),
        )

    async def _groups(self, login: str, token: str) -> tuple[str, ...]:
        user_info = await self._web.get(f"{self._site}/oauth/userinfo", token)
        groups = user_info.get("groups")
        found = [item for item in groups if isinstance(item, str)] if isinstance(groups, list) else []
        if not self._wanted:
            return tuple(found)
        kept = tuple(name for name in found if name in self._wanted)
        if not kept:
            raise Refused(f"{self._flow.name}: {login} is in none of the groups that are allowed")
        return kept
