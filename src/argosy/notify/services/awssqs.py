"""Amazon SQS, by boto3 (the extra `aws`): a message to a queue; the recipient overrides the configured one."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from argosy.notify.services.delivering import Delivery, Doors, Refused

DELAY_SECONDS: Final = 10


async def send(delivery: Delivery, doors: Doors) -> None:
    if endpoint := delivery.option("endpointUrl"):
        await doors.address(_host(endpoint))
    await asyncio.to_thread(_sent, delivery)


def _sent(delivery: Delivery) -> None:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise Refused("awssqs needs the extra argosy[aws]", final=True) from None
    try:
        client = boto3.client("sqs", **_session(delivery))
        queue = delivery.recipient or delivery.option("queue")
        account = {"QueueOwnerAWSAccountId": delivery.option("account")} if delivery.option("account") else {}
        url = client.get_queue_url(QueueName=queue, **account)["QueueUrl"]
        client.send_message(QueueUrl=url, **message(delivery, queue))
    except ClientError as error:
        code = str((error.response.get("Error") or {}).get("Code") or "")
        raise Refused(f"awssqs: {code[:100] or 'refused'}") from None
    except BotoCoreError as error:
        raise Refused(f"awssqs: {type(error).__name__}") from None


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


def _session(delivery: Delivery) -> dict[str, Any]:
    found: dict[str, Any] = {"region_name": delivery.option("region") or None}
    if endpoint := delivery.option("endpointUrl"):
        found["endpoint_url"] = endpoint
    if key := delivery.option("key"):
        found |= {"aws_access_key_id": key, "aws_secret_access_key": delivery.option("secret")}
    return found


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""
