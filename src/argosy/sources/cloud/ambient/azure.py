"""Azure: the workload identity's token, exchanged at the registry for a refresh token that is used as a password.

Source: spec/kargo-api.md 8, and `/oauth2/exchange` of the Azure Container Registry API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from argosy.runtime.clock import Clock
from argosy.sources.cloud.ambient.passwords import ANSWER_LIMIT, SECONDS, Password, json_object
from argosy.sources.cloud.ambient.registries import CloudRegistry
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.egress import Egress, refused_status
from argosy.sources.port import AccessDenied, Credentials, Unavailable

SCOPE: Final = "https://containerregistry.azure.net/.default"
USER: Final = "00000000-0000-0000-0000-000000000000"
"""The user name that a registry asks for with a token."""
LIFETIME_SECONDS: Final = 3 * 3600.0
"""Of a refresh token, whose answer does not say when it expires."""
VARIABLES: Final = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE")


class AzureIdentity:
    """`clouds`: gets the tokens of the workload identity."""

    def __init__(self, egress: Egress, clock: Clock, environment: Mapping[str, str], clouds: CloudTokens) -> None:
        self._egress, self._clock, self._environment, self._clouds = egress, clock, environment, clouds

    @property
    def exists(self) -> bool:
        return all(self._environment.get(name) for name in VARIABLES)

    def scope(self, registry: CloudRegistry, project: str) -> tuple[str, ...]:
        return (registry.host,)

    async def password(self, registry: CloudRegistry, project: str) -> Password | None:
        _, token = await self._clouds.workload_token(SCOPE)
        form = {"grant_type": "access_token", "service": registry.host, "access_token": token}
        answer = await self._egress.request(
            "POST",
            f"https://{registry.host}/oauth2/exchange",
            Credentials(),
            limit=ANSWER_LIMIT,
            body=urlencode(form | {"tenant": self._environment["AZURE_TENANT_ID"]}).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            seconds=SECONDS,
        )
        what = f"Azure: {registry.host} gives this process's identity no token"
        if answer.status in (400, 401, 403):
            raise AccessDenied(f"{what}: not authorized")
        if answer.status != 200:
            raise refused_status(answer, what)
        value = json_object(answer, f"Azure: {registry.host}").get("refresh_token")
        if not value:
            raise Unavailable(f"Azure: the answer of {registry.host} has no token")
        return Password(USER, str(value), self._clock.now().timestamp() + LIFETIME_SECONDS)
