"""`microsoft`: Entra ID (Azure AD) through its OAuth 2.0 endpoint, and Graph for the user and groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from argosy.server.connectors.asking import Web
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, Sent, SettingsError, SignIn
from argosy.server.connectors.oauth import CodeFlow

ANY_TENANT: Final = ("common", "consumers", "organizations")
AT_ONCE: Final = 1000
"""Names of groups per request to Graph."""


class Microsoft:
    def __init__(self, options: Options) -> None:
        self._tenant = options.text("tenant", "common")
        self._graph = options.text("graphURL", "https://graph.microsoft.com").rstrip("/")
        site = options.text("apiURL", "https://login.microsoftonline.com").rstrip("/")
        self._wanted = options.texts("groups")
        self._names = options.text("groupNameFormat", "name")
        if self._names not in ("id", "name"):
            raise SettingsError(f"dex.config: {options.where}: config.groupNameFormat must be id or name")
        self._only_security = options.flag("onlySecurityGroups")
        self._has_groups = self._tenant not in ANY_TENANT
        self._prompt, self._domain_hint = options.text("promptType"), options.text("domainHint")
        self._web = Web(options.where)
        scopes = tuple(options.texts("scopes")) or ("user.read",)
        self._flow = CodeFlow(
            name=options.where,
            authorize_url=f"{site}/{quote(self._tenant, safe='')}/oauth2/v2.0/authorize",
            token_url=f"{site}/{quote(self._tenant, safe='')}/oauth2/v2.0/token",
            client_id=options.text("clientID", required=True),
            client_secret=options.text("clientSecret", required=True),
            scopes=(*scopes, "directory.read.all") if self._has_groups else scopes,
            web=self._web,
        )

    async def begin(self, sign_in: SignIn) -> Sent:
        return self._flow.begin(sign_in, prompt=self._prompt, domain_hint=self._domain_hint)

    async def finish(self, sign_in: SignIn, given: Mapping[str, str]) -> Identity:
        token = (await self._flow.tokens(sign_in, given)).get("access_token", "")
        user = await self._web.get(f"{self._graph}/v1.0/me?$select=id,displayName,userPrincipalName", token)
        name = str(user.get("userPrincipalName") or "")
        if not isinstance(user.get("id"), str) or not name:
            raise ConnectorError(f"{self._flow.name} does not say who signed in")
        return Identity(
            user_id=user["id"],
            username=str(user.get("displayName") or name),
            preferred_username=name,
            email=name,
            email_verified=True,
            groups=await self._groups(name, token) if self._has_groups else (),
        )

    async def _groups(self, user: str, token: str) -> tuple[str, ...]:
        body = {"securityEnabledOnly": self._only_security}
        answer = await self._web.post_json(f"{self._graph}/v1.0/me/getMemberGroups", body, token)
        found = [item for item in answer.get("value") or () if isinstance(item, str)]
        if self._names == "name":
            found = await self._named(found, token)
        if self._wanted:
            found = [name for name in found if name in self._wanted]
            if not found:
                raise Refused(f"{self._flow.name}: {user} is in none of the groups that are allowed")
        return tuple(found)

    async def _named(self, ids: list[str], token: str) -> list[str]:
        names: list[str] = []
        for at in range(0, len(ids), AT_ONCE):
            body = {"ids": ids[at : at + AT_ONCE], "types": ["group"]}
            answer = await self._web.post_json(f"{self._graph}/v1.0/directoryObjects/getByIds", body, token)
            names += [str(item["displayName"]) for item in answer.get("value") or () if item.get("displayName")]
        return names
