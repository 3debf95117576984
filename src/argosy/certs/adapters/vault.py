"""Vault's HTTP API: signing in, health, and the PKI engine's signing of requests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from argosy.certs.adapters import vault_by_aws
from argosy.certs.adapters.dns.provider import Api, ProviderError
from argosy.certs.adapters.service_account import NoToken, token_of
from argosy.certs.pki import certificates, chains, pem, requests, subject
from argosy.certs.ports import Signed
from argosy.certs.vault.ports import (
    ByAppRole,
    ByAws,
    ByClientCertificate,
    ByKubernetes,
    ByToken,
    CheckVault,
    Connection,
    SignByVault,
    Trouble,
    Verified,
)
from argosy.machinery.controller import Hidden, Question
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress
from argosy.sources.port import Credentials, SourceError

SECONDS: Final = 30.0
LIMIT: Final = 512 * 1024
HEALTHY: Final = frozenset({200, 429, 472, 473})
_UNHEALTHY: Final = {501: "it has no configuration yet", 503: "it is sealed"}


class Troubled(Exception):
    """`trouble` is the error to report."""

    def __init__(self, reason: str, *, lasting: bool = False, starting: bool = False) -> None:
        super().__init__(reason)
        self.trouble = Trouble(reason, lasting, starting)


class Vault:
    """Logs in for each question: login tokens are short-lived, and not kept."""

    def __init__(
        self, egress: Egress, client: Client, clock: Clock, sts: Callable[[str], str] = vault_by_aws.endpoint
    ) -> None:
        """`sts`: the AWS STS endpoint of a region."""
        self._egress, self._client, self._clock, self._sts = egress, client, clock, sts

    def answerers(self) -> Mapping[type[Question[Any]], Answerer]:
        return {
            CheckVault: Answerer(answer=self.check, limit=8, timeout=4 * SECONDS),
            SignByVault: Answerer(answer=self.sign, limit=16, timeout=4 * SECONDS),
        }

    async def check(self, asked: CheckVault) -> Verified | Trouble:
        try:
            await self._token(asked.connection)
            status, _ = await self._ask(asked.connection, "GET", "sys/health", "", None)
        except Troubled as error:
            return error.trouble
        if status in HEALTHY:
            return Verified()
        return Trouble(f"Vault is not ready: {_UNHEALTHY.get(status, f'its health is {status}')}")

    async def sign(self, asked: SignByVault) -> Signed | Trouble:
        try:
            token = await self._token(asked.connection)
        except Troubled as error:
            return Trouble(error.trouble.reason, starting=True)
        try:
            body = request_of(asked)
            answer = await self._data(asked.connection, "POST", asked.path, token, body)
            return signed_of(answer)
        except Troubled as error:
            return error.trouble

    async def _token(self, connection: Connection) -> str:
        login = connection.login
        if isinstance(login, ByToken):
            return _text(login.token).strip()
        if isinstance(login, ByAppRole):
            body = {"role_id": login.role_id, "secret_id": _text(login.secret_id).strip()}
        elif isinstance(login, ByClientCertificate):
            body = {"name": login.name} if login.name else {}
        elif isinstance(login, ByAws):
            body = await self._by_aws(login)
        else:
            body = {"role": login.role, "jwt": await self._account_token(login)}
        answer = await self._data(connection, "POST", f"auth/{quote(login.mount)}/login", "", body, part="auth")
        token = answer.get("client_token")
        if not isinstance(token, str) or not token:
            raise Troubled("Vault gave no token", starting=True)
        return token

    async def _by_aws(self, login: ByAws) -> JsonObject:
        api = Api("aws", self._egress, self._clock)
        try:
            return await vault_by_aws.form(login, api, os.environ, self._account_token, self._sts)
        except ProviderError as error:
            raise Troubled(str(error), starting=True) from None

    async def _account_token(self, login: ByKubernetes | ByAws) -> str:
        if isinstance(login, ByKubernetes) and login.token is not None:
            return _text(login.token).strip()
        try:
            return await token_of(self._client, login.namespace, login.account, login.audiences)
        except NoToken as error:
            raise Troubled(str(error), starting=True) from None

    async def _data(
        self, connection: Connection, method: str, path: str, token: str, body: Any, *, part: str = "data"
    ) -> Mapping[str, Any]:
        status, answer = await self._ask(connection, method, path, token, body)
        if status >= 400:
            listed = answer.get("errors") if isinstance(answer, dict) else None
            errors = "; ".join(str(one)[:300] for one in listed) if isinstance(listed, list) else ""
            raise Troubled(f"status {status}: {' '.join(errors.split())}", lasting=status < 500 and status != 429)
        found = answer.get(part) if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise Troubled(f"Vault's answer holds no {part}")
        return found

    async def _ask(self, connection: Connection, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        headers = {"X-Vault-Request": "true"}
        if connection.namespace:
            headers["X-Vault-Namespace"] = connection.namespace
        if token:
            headers["X-Vault-Token"] = token
        content = None if body is None else json.dumps(body).encode()
        asked = self._egress.request(
            method,
            f"{connection.server}/v1/{path}",
            _credentials(connection),
            limit=LIMIT,
            body=content,
            headers=headers,
            seconds=SECONDS,
            server_name=connection.server_name,
        )
        try:
            answer = await self._clock.external(asked)
        except SourceError as error:
            raise Troubled(str(error)) from None
        try:
            return answer.status, json.loads(answer.body) if answer.body.strip() else {}
        except ValueError:
            raise Troubled("Vault did not answer with JSON") from None


def request_of(asked: SignByVault) -> JsonObject:
    """Raises Troubled for a request that cannot be parsed."""
    try:
        request = requests.read(asked.request)
    except requests.RequestError as error:
        raise Troubled(str(error), lasting=True) from None
    names = request.alt_names
    common_name = next((one.value for rdn in request.names for one in rdn if one.oid == subject.COMMON_NAME), "")
    return {
        "common_name": common_name,
        "alt_names": ",".join((*names.dns, *names.emails)),
        "ip_sans": ",".join(names.addresses),
        "uri_sans": ",".join(names.uris),
        "ttl": f"{int(asked.duration_seconds)}s",
        "csr": asked.request.decode("ascii", "replace"),
        "exclude_cn_from_sans": "true",
    }


def signed_of(answer: Mapping[str, Any]) -> Signed:
    """The certificate with its chain, ordered as for a CA; an invalid chain is a permanent error."""
    listed = answer.get("ca_chain") or ([answer["issuing_ca"]] if answer.get("issuing_ca") else [])
    parts = [answer.get("certificate"), *(listed if isinstance(listed, list) else [])]
    text = "\n".join(one.strip() for one in parts if isinstance(one, str))
    try:
        found = certificates.chain_of(text.encode() + b"\n", pem.LARGEST_BUNDLE)
        return Signed(*chains.bundle_of(found))
    except ValueError as error:
        raise Troubled(f"Vault's answer holds no certificate that can be used: {error}", lasting=True) from None


def _credentials(connection: Connection) -> Credentials:
    certificate, key = connection.client_certificate, connection.client_key
    if isinstance(connection.login, ByClientCertificate):
        certificate, key = connection.login.certificate, connection.login.key
    return Credentials(
        ca_pem=connection.ca_bundle,
        tls_client_cert=_text(certificate) if certificate else "",
        tls_client_key=_text(key) if key else "",
    )


def _text(hidden: Hidden) -> str:
    return hidden.value if isinstance(hidden.value, str) else hidden.value.decode("utf-8", "replace")
