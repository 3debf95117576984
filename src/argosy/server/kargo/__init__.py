"""Kargo's REST API, `/v1beta1`, for its command and its page: one package per group of resources.

- `endpoint.py`: an endpoint's declaration; `router.py`: from request to answer; `limits.py`: rate limits.
- `identity.py`, `claims.py`: authentication; `access.py`: authorisation with Kubernetes' own RBAC.
- `watching.py`: watches as server-sent events; `shapes.py`: objects in their JSON form; `faults.py`: errors.
- `core/`: projects and what is promoted in them.  `roles/`: roles, tokens.  `credentials/`: Secrets, ConfigMaps.
- `resources/`: any manifests.  `analysis/`: verifications and their logs.  `configs.py`, `system.py`: the rest.

Upstream has neither an audit log nor rate limits; this has both. Source: spec/kargo-api.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.kargo.endpoint import Endpoint
from argosy.server.kargo.identity import SignIn
from argosy.server.kargo.router import PREFIX, Router
from argosy.server.kargo.settings import KargoSettings, settings_of

if TYPE_CHECKING:
    from argosy.server.sessions.provider import Provider

__all__ = ["PREFIX", "router"]


def router(context: ServerContext, dispatcher: Dispatcher, provider: Callable[[], Provider]) -> Router:
    """Raises SettingError for an invalid variable."""
    settings = settings_of(context.environ)
    signing_in = SignIn(context, settings, _provider(context, settings, provider))
    return Router(endpoints(context, settings, signing_in), context, settings, signing_in, dispatcher)


def endpoints(context: ServerContext, settings: KargoSettings, signing_in: SignIn) -> tuple[Endpoint, ...]:
    from argosy.server.kargo.analysis import analysis_endpoints
    from argosy.server.kargo.configs import config_endpoints
    from argosy.server.kargo.core import core_endpoints
    from argosy.server.kargo.credentials import credential_endpoints
    from argosy.server.kargo.resources.writing import resource_endpoints
    from argosy.server.kargo.roles import role_endpoints
    from argosy.server.kargo.system import system_endpoints

    return (
        *system_endpoints(context, settings, signing_in),
        *resource_endpoints(context, settings),
        *core_endpoints(context),
        *config_endpoints(context),
        *analysis_endpoints(context, settings),
        *credential_endpoints(context, settings),
        *role_endpoints(context, settings),
    )


def _provider(
    context: ServerContext, settings: KargoSettings, shared: Callable[[], Provider]
) -> Callable[[], Provider]:
    """Kargo's own setting if there is one, else the control plane's."""
    if settings.oidc is None:
        return shared
    oidc = settings.oidc
    made: list[Provider] = []

    def own() -> Provider:
        if not made:
            from argosy.server.sessions.provider import Provider

            made.append(Provider(context.configuration, context.clock, oidc.config()))
        return made[0]

    return own
