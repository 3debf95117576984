"""Signatures, against those of Amazon's own library; and the credentials that it finds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from argosy.sources.cloud.aws_session import aws_session
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers
from argosy.sources.port import AccessDenied

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TARGET = {"X-Amz-Target": "Service.Operation"}


@pytest.mark.parametrize("url", ["https://a.amazonaws.com/", "https://a.amazonaws.com/b%20c?z=1&a=%2F&a="])
@pytest.mark.parametrize("token", ["", "session"])
@pytest.mark.parametrize("given", [{}, TARGET])
def test_a_signature_is_that_of_amazons_library(url: str, token: str, given: dict[str, str]) -> None:
    body = b"Action=DescribeTags"
    request = AWSRequest(method="POST", url=url, data=body, headers={**given, "X-Amz-Date": "20260102T030405Z"})
    if token:
        request.headers["X-Amz-Security-Token"] = token
    request.context["timestamp"] = "20260102T030405Z"
    signer = SigV4Auth(Credentials("AKID", "secret", token or None), "monitoring", "eu-west-1")
    canonical = signer.canonical_request(request)
    wanted = signer.signature(signer.string_to_sign(request, canonical), request)
    credentials = AwsCredentials("AKID", "secret", token)
    found = signed_headers("POST", url, body, credentials, NOW, service="monitoring", region="eu-west-1", given=given)
    assert found["Authorization"].endswith(f"Signature={wanted}")
    assert "secret" not in repr(credentials)


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, name.lower())
    found = asyncio.run(aws_session(region="eu-west-1"))
    assert (found.region, found.credentials.access_key) == ("eu-west-1", "aws_access_key_id")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(AccessDenied, match="no region"):
        asyncio.run(aws_session())
    with pytest.raises(AccessDenied, match="ProfileNotFound"):
        asyncio.run(aws_session(region="eu-west-1", profile="nobody"))
