"""Google Cloud Pub/Sub, with a service account's key file: a message to a topic.

The token request is subject to the egress policy, too: the key file names its URL, and may be untrusted.
"""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from argosy.notify.services.delivering import Delivery, Doors, Refused, decoded, expect_good, post
from argosy.sources.cloud.tokens import GOOGLE_TOKENS, JWT_BEARER
from argosy.sources.github_app import signed

API: Final = "https://pubsub.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/pubsub"


async def send(delivery: Delivery, doors: Doors) -> None:
    token = await _token(delivery, doors)
    topic = delivery.recipient or delivery.option("topic")
    base = delivery.option("endpoint", API).rstrip("/")
    url = f"{base}/v1/projects/{delivery.option('project')}/topics/{topic}:publish"
    body = {"messages": [message(delivery)]}
    expect_good(delivery, await post(delivery, doors, url, body, headers={"Authorization": f"Bearer {token}"}))


def message(delivery: Delivery) -> dict[str, Any]:
    attributes = {str(name): str(value) for name, value in (delivery.block.get("attributes") or {}).items()}
    data = base64.b64encode(delivery.message.encode()).decode()
    return {"data": data, "attributes": {**attributes, "idempotencyKey": delivery.key}}


async def _token(delivery: Delivery, doors: Doors) -> str:
    """Source: RFC 7523, 2.1. Raises Refused and SourceError."""
    try:
        account = orjson.loads(delivery.option("keyFile"))
        url = str(account.get("token_uri") or GOOGLE_TOKENS)
        now = int(doors.now().timestamp())
        claims = {"iss": account["client_email"], "scope": SCOPE, "aud": url, "iat": now - 60, "exp": now + 3540}
        assertion = signed(claims, str(account["private_key"]), "keyFile")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"gcppubsub: keyFile: {type(error).__name__}") from None
    form = urlencode({"grant_type": JWT_BEARER, "assertion": assertion}).encode()
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await post(delivery, doors, url, form, headers=form_type)
    if not 200 <= reply.status < 300:
        raise Refused(f"gcppubsub: the request for a token was answered {reply.status}")
    return str(decoded(delivery, reply).get("access_token") or "")
