"""The Secrets of the sealing keys, in the namespace that the controller's settings name, and the rights on them."""

from __future__ import annotations

from typing import Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.sealing.scope import ACTIVE, KEY_LABEL
from argosy.sealing.settings import Settings

SECRETS: Final = Resource("", "v1", "secrets", "Secret")


async def key_secrets(client: Client, settings: Settings, *, retired: bool = False) -> list[JsonObject]:
    """Labelled ones, and that of the oldest installations, which has the prefix as its name. Raises StatusError.

    `retired`: those that were relabelled, too.
    """
    namespace, prefix = settings.namespace, settings.key_prefix
    selector = KEY_LABEL if retired else f"{KEY_LABEL}={ACTIVE}"
    page = await client.page(requests.List(resource=SECRETS, namespace=namespace, label_selector=selector))
    found = list(page.items)
    if all(obj["metadata"]["name"] != prefix for obj in found):
        try:
            found.append(await client.get(requests.Get(SECRETS, Key(namespace, prefix))))
        except StatusError as error:
            if not error.is_not_found:
                raise
    return found


def target_of_keys(settings: Settings) -> str:
    """The object of the rights on all keys together: `/Secret/<namespace>/<prefix of their names>`."""
    return f"/Secret/{settings.namespace}/{settings.key_prefix}"
