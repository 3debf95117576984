"""The OpenID Connect provider of `oidc.config`: what it says of itself, its keys, and tokens that it signed.

A provider's token counts by its signature with one of the provider's own keys, by issuer, audience and times; an
algorithm that a client could sign with itself (`none`, HMAC) never does. Keys are fetched when an unknown one is
named, so that a rotation needs nothing, and seldom enough that nobody can make us ask in a loop.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import aiohttp
import yaml
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from argosy.machinery.duration import DurationError, nanoseconds
from argosy.machinery.unexpected import described
from argosy.runtime.clock import Clock
from argosy.server.configuration import Configuration
from argosy.server.sessions.tokens import InvalidToken, check_times, parts_of, seconds_of

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
SCOPES: Final = ("openid", "profile", "email", "groups")
FAILED: Final = "failed to verify the token"
AGAIN_SECONDS: Final = 10.0
"""Between two fetches of keys."""
FRESH_SECONDS: Final = 3600.0
MOST_BYTES: Final = 1 << 20
TIMEOUT: Final = aiohttp.ClientTimeout(total=15, sock_connect=5)


class ProviderError(Exception):
    """The provider does not answer as it should; no secret is in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcConfig:
    name: str
    issuer: str
    client_id: str
    client_secret: str
    cli_client_id: str
    scopes: tuple[str, ...]
    audiences: frozenset[str]
    skips_audience: bool
    """For tokens that have none."""
    root_ca: str
    logout_url: str
    domain_hint: str
    refresh_before: float = 0.0
    """Seconds before its end at which a token is refreshed."""
    user_info_groups: bool = False
    user_info_url: str = ""
    """Empty: what the provider says of itself."""
    user_info_seconds: float = 300.0
    connector: str = ""
    """Of our own provider: which one everybody is sent to."""

    @property
    def is_usable(self) -> bool:
        parts = urlsplit(self.issuer)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and bool(self.client_id)


def config_of(configuration: Configuration) -> OidcConfig | None:
    """None without one that can be used."""
    text = configuration.settings.get("oidc.config", "")
    try:
        found: Any = yaml.load(text, Loader=yaml.CSafeLoader) if text else None  # the safe loader, in C
    except yaml.YAMLError:
        return None
    if not isinstance(found, dict):
        return None

    def word(name: str) -> str:
        value = found.get(name)
        return configuration.resolve(value) if isinstance(value, str) else ""

    client_id, cli = word("clientID"), word("cliClientID")
    audiences = found.get("allowedAudiences")
    wanted = [item for item in audiences if isinstance(item, str)] if isinstance(audiences, list) else []
    scopes = found.get("requestedScopes")
    asked = tuple(item for item in scopes if isinstance(item, str)) if isinstance(scopes, list) else ()
    config = OidcConfig(
        name=word("name"),
        issuer=word("issuer"),
        client_id=client_id,
        client_secret=word("clientSecret"),
        cli_client_id=cli,
        scopes=asked or SCOPES,
        audiences=frozenset(wanted or [item for item in (client_id, cli) if item]),
        skips_audience=found.get("skipAudienceCheckWhenTokenHasNoAudience") is True,
        root_ca=word("rootCA"),
        logout_url=word("logoutURL"),
        domain_hint=word("domainHint"),
        refresh_before=_seconds(found.get("refreshTokenThreshold"), 0.0),
        user_info_groups=found.get("enableUserInfoGroups") is True,
        user_info_url=_below(word("userInfoBaseURL") or word("issuer"), word("userInfoPath")),
        user_info_seconds=_seconds(found.get("userInfoCacheExpiration"), 300.0),
    )
    return config if config.is_usable else None


def _seconds(text: object, default: float) -> float:
    try:
        return nanoseconds(text) / 1e9 if isinstance(text, str) and text else default
    except DurationError:
        return default


def _below(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else ""


class Own(Protocol):
    """The provider that this process is itself, by `dex.config`: asked without a connection."""

    def config(self) -> OidcConfig | None: ...

    def description(self) -> Mapping[str, Any]: ...

    def keys(self) -> Mapping[str, Any]: ...

    async def exchange(self, form: Mapping[str, str], secret: str) -> Mapping[str, Any]:
        """Raises ProviderError."""
        ...


class Provider:
    def __init__(
        self, configuration: Configuration, clock: Clock, given: OidcConfig | None = None, own: Own | None = None
    ) -> None:
        """`given`: instead of what `oidc.config` says. `own`: where that says nothing."""
        self._configuration, self._clock, self._given, self._own = configuration, clock, given, own
        self._endpoints: tuple[str, float, Mapping[str, Any]] = ("", 0.0, {})
        self._keys: tuple[str, float, KeySet | None] = ("", 0.0, None)
        self._asking = asyncio.Lock()

    @property
    def config(self) -> OidcConfig | None:
        return self._given or config_of(self._configuration) or (self._own.config() if self._own else None)

    def _is_own(self, config: OidcConfig) -> bool:
        own = self._own.config() if self._own is not None and self._given is None else None
        return own is not None and own.issuer == config.issuer

    async def endpoints(self, config: OidcConfig) -> Mapping[str, Any]:
        """The provider's description of itself. Raises ProviderError."""
        if self._own is not None and self._is_own(config):
            return self._own.description()
        issuer, at, known = self._endpoints
        if issuer == config.issuer and known and self._clock.monotonic() - at < FRESH_SECONDS:
            return known
        found = await self._get(config, f"{config.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != config.issuer:
            raise ProviderError(f"the provider says that its issuer is {found.get('issuer')!r}, not {config.issuer!r}")
        self._endpoints = (config.issuer, self._clock.monotonic(), found)
        return found

    async def verified(self, token: str) -> dict[str, Any]:
        """The claims of a token that counts. Raises InvalidToken."""
        config = self.config
        if config is None:
            raise InvalidToken("SSO is not configured")
        header, claims, _, _ = parts_of(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or "crit" in header or claims.get("iss") != config.issuer:
            raise InvalidToken(FAILED)
        try:
            keys = await self._keys_for(config, header.get("kid"))
            jws.deserialize_compact(token, keys, algorithms=[str(algorithm)])
        except (JoseError, ProviderError, ValueError, TypeError):
            raise InvalidToken(FAILED) from None
        if seconds_of(claims, "exp") is None:
            raise InvalidToken("token has invalid claims: exp claim is required")
        check_times(claims, self._clock.now())
        self._check_audience(config, claims)
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise InvalidToken("token has no subject")
        return claims

    @staticmethod
    def _check_audience(config: OidcConfig, claims: Mapping[str, Any]) -> None:
        given = claims.get("aud")
        found = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        if not found and config.skips_audience:
            return
        if not any(isinstance(item, str) and item in config.audiences for item in found):
            raise InvalidToken(FAILED)

    async def _keys_for(self, config: OidcConfig, key_id: object) -> KeySet:
        """Raises ProviderError."""
        if self._own is not None and self._is_own(config):
            return KeySet.import_key_set(dict(self._own.keys()))  # type: ignore[arg-type]
        async with self._asking:
            issuer, at, known = self._keys
            age = self._clock.monotonic() - at
            if issuer == config.issuer and known is not None:
                has_it = key_id is None or any(key.kid == key_id for key in known.keys)
                if age < AGAIN_SECONDS or (has_it and age < FRESH_SECONDS):
                    return known
            url = (await self.endpoints(config)).get("jwks_uri")
            found = await self._get(config, str(url))
            usable = [key for key in found.get("keys") or () if isinstance(key, dict) and key.get("kty") != "oct"]
            try:
                keys = KeySet.import_key_set({"keys": usable})
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProviderError(f"the provider's keys cannot be read: {described(error)}") from None
            self._keys = (config.issuer, self._clock.monotonic(), keys)
            return keys

    async def exchanged(self, config: OidcConfig, form: Mapping[str, str]) -> Mapping[str, Any]:
        """What the token endpoint gives for a code. Raises ProviderError."""
        given = {**form, "client_id": config.client_id}
        if self._own is not None and self._is_own(config):
            return await self._own.exchange(given, config.client_secret)
        url = str((await self.endpoints(config)).get("token_endpoint"))
        if config.client_secret:
            given["client_secret"] = config.client_secret
        return await self._ask(config, "POST", url, given)

    async def user_info(self, config: OidcConfig, access_token: str) -> Mapping[str, Any]:
        """What the provider says of who has the access token. Raises ProviderError."""
        url = config.user_info_url or str((await self.endpoints(config)).get("userinfo_endpoint") or "")
        return await self._ask(config, "GET", url, None, {"Authorization": f"Bearer {access_token}"})

    async def _get(self, config: OidcConfig, url: str) -> Mapping[str, Any]:
        return await self._ask(config, "GET", url, None)

    async def _ask(
        self,
        config: OidcConfig,
        verb: str,
        url: str,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Follows no redirect: the administrator named the provider, and nobody else does."""
        if urlsplit(url).scheme not in ("https", "http"):
            raise ProviderError(f"the provider names {url!r}, which is not a URL to ask")
        context: ssl.SSLContext | bool = True
        if config.root_ca:
            try:
                context = ssl.create_default_context(cadata=config.root_ca)
            except (ssl.SSLError, ValueError):
                raise ProviderError("rootCA of oidc.config is not a certificate") from None
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.request(verb, url, data=form, headers=headers, ssl=context, allow_redirects=False) as answer,
            ):
                body = await answer.content.read(MOST_BYTES)
                found = await _json(answer, body)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ProviderError(f"the provider cannot be asked: {type(error).__name__}") from None
        if answer.status != 200:
            raise ProviderError(f"the provider answers {answer.status} {str(found.get('error') or '')[:100]}".strip())
        return found


async def _json(answer: aiohttp.ClientResponse, body: bytes) -> Mapping[str, Any]:
    import orjson

    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ProviderError(f"the provider answers {answer.status}, and no JSON") from None
    if not isinstance(found, dict):
        raise ProviderError("the provider's answer is not an object")
    return found
