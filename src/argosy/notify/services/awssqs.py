"""Amazon SQS by its JSON protocol: a message to a queue; the recipient overrides the configured one.

The process's own identity is used if no key is configured, but only for Amazon's hosts: an endpoint may be untrusted.
stranger's.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import re2

from argosy.machinery.objects import JsonObject
from argosy.notify.services.delivering import Delivery, Doors, Refused, decoded, post
from argosy.sources.cloud.aws_session import AwsSession, aws_session
from argosy.sources.cloud.aws_signing import AwsCredentials, signed_headers

DELAY_SECONDS: Final = 10
AMAZON: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
REGION: Final = re2.compile(r"[a-z0-9-]{1,40}")


async def send(delivery: Delivery, doors: Doors) -> None:
    session = await _session(delivery)
    queue = delivery.recipient or delivery.option("queue")
    asked = {"QueueName": queue}
    if account := delivery.option("account"):
        asked["QueueOwnerAWSAccountId"] = account
    url = (await _called(delivery, doors, session, "GetQueueUrl", asked)).get("QueueUrl")
    await _called(delivery, doors, session, "SendMessage", {"QueueUrl": url, **message(delivery, queue)})


async def _session(delivery: Delivery) -> AwsSession:
    region = delivery.option("region")
    if region and not REGION.fullmatch(region):
        raise Refused(f"awssqs: region {region!r} is not the name of a region", final=True)
    if key := delivery.option("key"):
        return AwsSession(AwsCredentials(key, delivery.option("secret")), region or "us-east-1")
    host = urlsplit(delivery.option("endpointUrl")).hostname or ""
    if host and not host.endswith(AMAZON):
        raise Refused("awssqs: an endpointUrl that is not Amazon's needs a key and a secret", final=True)
    return await aws_session(region=region)


async def _called(delivery: Delivery, doors: Doors, session: AwsSession, action: str, asked: Any) -> JsonObject:
    """Raises Refused and SourceError."""
    url = delivery.option("endpointUrl") or f"https://sqs.{session.region}.amazonaws.com"
    url = f"{url.rstrip('/')}/"
    body = orjson.dumps(asked)
    given = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
    headers = signed_headers(
        "POST", url, body, session.credentials, doors.now(), service="sqs", region=session.region, given=given
    )
    reply = await post(delivery, doors, url, body, headers={**given, **headers})
    if not 200 <= reply.status < 300:
        code = str(decoded(delivery, reply).get("__type") or "").rpartition("#")[2]
        raise Refused(f"awssqs: {code[:100] if code.isalnum() else f'answered {reply.status}'}")
    return decoded(delivery, reply)


def message(delivery: Delivery, queue: str) -> dict[str, Any]:
    found: dict[str, Any] = {"MessageBody": delivery.message}
    if queue.endswith(".fifo"):
        found["MessageGroupId"] = delivery.text("messageGroupId") or "argocd"
        found["MessageDeduplicationId"] = delivery.key[-128:]
    else:
        found["DelaySeconds"] = DELAY_SECONDS
        if group := delivery.text("messageGroupId"):
            found["MessageGroupId"] = group
    if attributes := delivery.block.get("messageAttributes"):
        found["MessageAttributes"] = {
            str(name): {"DataType": "String", "StringValue": str(value)} for name, value in attributes.items()
        }
    return found
