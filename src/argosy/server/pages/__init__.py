"""What is no call: sign-in and sign-out of browsers, health, badges, webhooks, descriptions of the API, files."""

from __future__ import annotations

from argosy.server.dispatch import Dispatcher
from argosy.server.transport.front import Page
from argosy.server.webhooks.receiver import Receiver
from argosy.server.world import World


def pages(world: World, dispatcher: Dispatcher, receiver: Receiver) -> dict[str, Page]:
    """By path."""
    from argosy.server.api import PREFIX, router
    from argosy.server.pages.badge import badge
    from argosy.server.pages.files import page_files
    from argosy.server.pages.health import health
    from argosy.server.pages.sign_in import logout
    from argosy.server.transport.front import plain_not_found

    async def absent(*_: object) -> object:
        return plain_not_found()

    return {
        "/healthz": health(world),
        "/api/badge": badge(world),
        "/api/webhook": receiver.page(),
        "/auth/logout": logout(world),
        f"{PREFIX}/": router(world).page(dispatcher),
        "/auth/": absent,  # type: ignore[dict-item]
        "/": page_files(world),
    }
