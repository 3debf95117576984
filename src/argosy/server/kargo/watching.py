"""Watches as server-sent events, in the form that Kargo's command and page read. Source: spec/kargo-api.md 1.

`data: {"type":"ADDED|MODIFIED|DELETED","object":{…}}`; `: keepalive` every 30 s; a failure is `event: error` with a
code. The token and the rights are checked again every five seconds (security rule 11).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

import orjson

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.server.kargo.endpoint import ApiRequest, Stream
from argosy.server.kargo.faults import Fault
from argosy.server.kargo.shapes import plain
from argosy.server.mailbox import Mailbox

RECHECK_SECONDS: Final = 5.0
KEEP_ALIVE_SECONDS: Final = 30.0
KEEP_ALIVE: Final = b": keepalive\n\n"
Keeps = Callable[[JsonObject], bool]


async def watch(
    request: ApiRequest, client: Client, resource: Resource, key: Key, *, keeps: Keeps = lambda _: True
) -> Stream:
    """Watches one object, or all in the namespace if `key` has no name. Raises Fault."""
    if key.name:
        await request.objects.read(resource, key)
    await request.access.permit("watch", resource, key)
    version = "" if key.name else request.one("resourceVersion")
    return Stream(_changes(client, resource, key, version, keeps), _event)


async def _changes(
    client: Client, resource: Resource, key: Key, version: str, keeps: Keeps
) -> AsyncGenerator[JsonObject, None]:
    """Without a version: first everything that exists, then changes."""
    selector = f"metadata.name={key.name}" if key.name else ""
    if not version:
        page = await client.page(requests.List(resource=resource, namespace=key.namespace, field_selector=selector))
        for obj in page.items:
            if keeps(obj):
                yield {"type": "ADDED", "object": obj}
        version = page.resource_version
    events = client.follow(
        requests.Watch(resource=resource, namespace=key.namespace, resource_version=version, field_selector=selector)
    )
    async for event in events:
        if event.type == "BOOKMARK":
            continue
        if keeps(event.object):
            yield {"type": event.type, "object": event.object}
        elif event.type == "MODIFIED":
            yield {"type": "DELETED", "object": event.object}  # it no longer matches the watch


def _event(message: JsonObject) -> bytes:
    shown = {"type": message["type"], "object": plain(message["object"], kind=False)}
    return b"data: " + orjson.dumps(shown, option=orjson.OPT_NON_STR_KEYS) + b"\n\n"


async def sent(
    mailbox: Mailbox[JsonObject],
    pump: asyncio.Task[None],
    clock: Clock,
    form: Callable[[JsonObject], bytes],
    may_go_on: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[bytes, None]:
    """The body of the answer; `pump` fills the mailbox, and ends with the body."""
    messages = _while_permitted(mailbox, clock, form, may_go_on)
    try:
        async with aclosing(messages):
            async for chunk in messages:
                yield chunk
    except StatusError as error:
        yield _failed(error)
    except Fault as fault:
        yield _told("unknown", fault.message)
    finally:
        pump.cancel()


async def _while_permitted(
    mailbox: Mailbox[JsonObject],
    clock: Clock,
    form: Callable[[JsonObject], bytes],
    may_go_on: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[bytes, None]:
    checked_at = sent_at = clock.monotonic()
    while True:
        alarm = clock.call_later(RECHECK_SECONDS, mailbox.wake, background=True)
        try:
            message = await mailbox.take()
        finally:
            alarm.cancel()
        now = clock.monotonic()
        if now - checked_at >= RECHECK_SECONDS:
            checked_at = now
            if not await may_go_on():
                return
        if message is not None:
            sent_at = now
            yield form(message)
        elif mailbox.is_over:
            return
        elif now - sent_at >= KEEP_ALIVE_SECONDS:
            sent_at = now
            yield KEEP_ALIVE


def _failed(error: StatusError) -> bytes:
    """An expired version is reported with the word that makes clients list again."""
    if error.code == 410 or error.reason == "Expired":
        return _told("out_of_range", f"watch resource version expired: {error.message}")
    return _told("unknown", error.message)


def _told(code: str, message: str) -> bytes:
    return b"event: error\ndata: " + orjson.dumps({"code": code, "message": message}) + b"\n\n"
