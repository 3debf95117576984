"""Kargo's roles: views of ServiceAccounts and their bindings; grant, revoke, and API tokens."""

from __future__ import annotations

from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import Endpoint
from argosy.server.kargo.roles.editing import editing_endpoints
from argosy.server.kargo.roles.showing import showing_endpoints
from argosy.server.kargo.roles.tokens import token_endpoints
from argosy.server.kargo.settings import KargoSettings


def role_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    return (
        *showing_endpoints(context, settings),
        *editing_endpoints(context),
        *token_endpoints(context, settings),
    )
