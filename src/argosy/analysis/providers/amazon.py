"""Signs requests to Amazon. `given`: region, profile, roleArn of the metric, all of them optional."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from argosy.analysis.providers.calling import CannotMeasure
from argosy.machinery.objects import JsonObject
from argosy.sources.cloud.aws_session import AwsSession, aws_session
from argosy.sources.cloud.aws_signing import signed_headers
from argosy.sources.port import AccessDenied


async def signed(
    method: str, url: str, body: bytes, headers: Mapping[str, str], service: str, given: JsonObject, now: datetime
) -> dict[str, str]:
    """Raises CannotMeasure."""
    found = await _session(given)
    return signed_headers(
        method, url, body, found.credentials, now, service=service, region=found.region, given=headers
    )


async def region_of(given: JsonObject) -> str:
    """Raises CannotMeasure if no region is configured."""
    return (await _session(given)).region


async def _session(given: JsonObject) -> AwsSession:
    parts = {name: str(given.get(key) or "") for name, key in (("region", "region"), ("profile", "profile"))}
    try:
        return await aws_session(**parts, role=str(given.get("roleArn") or ""))
    except AccessDenied as error:
        raise CannotMeasure(str(error)) from None
