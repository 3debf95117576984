"""Kubernetes Events as the API tells them."""

from __future__ import annotations

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.runtime.events import EVENTS
from argosy.server.context import ServerContext


async def events_of(context: ServerContext, *, name: str, uid: str, namespace: str) -> JsonObject:
    """What was told of one object, in the namespace it is in."""
    selector = f"involvedObject.name={name},involvedObject.uid={uid},involvedObject.namespace={namespace}"
    page = await context.client.page(requests.List(resource=EVENTS, namespace=namespace, field_selector=selector))
    return {"metadata": {"resourceVersion": page.resource_version}, "items": list(page.items) or None}
