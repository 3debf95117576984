"""`oidc`: any OpenID Connect provider. Its ID token is verified like that of `oidc.config`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.runtime.clock import Clock
from argosy.server.configuration import Configuration
from argosy.server.connectors.asking import Web
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, Sent, SignIn
from argosy.server.connectors.oauth import CodeFlow
from argosy.server.sessions.provider import OidcConfig, Provider, ProviderError
from argosy.server.sessions.tokens import InvalidToken


class OpenIdConnect:
    def __init__(self, options: Options, configuration: Configuration, clock: Clock, issuer: str = "") -> None:
        """`issuer`: overrides the options."""
        self._name, claims = options.where, options.part("claimMapping")
        self._client_secret = options.text("clientSecret", required=True)
        self._scopes = tuple(dict.fromkeys(("openid", *(options.texts("scopes") or ("profile", "email")))))
        authorities = options.texts("rootCAs")
        self._config = OidcConfig(
            name=self._name,
            issuer=issuer or options.text("issuer", required=True),
            client_id=options.text("clientID", required=True),
            client_secret=self._client_secret,
            cli_client_id="",
            scopes=self._scopes,
            audiences=frozenset({options.text("clientID")}),
            skips_audience=False,
            root_ca="\n".join(authorities),
            logout_url="",
            domain_hint="",
        )
        self._provider = Provider(configuration, clock, self._config)
        self._web = Web(self._name, "\n".join(authorities))
        self._user_id, self._user_name = options.text("userIDKey", "sub"), options.text("userNameKey", "name")
        self._keys = {
            "preferred_username": claims.text("preferred_username", "preferred_username"),
            "email": claims.text("email", "email"),
            "groups": claims.text("groups", "groups"),
        }
        self._trusts_email = options.flag("insecureSkipEmailVerified")
        self._has_groups = options.flag("insecureEnableGroups")
        self._allowed = options.texts("allowedGroups")
        self._asks_user_info = options.flag("getUserInfo")
        self._prompt = options.text("promptType")

    async def begin(self, sign_in: SignIn) -> Sent:
        return (await self._flow()).begin(sign_in, nonce=sign_in.nonce, prompt=self._prompt)

    async def finish(self, sign_in: SignIn, given: Mapping[str, str]) -> Identity:
        found = await (await self._flow()).tokens(sign_in, given)
        try:
            claims = await self._provider.verified(found.get("id_token", ""))
            if claims.get("nonce") != sign_in.nonce:
                raise ConnectorError(f"{self._name}: the ID token is the answer to another sign-in")
            if self._asks_user_info:
                more = await self._provider.user_info(self._config, found.get("access_token", ""))
                if more.get("sub") != claims["sub"]:
                    raise ConnectorError(f"{self._name}: the user information is of somebody else")
                claims = {**claims, **more}
        except ProviderError as error:
            raise ConnectorError(f"{self._name}: {error}") from None
        except InvalidToken as error:
            raise ConnectorError(f"{self._name}: the ID token does not count: {error}") from None
        return self.identity(claims)

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        """Raises Refused."""
        user = claims.get(self._user_id)
        if not isinstance(user, str) or not user:
            raise ConnectorError(f"{self._name}: the ID token has no claim {self._user_id}")
        verified = self._trusts_email or claims.get("email_verified") is True
        email = claims.get(self._keys["email"])
        if email and not verified:
            raise Refused(f"{self._name}: the email address is not verified")
        return Identity(
            user_id=user,
            username=str(claims.get(self._user_name) or ""),
            preferred_username=str(claims.get(self._keys["preferred_username"]) or ""),
            email=str(email or ""),
            email_verified=bool(email) and verified,
            groups=self._groups(claims),
        )

    def _groups(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        claimed = claims.get(self._keys["groups"])
        listed = [claimed] if isinstance(claimed, str) else claimed if isinstance(claimed, list) else []
        found = tuple(item for item in listed if isinstance(item, str))
        if self._allowed and not set(found) & set(self._allowed):
            raise Refused(f"{self._name}: the user is in none of the groups that are allowed")
        return found if self._has_groups else ()

    async def _flow(self) -> CodeFlow:
        try:
            discovered = await self._provider.endpoints(self._config)
        except ProviderError as error:
            raise ConnectorError(f"{self._name}: {error}") from None
        return CodeFlow(
            name=self._name,
            authorize_url=str(discovered.get("authorization_endpoint") or ""),
            token_url=str(discovered.get("token_endpoint") or ""),
            client_id=self._config.client_id,
            client_secret=self._client_secret,
            scopes=self._scopes,
            web=self._web,
        )
