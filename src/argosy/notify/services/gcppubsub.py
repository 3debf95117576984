"""Google Cloud Pub/Sub, with a key file by google-auth (the extra `gcp`): a message to a topic."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Final

import orjson

from argosy.notify.services.delivering import Delivery, Doors, Refused, expect_good, post

API: Final = "https://pubsub.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/pubsub"


async def send(delivery: Delivery, doors: Doors) -> None:
    token = await asyncio.to_thread(_token, delivery.option("keyFile"))
    topic = delivery.recipient or delivery.option("topic")
    base = delivery.option("endpoint", API).rstrip("/")
    url = f"{base}/v1/projects/{delivery.option('project')}/topics/{topic}:publish"
    body = {"messages": [message(delivery)]}
    expect_good(delivery, await post(delivery, doors, url, body, headers={"Authorization": f"Bearer {token}"}))


def message(delivery: Delivery) -> dict[str, Any]:
    attributes = {str(name): str(value) for name, value in (delivery.block.get("attributes") or {}).items()}
    data = base64.b64encode(delivery.message.encode()).decode()
    return {"data": data, "attributes": {**attributes, "idempotencyKey": delivery.key}}


def _token(key_file: str) -> str:
    try:
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request
        from google.oauth2.service_account import Credentials
    except ImportError:
        raise Refused("gcppubsub needs the extra argosy[gcp]", final=True) from None
    try:
        found = Credentials.from_service_account_info(orjson.loads(key_file), scopes=[SCOPE])  # type: ignore[no-untyped-call]
        found.refresh(Request())
    except (ValueError, GoogleAuthError) as error:
        raise Refused(f"gcppubsub: keyFile: {type(error).__name__}") from None
    return str(found.token)
