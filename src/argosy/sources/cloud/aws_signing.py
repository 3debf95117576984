"""AWS requests: their signature (version 4), and credentials of a role."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """A key, and the token of a session; neither is part of a repr."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False, default="")


def signed_headers(
    method: str,
    url: str,
    body: bytes,
    credentials: AwsCredentials,
    now: datetime,
    *,
    service: str,
    region: str,
    given: Mapping[str, str] | None = None,
    signed: Collection[str] = (),
) -> dict[str, str]:
    """The headers to add to a request in addition to `given`, of which Amazon's own are signed too.

    `signed`: names of additional headers in `given`, in lower case, that the receiver wants signed.
    """
    parts = urlsplit(url)
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"host": parts.netloc, "x-amz-date": moment}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    own = frozenset(headers) - {"host"}
    for name, value in (given or {}).items():
        if name.lower().startswith("x-amz-") or name.lower() in signed:
            headers[name.lower()] = value
    listed = ";".join(sorted(headers))
    query = "&".join(
        f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}"
        for key, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    canonical = "\n".join(
        (
            method,
            quote(parts.path or "/", safe="/-_.~"),
            query,
            *(f"{key}:{headers[key]}" for key in sorted(headers)),
            "",
            listed,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    authorization = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={listed}, Signature={signature}"
    )
    return {key: headers[key] for key in own} | {"Authorization": authorization}
