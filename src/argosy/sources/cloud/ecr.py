"""Amazon's registries (ECR): an access key is exchanged for a user name and password that live about twelve hours.

Source: spec/kargo-api.md 8, and ECR's GetAuthorizationToken. A password is kept in memory until shortly before it
expires, so that a discovery does not ask for one each time.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import orjson
import re2

from argosy.runtime.clock import Clock
from argosy.sources.cloud.aws_roles import SECONDS, domain
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers
from argosy.sources.egress import Egress, refused_status
from argosy.sources.port import AccessDenied, Credentials, Unavailable

TARGET: Final = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
CONTENT: Final = "application/x-amz-json-1.1"
EARLY_SECONDS: Final = 300.0
LIFETIME_SECONDS: Final = 10 * 3600.0
"""Where the answer does not say when the password expires."""
ANSWER_LIMIT: Final = 64 * 1024
ENDPOINT: Final = "AWS_ENDPOINT_URL_ECR"
"""AWS' own variable for another endpoint, such as one within a private network."""

ANONYMOUS: Final = Credentials()
_REGION = re2.compile(r"^[a-z0-9-]{1,40}$")


class EcrTokens:
    def __init__(self, egress: Egress, clock: Clock, environment: Mapping[str, str]) -> None:
        self._egress, self._clock, self._environment = egress, clock, environment
        self._known: dict[Credentials, tuple[float, str, str]] = {}

    async def effective(self, credentials: Credentials) -> Credentials:
        """With user name and password instead of the key. Raises AccessDenied or Unavailable."""
        now, known = self._clock.now().timestamp(), self._known.get(credentials)
        if known is None or known[0] - EARLY_SECONDS <= now:
            known = self._known[credentials] = await self._clock.external(self._asked(credentials))
        _, username, password = known
        bare = replace(credentials, aws_region="", aws_access_key_id="", aws_secret_access_key="")
        return replace(bare, username=username, password=password)

    async def _asked(self, credentials: Credentials) -> tuple[float, str, str]:
        if not _REGION.match(credentials.aws_region):
            raise AccessDenied("awsRegion: must be the name of a region, such as eu-west-1")
        key = AwsCredentials(credentials.aws_access_key_id, credentials.aws_secret_access_key)
        return await registry_password(
            self._egress, self._clock, self._environment, credentials.aws_region, key, transport=credentials
        )


async def registry_password(
    egress: Egress,
    clock: Clock,
    environment: Mapping[str, str],
    region: str,
    key: AwsCredentials,
    transport: Credentials = ANONYMOUS,
) -> tuple[float, str, str]:
    """When it expires (seconds since the epoch), user name and password. Raises AccessDenied or Unavailable."""
    body, given = b"{}", {"Content-Type": CONTENT, "X-Amz-Target": TARGET}
    url = environment.get(ENDPOINT) or f"https://api.ecr.{region}.{domain(region)}/"
    signature = signed_headers("POST", url, body, key, clock.now(), service="ecr", region=region, given=given)
    headers = {**given, **signature}
    answer = await egress.request(
        "POST", url, transport, limit=ANSWER_LIMIT, body=body, headers=headers, seconds=SECONDS
    )
    if answer.status in (400, 401, 403) and b"Throttling" not in answer.body:
        raise AccessDenied("failed to get a password of ECR: the access key is refused")
    if answer.status != 200:
        raise refused_status(answer, "failed to get a password of ECR")
    return _read(answer.body, clock.now().timestamp())


def _read(body: bytes, now: float) -> tuple[float, str, str]:
    """When it expires, user name and password."""
    try:
        found = orjson.loads(body)["authorizationData"][0]
        text = base64.b64decode(found["authorizationToken"], validate=True).decode()
        username, colon, password = text.partition(":")
        if not colon:
            raise ValueError("no password")
        return float(found.get("expiresAt") or now + LIFETIME_SECONDS), username, password
    except (orjson.JSONDecodeError, binascii.Error, KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise Unavailable("the answer to a request for a password of ECR cannot be read") from None
