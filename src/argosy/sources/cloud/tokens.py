"""Cloud identities as credentials: a Google service account's key, an Azure service principal or workload identity.

Each is exchanged for a token that lives about an hour, kept in memory until shortly before it expires. The requests are
two small forms, so that no cloud library is needed for them (spec/argo-cd-engine-2.md 12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import orjson
import re2

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress, refused_status
from argosy.sources.github_app import ANSWER_LIMIT, EARLY_SECONDS, KEY_LIMIT, signed
from argosy.sources.port import AccessDenied, Credentials, Unavailable

GOOGLE_TOKENS: Final = "https://oauth2.googleapis.com/token"
GOOGLE_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
GOOGLE_REGISTRY_USER: Final = "oauth2accesstoken"
"""The user name that Google's registries ask for with a token; Git takes the account's address."""
AZURE: Final = "https://login.microsoftonline.com"
AZURE_DEVOPS_SCOPE: Final = "499b84ac-1321-427f-aa17-267ca6975798/.default"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_TENANT = re2.compile(r"^[A-Za-z0-9.-]{1,255}$")


class CloudTokens:
    """`environment`: has Azure's workload identity variables (`AZURE_CLIENT_ID`, ...)."""

    def __init__(self, egress: Egress, clock: Clock, environment: Mapping[str, str]) -> None:
        self._egress = egress
        self._clock = clock
        self._environment = environment
        self._tokens: dict[Credentials, tuple[float, str]] = {}

    async def effective(self, credentials: Credentials) -> Credentials:
        """With the token instead of the identity. Raises AccessDenied when it is refused or cannot be read."""
        if not credentials.is_cloud_identity:
            return credentials
        now, known = self._clock.now().timestamp(), self._tokens.get(credentials)
        if known is None or known[0] - EARLY_SECONDS <= now:
            known = self._tokens[credentials] = await self._clock.external(self._token(credentials, int(now)))
        if credentials.gcp_service_account_key:
            account = _service_account(credentials.gcp_service_account_key)
            who = GOOGLE_REGISTRY_USER if credentials.username == GOOGLE_REGISTRY_USER else str(account["client_email"])
            return replace(credentials, username=who, password=known[1], bearer_token="")
        return replace(credentials, username="", password="", bearer_token=known[1])

    async def workload_token(self, scope: str) -> tuple[float, str]:
        """When the token expires, and the token of Azure's workload identity. Raises AccessDenied or Unavailable."""
        now = int(self._clock.now().timestamp())
        return await self._sent(self._azure(*self._workload(), scope=scope), Credentials(), now)

    async def _token(self, credentials: Credentials, now: int) -> tuple[float, str]:
        return await self._sent(self._request(credentials, now), credentials, now)

    async def _sent(
        self, request: tuple[str, Mapping[str, str], str], credentials: Credentials, now: int
    ) -> tuple[float, str]:
        url, form, whose = request
        answer = await self._egress.post(
            url,
            credentials,
            urlencode(form).encode(),
            limit=ANSWER_LIMIT,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )
        if answer.status in (400, 401, 403):
            raise AccessDenied(f"failed to get a token for the {whose}: authentication required or not authorized")
        if answer.status != 200:
            raise refused_status(answer, f"failed to get a token for the {whose}")
        try:
            body = orjson.loads(answer.body)
            return now + float(body["expires_in"]), str(body["access_token"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise Unavailable(f"the answer to a request for a token of the {whose} cannot be read") from None

    def _request(self, credentials: Credentials, now: int) -> tuple[str, Mapping[str, str], str]:
        if credentials.gcp_service_account_key:
            account = _service_account(credentials.gcp_service_account_key)
            url = str(account.get("token_uri") or GOOGLE_TOKENS)
            claims = {"iss": account["client_email"], "scope": GOOGLE_SCOPE, "aud": url}
            claims |= {"iat": now - 60, "exp": now + 3540}
            assertion = signed(claims, str(account["private_key"]), "gcpServiceAccountKey")
            return url, {"grant_type": JWT_BEARER, "assertion": assertion}, "Google service account"
        if credentials.azure_workload_identity:
            return self._azure(*self._workload())
        secret = {"client_secret": credentials.azure_client_secret}
        authority = credentials.azure_authority
        return self._azure(authority, credentials.azure_tenant_id, credentials.azure_client_id, secret)

    def _workload(self) -> tuple[str, str, str, Mapping[str, str]]:
        given, file = self._environment, self._environment.get("AZURE_FEDERATED_TOKEN_FILE", "")
        try:
            assertion = Path(file).read_text() if file else ""
        except OSError as error:
            raise AccessDenied(f"useAzureWorkloadIdentity: AZURE_FEDERATED_TOKEN_FILE: {error.strerror}") from None
        if not assertion or not given.get("AZURE_CLIENT_ID"):
            raise AccessDenied("useAzureWorkloadIdentity: this process runs without an Azure workload identity")
        proof = {"client_assertion_type": CLIENT_ASSERTION, "client_assertion": assertion.strip()}
        return given.get("AZURE_AUTHORITY_HOST", ""), given.get("AZURE_TENANT_ID", ""), given["AZURE_CLIENT_ID"], proof

    def _azure(
        self, authority: str, tenant: str, client: str, proof: Mapping[str, str], *, scope: str = AZURE_DEVOPS_SCOPE
    ) -> tuple[str, Mapping[str, str], str]:
        if not _TENANT.match(tenant):
            raise AccessDenied("azureServicePrincipalTenantId: must be the tenant's id or domain")
        form = {"grant_type": "client_credentials", "client_id": client, "scope": scope, **proof}
        return f"{(authority or AZURE).rstrip('/')}/{tenant}/oauth2/v2.0/token", form, "Azure identity"


def _service_account(text: str) -> JsonObject:
    """Only a service account's own key: other kinds refer to files and programs to read."""
    try:
        found = orjson.loads(text) if len(text) <= 2 * KEY_LIMIT else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or found.get("type") != "service_account":
        raise AccessDenied("gcpServiceAccountKey: must be the JSON key of a service account")
    if not all(isinstance(found.get(name), str) for name in ("client_email", "private_key")):
        raise AccessDenied("gcpServiceAccountKey: has no client_email or private_key")
    return found
