"""Signatures for AWS by Amazon's own library (the extra `aws`); the request itself goes through the egress policy.

The library reads credentials from where it always does, and may block for it, so that is done in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from argosy.analysis.providers.calling import CannotMeasure
from argosy.machinery.objects import JsonObject


async def signed_headers(
    method: str, url: str, body: bytes, headers: Mapping[str, str], service: str, given: JsonObject
) -> dict[str, str]:
    """`given`: region, profile, roleArn, each of which may be missing. Raises CannotMeasure."""
    return await asyncio.to_thread(_signed, method, url, body, headers, service, given)


def region_of(given: JsonObject) -> str:
    """Raises CannotMeasure when no region is to be found."""
    return _region(_session(given))


def _signed(
    method: str, url: str, body: bytes, headers: Mapping[str, str], service: str, given: JsonObject
) -> dict[str, str]:
    session = _session(given)
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:  # pragma: no cover - `_session` has said so
        raise CannotMeasure(_MISSING) from None
    try:
        credentials = session.get_credentials()
        if credentials is None:
            raise CannotMeasure("AWS: no credentials are to be found")
        request = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
        SigV4Auth(credentials.get_frozen_credentials(), service, _region(session)).add_auth(request)
    except (BotoCoreError, ClientError) as error:
        raise CannotMeasure(f"AWS: {type(error).__name__}") from None
    signed = {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"}
    return {name: str(value) for name, value in request.headers.items() if name in signed}


_MISSING = "AWS needs the extra: pip install argosy[aws]"


def _session(given: JsonObject) -> Any:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise CannotMeasure(_MISSING) from None
    try:
        session = boto3.Session(region_name=given.get("region") or None, profile_name=given.get("profile") or None)
        role = str(given.get("roleArn") or "")
        if not role:
            return session
        taken = session.client("sts").assume_role(RoleArn=role, RoleSessionName="argosy")["Credentials"]
        return boto3.Session(
            aws_access_key_id=taken["AccessKeyId"],
            aws_secret_access_key=taken["SecretAccessKey"],
            aws_session_token=taken["SessionToken"],
            region_name=session.region_name,
        )
    except (BotoCoreError, ClientError) as error:
        raise CannotMeasure(f"AWS: {type(error).__name__}") from None


def _region(session: Any) -> str:
    if not session.region_name:
        raise CannotMeasure("AWS: no region is configured")
    return str(session.region_name)
