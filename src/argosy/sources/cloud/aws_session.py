"""Credentials of AWS from Amazon's own library (the extra `aws`), which finds them in its usual places.

It may block, so it runs in a thread. `aws_signing` signs requests, which are subject to the egress policy.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from argosy.sources.cloud.aws_signing import AwsCredentials
from argosy.sources.port import AccessDenied

_MISSING: Final = "AWS needs the extra: pip install argosy[aws]"


@dataclass(frozen=True, slots=True)
class AwsSession:
    credentials: AwsCredentials
    region: str


async def aws_session(*, region: str = "", profile: str = "", role: str = "") -> AwsSession:
    """From the process's own identity, a profile of its configuration, or an assumed role.

    Raises AccessDenied, whose message has no secret, when credentials or a region cannot be found.
    """
    return await asyncio.to_thread(_found, region, profile, role)


def _found(region: str, profile: str, role: str) -> AwsSession:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise AccessDenied(_MISSING) from None
    try:
        session = boto3.Session(region_name=region or None, profile_name=profile or None)
        if not session.region_name:
            raise AccessDenied("AWS: no region is configured")
        credentials = _of_role(session, role) if role else _own(session)
    except (BotoCoreError, ClientError) as error:
        raise AccessDenied(f"AWS: {type(error).__name__}") from None
    return AwsSession(credentials, str(session.region_name))


def _own(session: Any) -> AwsCredentials:
    found = session.get_credentials()
    if found is None:
        raise AccessDenied("AWS: no credentials are to be found")
    frozen = found.get_frozen_credentials()
    return AwsCredentials(str(frozen.access_key), str(frozen.secret_key), str(frozen.token or ""))


def _of_role(session: Any, role: str) -> AwsCredentials:
    taken = session.client("sts").assume_role(RoleArn=role, RoleSessionName="argosy")["Credentials"]
    return AwsCredentials(str(taken["AccessKeyId"]), str(taken["SecretAccessKey"]), str(taken["SessionToken"]))
