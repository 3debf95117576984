"""Providers by their field in a solver: each is built from its settings and the Secrets that they refer to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from argosy.certs.acme.ports import Record
from argosy.certs.adapters import aws_identity as identity
from argosy.certs.adapters.dns.acme_dns import AcmeDns
from argosy.certs.adapters.dns.akamai import Akamai
from argosy.certs.adapters.dns.azure_dns import AzureDns
from argosy.certs.adapters.dns.cloud_dns import CloudDns
from argosy.certs.adapters.dns.cloudflare import Cloudflare
from argosy.certs.adapters.dns.digitalocean import DigitalOcean
from argosy.certs.adapters.dns.provider import Api, Provider, ProviderError
from argosy.certs.adapters.dns.rfc2136 import Rfc2136
from argosy.certs.adapters.dns.route53 import STS, Route53, partition_of
from argosy.certs.adapters.dns.webhook import Webhook
from argosy.certs.adapters.service_account import NoToken, token_of
from argosy.machinery.controller import Hidden
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.cloud.aws_signing import AwsCredentials
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.egress import Egress
from argosy.sources.port import Credentials, SourceError

_NO_AMBIENT: Final = "the machine's own credentials may not be used for this issuer: name a Secret"


@dataclass(frozen=True, slots=True)
class SolverContext:
    """What providers are built from."""

    egress: Egress
    client: Client
    clock: Clock
    rng: Rng
    tokens: CloudTokens

    def api(self, name: str) -> Api:
        return Api(name, self.egress, self.clock)


def rfc2136(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    return Rfc2136.of(context.clock, config, _secret(record, config.get("tsigSecretSecretRef")))


def cloudflare(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    if config.get("apiTokenSecretRef"):
        headers = {"Authorization": f"Bearer {_text(record, config['apiTokenSecretRef'])}"}
    else:
        key = _text(record, config.get("apiKeySecretRef"))
        headers = {"X-Auth-Email": str(config.get("email") or ""), "X-Auth-Key": key}
    return Cloudflare(context.api("cloudflare"), headers)


def digitalocean(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    token = _text(record, config.get("tokenSecretRef"))
    return DigitalOcean(context.api("digitalocean"), f"Bearer {token}")


def acme_dns(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    accounts = _secret(record, config.get("accountSecretRef"))
    return AcmeDns(context.api("acme-dns"), str(config.get("host") or ""), accounts, record.domain)


def azure_dns(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    secret = _secret(record, config.get("clientSecretSecretRef"))
    environment = os.environ if record.ambient else None
    return AzureDns.of(context.api("azure"), config, secret, environment)


def akamai(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    names = ("clientTokenSecretRef", "clientSecretSecretRef", "accessTokenSecretRef")
    token, secret, access = (_text(record, config.get(name)) for name in names)
    domain = str(config.get("serviceConsumerDomain") or "")
    return Akamai(context.api("akamai"), context.rng, domain, token, secret, access)


def cloud_dns(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    if not config.get("serviceAccountSecretRef"):
        raise ProviderError("cloudDNS: serviceAccountSecretRef must be set; ambient Google credentials are not used")
    identity = Credentials(gcp_service_account_key=_text(record, config["serviceAccountSecretRef"]))

    async def token() -> str:
        try:
            return (await context.tokens.effective(identity)).password
        except SourceError as error:
            raise ProviderError(str(error)) from None

    project, zone = str(config.get("project") or ""), str(config.get("hostedZoneName") or "")
    return CloudDns(context.api("google"), token, project, zone)


def route53(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    account = ((config.get("auth") or {}).get("kubernetes") or {}).get("serviceAccountRef")

    async def web_token() -> str:
        given = account or {}
        audiences = given.get("audiences") or (identity.AUDIENCE,)
        try:
            return await token_of(context.client, record.namespace, str(given.get("name") or ""), audiences)
        except NoToken as error:
            raise ProviderError(str(error)) from None

    async def base() -> AwsCredentials:
        return await _aws_credentials(context, record, config)

    return Route53(
        context.api("route53"),
        base,
        str(config.get("role") or ""),
        str(config.get("hostedZoneID") or ""),
        web_token if account else None,
        partition=partition_of(str(config.get("region") or "")),
    )


def webhook(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    group, name = str(config.get("groupName") or ""), str(config.get("solverName") or "")
    return Webhook(context.client, group, name, config.get("config"), record)


MAKERS: Final[Mapping[str, Callable[[SolverContext, Record, JsonObject], Provider]]] = {
    "rfc2136": rfc2136,
    "cloudflare": cloudflare,
    "route53": route53,
    "cloudDNS": cloud_dns,
    "azureDNS": azure_dns,
    "digitalocean": digitalocean,
    "acmeDNS": acme_dns,
    "akamai": akamai,
    "webhook": webhook,
}
"""Builders by field of a solver's dns01 part."""


def provider_of(context: SolverContext, record: Record, config: JsonObject) -> Provider:
    """Builds the provider of the one field that is set. Raises ProviderError."""
    for name, make in MAKERS.items():
        if config.get(name) is not None:
            return make(context, record, config[name])
    raise ProviderError(f"the solver names no provider that is known: {', '.join(MAKERS)}")


async def _aws_credentials(context: SolverContext, record: Record, config: JsonObject) -> AwsCredentials:
    key = str(config.get("accessKeyID") or "")
    if not key and config.get("accessKeyIDSecretRef"):
        key = _text(record, config["accessKeyIDSecretRef"])
    if key:
        return AwsCredentials(key, _text(record, config.get("secretAccessKeySecretRef")))
    if not record.ambient:
        raise ProviderError(_NO_AMBIENT)
    return await identity.ambient(context.api("route53"), STS, os.environ)


def _secret(record: Record, ref: Any) -> bytes:
    wanted = (str((ref or {}).get("name") or ""), str((ref or {}).get("key") or ""))
    found = next((value for name, key, value in record.secrets if (name, key) == wanted), Hidden(b""))
    return found.value if isinstance(found.value, bytes) else found.value.encode()


def _text(record: Record, ref: Any) -> str:
    return _secret(record, ref).decode("utf-8", "replace").strip()
