"""This process's AWS identity: a key, a role assumed with it, or a role assumed with a ServiceAccount's token.

Instance metadata addresses are not asked: no request of ours goes there (spec/security.md rule 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

from argosy.certs.adapters.dns.provider import Api, ProviderError
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers

REGION: Final = "us-east-1"
AUDIENCE: Final = "sts.amazonaws.com"
"""Audience of the ServiceAccount tokens with which a role is assumed."""
_VERSION: Final = "2011-06-15"
_SESSION: Final = {"Version": _VERSION, "RoleSessionName": "argosy", "DurationSeconds": "900"}
_KEY: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


async def role_by_key(api: Api, sts: str, role: str, base: AwsCredentials) -> AwsCredentials:
    """Raises ProviderError."""
    return await _assumed(api, sts, {"Action": "AssumeRole", "RoleArn": role}, base)


async def role_by_token(api: Api, sts: str, role: str, token: str) -> AwsCredentials:
    """Raises ProviderError."""
    form = {"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": token, "RoleArn": role}
    return await _assumed(api, sts, form, None)


async def ambient(api: Api, sts: str, environment: Mapping[str, str]) -> AwsCredentials:
    """The machine's own: a key, or a role and a token file. Raises ProviderError if there is neither."""
    found = [environment.get(name, "") for name in _KEY]
    if found[0]:
        return AwsCredentials(*found)
    role, file = environment.get("AWS_ROLE_ARN", ""), environment.get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
    if not (role and file):
        raise ProviderError(
            f"{api.name}: no key is named, and the machine has none: neither AWS_ACCESS_KEY_ID is set, nor "
            "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE"
        )
    return await role_by_token(api, sts, role, _token_in(file))


def _token_in(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ProviderError(f"AWS_WEB_IDENTITY_TOKEN_FILE: {file}: {type(error).__name__}") from None


async def _assumed(api: Api, sts: str, form: Mapping[str, str], base: AwsCredentials | None) -> AwsCredentials:
    role, content = form["RoleArn"], urlencode({**form, **_SESSION}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if base is not None:
        now = api.clock.now()
        headers |= signed_headers("POST", f"{sts}/", content, base, now, service="sts", region=REGION)
    answer = await api.send("POST", f"{sts}/", headers, content)
    if answer.status != 200:
        raise ProviderError(f"the role {role} was not given: status {answer.status}")
    found = {one.tag.rpartition("}")[2]: one.text or "" for one in parsed(api.name, answer.body).iter()}
    try:
        return AwsCredentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    except KeyError:
        raise ProviderError(f"the answer for the role {role} holds no credentials") from None


def parsed(name: str, body: bytes) -> Xml.Element:
    """Answers have no document type: one with any is refused before entities can expand. Raises ProviderError."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ProviderError(f"{name} answered with a document type")
    try:
        return Xml.fromstring(body)  # noqa: S314 without a document type there is nothing to expand
    except Xml.ParseError:
        raise ProviderError(f"{name} did not answer with XML") from None
