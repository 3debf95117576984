"""Logs in to Vault with AWS: a GetCallerIdentity request, signed here, which Vault forwards to AWS.

So Vault gets our identity, but never a key. Source: Vault's documentation of the AWS auth method, type iam.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from argosy.certs.adapters import aws_identity as identity
from argosy.certs.adapters.dns.provider import Api
from argosy.certs.vault.ports import ByAws
from argosy.machinery.objects import JsonObject
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers

BODY: Final = b"Action=GetCallerIdentity&Version=2011-06-15"
SERVER_ID: Final = "X-Vault-AWS-IAM-Server-ID"
_CONTENT_TYPE: Final = "application/x-www-form-urlencoded; charset=utf-8"


def endpoint(region: str) -> str:
    """The STS endpoint of a region."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://sts.{region}.{domain}"


async def form(
    login: ByAws,
    api: Api,
    environment: Mapping[str, str],
    token: Callable[[ByAws], Awaitable[str]],
    sts: Callable[[str], str] = endpoint,
) -> JsonObject:
    """The body of the login request. `token` returns the ServiceAccount's. Raises ProviderError."""
    region = login.region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or identity.REGION
    place = sts(region)
    if login.account:
        who = await identity.role_by_token(api, place, login.role_arn, await token(login))
    else:
        who = await identity.ambient(api, place, environment)
    url = f"{place}/"
    return {
        "role": login.role,
        "iam_http_request_method": "POST",
        "iam_request_url": _encoded(url.encode()),
        "iam_request_body": _encoded(BODY),
        "iam_request_headers": _encoded(json.dumps(_headers(login, api, who, url, region)).encode()),
    }


def _headers(login: ByAws, api: Api, who: AwsCredentials, url: str, region: str) -> dict[str, list[str]]:
    own = {"Content-Type": _CONTENT_TYPE} | ({SERVER_ID: login.header} if login.header else {})
    names, now = [name.lower() for name in own], api.clock.now()
    added = signed_headers("POST", url, BODY, who, now, service="sts", region=region, given=own, signed=names)
    return {name: [value] for name, value in {**own, **added}.items()}


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
