"""Credentials and configuration for steps: Secrets and ConfigMaps of a project, shared ones, and the system's."""

from __future__ import annotations

from argosy.server.context import ServerContext
from argosy.server.kargo.credentials.configmaps import configmap_endpoints
from argosy.server.kargo.credentials.generic import generic_endpoints
from argosy.server.kargo.credentials.repositories import repository_endpoints
from argosy.server.kargo.credentials.scopes import scopes_of
from argosy.server.kargo.endpoint import Endpoint
from argosy.server.kargo.settings import KargoSettings


def credential_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    own, shared, system = scopes_of(settings)
    return (
        *(one for scope in (own, shared, system) for one in configmap_endpoints(scope)),
        *(one for scope in (own, shared, system) for one in generic_endpoints(scope, settings)),
        *(one for scope in (own, shared) for one in repository_endpoints(scope, settings)),
    )
