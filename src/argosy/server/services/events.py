"""Kubernetes Events in the API's form."""

from __future__ import annotations

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.runtime.events import EVENTS
from argosy.server.context import ServerContext


async def events_of(context: ServerContext, *, name: str, uid: str, namespace: str) -> JsonObject:
    """The events of one object, in its namespace."""
    selector = f"involvedObject.name={name},involvedObject.uid={uid},involvedObject.namespace={namespace}"
    page = await context.client.page(requests.List(resource=EVENTS, namespace=namespace, field_selector=selector))
    return {"metadata": {"resourceVersion": page.resource_version}, "items": list(page.items) or None}
