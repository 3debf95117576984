"""Services of clouds: what their configuration names is a stranger's, and their identity goes nowhere else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.notify.services import Delivery, Doors, Refused, send
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import Credentials, Rejected
from tests.kit.receiver import Received, Receiver, receiving

HERE = EgressPolicy(allow_loopback=True)


def delivered(
    kind: str, options: dict[str, Any], policy: EgressPolicy = HERE, answers: Mapping[str, Any] | None = None
) -> list[Received]:
    """`{url}` in an option is the server's. Raises what the service raises, and then keeps in SEEN what came."""

    async def run() -> list[Received]:
        egress = Egress(policy)
        async with receiving() as receiver:
            receiver.answers = {path: (200, body) for path, body in (answers or {}).items()}
            SEEN[:] = [receiver]
            filled = {name: value.replace("{url}", receiver.url) for name, value in options.items()}
            content = {"message": "hello", "": {}}
            try:
                await send(
                    Delivery(type=kind, name=kind, recipient="r", options=filled, content=content, key="k"),
                    _doors(egress),
                )
            finally:
                await egress.close()
            return receiver.received

    return asyncio.run(run())


SEEN: list[Receiver] = []


def _doors(egress: Egress) -> Doors:
    async def request(method: str, url: str, *, headers: Any, body: Any, insecure: bool, seconds: float) -> Any:
        return await egress.request(method, url, Credentials(), limit=1 << 20, body=body, headers=headers)

    async def sleep(seconds: float) -> None: ...

    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Doors(request=request, now=lambda: now, sleep=sleep, address=egress.judged_address)


@pytest.fixture(scope="module")
def key_file() -> str:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return json.dumps({"client_email": "a@b", "private_key": pem, "token_uri": "{url}/token"}).replace("\\n", "\\n")


def test_a_google_token_is_asked_for_and_used(key_file: str) -> None:
    found = delivered(
        "gcppubsub",
        {"keyFile": key_file, "endpoint": "{url}", "project": "p"},
        answers={"POST /token": {"access_token": "t-1"}},
    )
    assert [one.path for one in found] == ["/token", "/v1/projects/p/topics/r:publish"]
    assert parse_qs(found[0].body.decode())["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert found[1].headers["Authorization"] == "Bearer t-1"


def test_a_key_file_that_names_this_machine_for_its_token_is_refused(key_file: str) -> None:
    with pytest.raises(Rejected, match="this machine's own"):
        delivered("gcppubsub", {"keyFile": key_file, "project": "p"}, EgressPolicy())
    assert SEEN[0].received == []


def test_a_message_to_a_queue_is_signed_with_the_key_that_was_given() -> None:
    options = {"endpointUrl": "{url}", "key": "AK", "secret": "s", "region": "eu-west-1"}
    found = delivered("awssqs", options, answers={"POST /": {"QueueUrl": "u"}})
    assert [one.headers["X-Amz-Target"] for one in found] == ["AmazonSQS.GetQueueUrl", "AmazonSQS.SendMessage"]
    assert found[1].json == {"QueueUrl": "u", "MessageBody": "hello", "DelaySeconds": 10}
    authorization = found[1].headers["Authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AK/20260102/eu-west-1/sqs/aws4_request")
    assert "SignedHeaders=host;x-amz-date;x-amz-target" in authorization


def test_the_processs_own_identity_is_sent_to_amazon_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "canary-token")
    with pytest.raises(Refused, match="not Amazon's needs a key"):
        delivered("awssqs", {"endpointUrl": "{url}", "region": "eu-west-1"})
    assert SEEN[0].received == []
    with pytest.raises(Refused, match="not the name of a region"):
        delivered("awssqs", {"region": "x.example.com/", "key": "a", "secret": "b"})


def test_a_queue_on_this_machine_is_refused() -> None:
    with pytest.raises(Rejected, match="this machine's own"):
        delivered("awssqs", {"endpointUrl": "{url}", "key": "a", "secret": "b"}, EgressPolicy())
