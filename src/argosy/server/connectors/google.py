"""`google`: Google accounts through OpenID Connect, limited to the allowed hosted domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.runtime.clock import Clock
from argosy.server.configuration import Configuration
from argosy.server.connectors.identity import Identity, Options, Refused, SettingsError
from argosy.server.connectors.oidc import OpenIdConnect

ISSUER: Final = "https://accounts.google.com"
DIRECTORY: Final = ("serviceAccountFilePath", "adminEmail", "domainToAdminEmail", "groups")
"""Groups of Google's directory, which is not queried."""


class Google(OpenIdConnect):
    def __init__(self, options: Options, configuration: Configuration, clock: Clock) -> None:
        if asked := [name for name in DIRECTORY if options.given.get(name)]:
            raise SettingsError(f"dex.config: {options.where}: config.{asked[0]}: groups of Google are not read")
        self._domains = options.texts("hostedDomains")
        # Another issuer is for tests and proxies: tokens are verified only with its keys.
        super().__init__(options, configuration, clock, issuer=options.text("issuer", ISSUER))

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        if self._domains and claims.get("hd") not in self._domains:
            raise Refused(f"{self._name}: the account is of none of the hosted domains that are allowed")
        return super().identity(claims)
