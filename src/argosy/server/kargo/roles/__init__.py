"""Kargo's roles: views on ServiceAccounts and what is bound to them; grants, revocations, and tokens of API."""

from __future__ import annotations

from argosy.server.kargo.endpoint import Endpoint
from argosy.server.kargo.roles.editing import editing_endpoints
from argosy.server.kargo.roles.showing import showing_endpoints
from argosy.server.kargo.roles.tokens import token_endpoints
from argosy.server.kargo.settings import KargoSettings
from argosy.server.world import World


def role_endpoints(world: World, settings: KargoSettings) -> tuple[Endpoint, ...]:
    return (
        *showing_endpoints(world, settings),
        *editing_endpoints(world),
        *token_endpoints(world, settings),
    )
