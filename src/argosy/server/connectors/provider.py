"""Runs the provider at `<url>/api/dex` with the current settings; each code works once across all replicas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from argosy.machinery.duration import DurationError, nanoseconds
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.server.configuration import Configuration
from argosy.server.connectors.configured import PATH
from argosy.server.connectors.identity import Identity
from argosy.server.connectors.issuer import CLI_CLIENT, CLIENT, CLIENTS, Asked, BadRequest, Issuer
from argosy.server.sessions.provider import OidcConfig, ProviderError
from argosy.server.sessions.shared import SharedSessions

LIFETIME_SECONDS: Final = 86_400.0


class OwnIssuer:
    def __init__(self, configuration: Configuration, shared: SharedSessions, clock: Clock, rng: Rng) -> None:
        self._configuration, self._shared, self._clock, self._rng = configuration, shared, clock, rng

    @property
    def is_configured(self) -> bool:
        return bool(self._configuration.settings.get("dex.config", "").strip()) and bool(self._configuration.url)

    @property
    def issuer(self) -> Issuer:
        return Issuer(
            f"{self._configuration.url}{PATH}", self._configuration.secret.get("server.secretkey", "").encode()
        )

    def code(self, asked: Asked, identity: Identity, connector: str) -> str:
        now = self._clock.now()
        return self.issuer.code(asked, identity, connector, self._rng.uuid(), self._rng.token_bytes(12), now)

    async def exchange(self, form: Mapping[str, str], secret: str) -> dict[str, Any]:
        """The token endpoint's answer. Raises BadRequest; StatusError if other replicas cannot be notified."""
        if not self._configuration.secret.get("server.secretkey"):
            raise BadRequest("server_error", "the server has no key yet")
        now = self._clock.now()
        found = self.issuer.exchanged(form, secret, now)
        name = f"dex-code:{found.code_id}"
        if self._shared.is_revoked(name):
            raise BadRequest("invalid_grant", "the code was used before")
        await self._shared.revoke(name, found.until)
        access = self._rng.token_bytes(24).hex()
        lifetime = self._lifetime()
        token = self.issuer.id_token(found, lifetime, access, now)
        return {"access_token": access, "token_type": "bearer", "expires_in": int(lifetime), "id_token": token}

    def _lifetime(self) -> float:
        """`expiry.idTokens`; one day if it is unset or invalid."""
        try:
            found: Any = yaml.load(self._configuration.settings.get("dex.config", ""), Loader=yaml.CSafeLoader)
            return nanoseconds(found["expiry"]["idTokens"]) / 1e9 or LIFETIME_SECONDS
        except (yaml.YAMLError, DurationError, KeyError, TypeError):
            return LIFETIME_SECONDS


class OwnProvider:
    """Implements `sessions.provider.Own` with the issuer."""

    def __init__(self, own: OwnIssuer, configuration: Configuration) -> None:
        self._own, self._configuration = own, configuration

    def config(self) -> OidcConfig | None:
        """None without `dex.config`."""
        if not self._own.is_configured:
            return None
        issuer = self._own.issuer
        return OidcConfig(
            name="Dex",
            issuer=issuer.url,
            client_id=CLIENT,
            client_secret=issuer.client_secret,
            cli_client_id=CLI_CLIENT,
            scopes=("openid", "profile", "email", "groups", "federated:id"),
            audiences=CLIENTS,
            skips_audience=False,
            root_ca="",
            logout_url="",
            domain_hint="",
            connector=self._configuration.settings.get("dex.auth.connector.id", ""),
        )

    def description(self) -> Mapping[str, Any]:
        return self._own.issuer.description()

    def keys(self) -> Mapping[str, Any]:
        return self._own.issuer.keys()

    async def exchange(self, form: Mapping[str, str], secret: str) -> Mapping[str, Any]:
        try:
            return await self._own.exchange(form, secret)
        except BadRequest as error:
            raise ProviderError(f"{error.error}: {error}") from None
