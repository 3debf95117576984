"""`github`: GitHub, or an Enterprise server. Groups are `org:team`, as Dex names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from argosy.server.connectors.asking import Web
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, Sent, SettingsError, SignIn
from argosy.server.connectors.oauth import CodeFlow

TEAM_NAMES: Final = ("name", "slug", "both")


class GitHub:
    def __init__(self, options: Options) -> None:
        host = options.text("hostName")
        site = (host if "://" in host else f"https://{host}") if host else "https://github.com"
        self._api = f"{site}/api/v3" if host else "https://api.github.com"
        self._org = options.text("org")
        self._orgs = {part.text("name", required=True): part.texts("teams") for part in options.parts("orgs")}
        self._all_groups = options.flag("loadAllGroups")
        self._login_as_id = options.flag("useLoginAsID")
        self._team_names = options.text("teamNameField", "name")
        if self._team_names not in TEAM_NAMES:
            raise SettingsError(f"dex.config: {options.where}: config.teamNameField must be name, slug or both")
        self._domain = options.text("preferredEmailDomain")
        self._web = Web(options.where, options.text("rootCA"))
        wants_teams = bool(self._org or self._orgs or self._all_groups)
        self._flow = CodeFlow(
            name=options.where,
            authorize_url=f"{site}/login/oauth/authorize",
            token_url=f"{site}/login/oauth/access_token",
            client_id=options.text("clientID", required=True),
            client_secret=options.text("clientSecret", required=True),
            scopes=("user:email", "read:org") if wants_teams else ("user:email",),
            web=self._web,
        )

    async def begin(self, sign_in: SignIn) -> Sent:
        return self._flow.begin(sign_in)

    async def finish(self, sign_in: SignIn, given: Mapping[str, str]) -> Identity:
        token = (await self._flow.tokens(sign_in, given)).get("access_token", "")
        user = await self._web.get(f"{self._api}/user", token)
        login = str(user.get("login") or "")
        if not login or not isinstance(user.get("id"), int):
            raise ConnectorError(f"{self._flow.name} does not say who signed in")
        return Identity(
            user_id=login if self._login_as_id else str(user["id"]),
            username=str(user.get("name") or login),
            preferred_username=login,
            email=await self._email(token),
            email_verified=True,
            groups=await self._groups(login, token),
        )

    async def _email(self, token: str) -> str:
        """A verified address: the primary one, or one of the preferred domain."""
        found = await self._web.listed(f"{self._api}/user/emails?per_page=100", token)
        verified = [item for item in found if item.get("verified") is True and isinstance(item.get("email"), str)]
        preferred = [item for item in verified if self._domain and _is_of(item["email"], self._domain)]
        primary = [item for item in verified if item.get("primary") is True]
        chosen = preferred or primary
        if not chosen:
            raise Refused(f"{self._flow.name}: the account has no verified primary email address")
        return str(chosen[0]["email"])

    async def _groups(self, login: str, token: str) -> tuple[str, ...]:
        if self._orgs:
            teams = await self._teams(token)
            found = []
            for org, allowed in self._orgs.items():
                if not await self._is_member(org, login, token):
                    continue
                names = teams.get(org.lower(), [])
                if allowed and not set(names) & set(allowed):
                    continue
                kept = [name for name in names if not allowed or name in allowed]
                found += [f"{org}:{name}" for name in kept] or ([] if allowed else [org])
                if kept and not allowed:
                    found.append(org)
            if not found:
                raise Refused(f"{self._flow.name}: {login} is in none of the organisations and teams that are allowed")
            return tuple(dict.fromkeys(found))
        if self._org:
            if not await self._is_member(self._org, login, token):
                raise Refused(f"{self._flow.name}: {login} is not in the organisation {self._org}")
            return tuple((await self._teams(token)).get(self._org.lower(), []))
        if not self._all_groups:
            return ()
        teams = await self._teams(token)
        orgs = await self._web.listed(f"{self._api}/user/orgs?per_page=100", token)
        names = [str(item.get("login") or "") for item in orgs]
        return tuple(group for org in names for group in (org, *(f"{org}:{t}" for t in teams.get(org.lower(), []))))

    async def _is_member(self, org: str, login: str, token: str) -> bool:
        try:
            found = await self._web.get(f"{self._api}/user/memberships/orgs/{quote(org, safe='')}", token)
        except ConnectorError:
            return False
        return found.get("state") == "active"

    async def _teams(self, token: str) -> dict[str, list[str]]:
        """Names of teams by organisation, in lower case."""
        made: dict[str, list[str]] = {}
        for team in await self._web.listed(f"{self._api}/user/teams?per_page=100", token):
            org = str((team.get("organization") or {}).get("login") or "").lower()
            made.setdefault(org, []).extend(self._named(team))
        return made

    def _named(self, team: Mapping[str, Any]) -> list[str]:
        fields = ("name", "slug") if self._team_names == "both" else (self._team_names,)
        return [str(team[name]) for name in fields if team.get(name)]


def _is_of(email: str, domain: str) -> bool:
    """`*.example.com` matches exactly one label in front."""
    host = email.rpartition("@")[2].lower()
    if domain.startswith("*."):
        return host.partition(".")[2] == domain[2:].lower()
    return host == domain.lower()
