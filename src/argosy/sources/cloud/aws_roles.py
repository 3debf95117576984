"""Requests to AWS' token service (STS): who a key is, and the keys of a role.

Answers are small XML documents; the few fields that are needed are unique in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import re2

from argosy.runtime.clock import Clock
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers
from argosy.sources.egress import Egress, refused_status
from argosy.sources.port import AccessDenied, Credentials, Unavailable

ENDPOINT: Final = "AWS_ENDPOINT_URL_STS"
"""AWS' own variable for another endpoint, such as one within a private network."""
ANSWER_LIMIT: Final = 64 * 1024
SECONDS: Final = 10.0
_VERSION: Final = "2011-06-15"
_FORM: Final = "application/x-www-form-urlencoded"
_FIELD: Final = re2.compile(r"<(Account|AccessKeyId|SecretAccessKey|SessionToken|Expiration|Code)>([^<>&]*)<")
_REFUSALS: Final = ("AccessDenied", "ValidationError", "InvalidIdentityToken", "ExpiredTokenException")


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    credentials: AwsCredentials
    expires: float
    """Seconds since the epoch."""


class TokenService:
    """One region's. Every method raises AccessDenied or Unavailable."""

    def __init__(self, egress: Egress, clock: Clock, environment: Mapping[str, str], region: str) -> None:
        self._egress, self._clock, self._region = egress, clock, region
        self._url = environment.get(ENDPOINT) or f"https://sts.{region}.{domain(region)}/"

    async def account(self, key: AwsCredentials) -> str:
        """The number of the account that the key belongs to."""
        found = await self._sent({"Action": "GetCallerIdentity"}, key)
        return _present(found, "Account")

    async def role(self, key: AwsCredentials, role: str, session: str, external_id: str) -> TemporaryKey:
        form = {"Action": "AssumeRole", "RoleArn": role, "RoleSessionName": session, "ExternalId": external_id}
        return _key(await self._sent(form, key))

    async def role_by_token(self, token: str, role: str, session: str) -> TemporaryKey:
        """`token`: a ServiceAccount's, which the role trusts."""
        form = {"Action": "AssumeRoleWithWebIdentity", "RoleArn": role, "RoleSessionName": session}
        return _key(await self._sent({**form, "WebIdentityToken": token}, None))

    async def _sent(self, form: Mapping[str, str], key: AwsCredentials | None) -> Mapping[str, str]:
        body, headers = urlencode({**form, "Version": _VERSION}).encode(), {"Content-Type": _FORM}
        if key is not None:
            now = self._clock.now()
            headers |= signed_headers("POST", self._url, body, key, now, service="sts", region=self._region)
        answer = await self._egress.request(
            "POST", self._url, Credentials(), limit=ANSWER_LIMIT, body=body, headers=headers, seconds=SECONDS
        )
        found = dict(_FIELD.findall(answer.body.decode("utf-8", "replace")))
        what = f"AWS: {form['Action']} {form.get('RoleArn', '')}".rstrip()
        if answer.status == 403 or found.get("Code", "") in _REFUSALS:
            raise AccessDenied(f"{what}: not authorized")
        if answer.status != 200:
            raise refused_status(answer, what)
        return found


def domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def partition(region: str) -> str:
    """The second field of an ARN."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _key(found: Mapping[str, str]) -> TemporaryKey:
    key = AwsCredentials(*(_present(found, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
    return TemporaryKey(key, moment(_present(found, "Expiration")))


def _present(found: Mapping[str, str], name: str) -> str:
    if not found.get(name):
        raise Unavailable(f"AWS: the answer of the token service has no {name}")
    return found[name]


def moment(text: str) -> float:
    """Raises Unavailable for a text that is not a time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise Unavailable("AWS: an answer has an expiry that is not a time") from None
