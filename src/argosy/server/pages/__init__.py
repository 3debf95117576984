"""Everything that is not a call: browsers' sign-in and sign-out, health, badges, webhooks, API descriptions, files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from argosy.cluster.http.exchange import Request, Response
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.transport.front import Page

if TYPE_CHECKING:
    from argosy.server.api.applications.rows import ApplicationRows
    from argosy.server.api.router import Router
    from argosy.server.connectors.provider import OwnIssuer
    from argosy.server.sessions.provider import Provider
    from argosy.server.webhooks.receiver import Receiver

DISABLE_DESCRIPTIONS: Final = "ARGOCD_SERVER_DISABLE_SWAGGER_UI"
"""Argo CD's variable of the environment: no `/swagger.json` and no page that shows it."""
TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
"""As Go reads a truth."""


def pages(
    context: ServerContext, dispatcher: Dispatcher, receiver: Receiver, rows: ApplicationRows, provider: HasProvider
) -> dict[str, Page]:
    """By path."""
    from argosy.server.api import PREFIX, router
    from argosy.server.pages.badge import badge
    from argosy.server.pages.files import page_files
    from argosy.server.pages.health import health
    from argosy.server.pages.sign_in import logout
    from argosy.server.pages.terminal import terminal
    from argosy.server.rollouts_dashboard import dashboard
    from argosy.server.transport.front import plain_not_found

    async def absent(*_: object) -> object:
        return plain_not_found()

    own = router(context, rows)
    return {
        "/healthz": health(context),
        **({} if context.environ.get(DISABLE_DESCRIPTIONS) in TRUE else _described(context, own)),
        "/api/badge": badge(context),
        "/api/webhook": receiver.page(),
        "/auth/login": _later(context, provider, "login"),
        "/auth/callback": _later(context, provider, "callback"),
        "/auth/logout": logout(context),
        "/api/dex/": _dex(context, provider),
        "/terminal": terminal(context, dispatcher),
        f"{PREFIX}/": own.page(dispatcher),
        "/v1beta1/": _kargo(context, dispatcher, provider),
        f"{PREFIX}/kubernetes/": _door(context, dispatcher),
        "/rollouts/api/v1/": dashboard(context, dispatcher),
        "/auth/": absent,  # type: ignore[dict-item]
        "/": page_files(context),
    }


def _described(context: ServerContext, own: Router) -> dict[str, Page]:
    """The description of Argo CD's REST API, and the page that shows it and Argosy's own."""
    from argosy.server.api import PREFIX
    from argosy.server.pages.api_reference import Reference
    from argosy.server.pages.description import described, description_page
    from argosy.server.pages.swagger_ui import swagger_ui

    argo_cd = Reference("argo-cd", "Argo CD's API", "/swagger.json", described)
    argosy = Reference("argosy", "Argosy's own API", f"{PREFIX}/openapi.json", own.document)
    page = swagger_ui(context, (argo_cd, argosy))
    return {"/swagger.json": description_page(), "/swagger-ui": page, "/swagger-ui/": page}


def _door(context: ServerContext, dispatcher: Dispatcher) -> Page:
    """Loaded at its first request."""
    made: list[Page] = []

    async def page(request: Request, path: str, query: str) -> Response:
        if not made:
            from argosy.server.kubernetes.door import door

            made.append(door(context, dispatcher))
        return await made[0](request, path, query)

    return page


class HasProvider(Protocol):
    def get(self) -> Provider: ...

    def own(self) -> OwnIssuer: ...


def _dex(context: ServerContext, provider: HasProvider) -> Page:
    """Loaded at its first request."""
    made: list[Page] = []

    async def page(request: Request, path: str, query: str) -> Response:
        if not made:
            from argosy.server.pages.dex import DexPages

            made.append(DexPages(context, provider.own()).page())
        return await made[0](request, path, query)

    return page


def _later(context: ServerContext, provider: HasProvider, name: str) -> Page:
    """The code for single sign-on is loaded at its first request."""
    made: list[Page] = []

    async def page(request: Request, path: str, query: str) -> Response:
        if not made:
            from argosy.server.pages import single_sign_on

            made.append(getattr(single_sign_on, name)(context, provider.get()))
        return await made[0](request, path, query)

    return page


def _kargo(context: ServerContext, dispatcher: Dispatcher, provider: HasProvider) -> Page:
    """Loaded at the first request: a process without promotions never pays for it."""
    made: list[Page] = []

    async def page(request: Request, path: str, query: str) -> Response:
        if not made:
            from argosy.server.kargo import router
            from argosy.server.kargo.faults import Fault
            from argosy.server.kargo.router import failure
            from argosy.server.kargo.settings import SettingError

            try:
                made.append(router(context, dispatcher, provider.get).page())
            except SettingError as error:
                return failure(Fault(503, f"the server is not configured: {error}"))
        return await made[0](request, path, query)

    return page
