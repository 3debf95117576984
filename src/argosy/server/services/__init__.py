"""One module or package per service of the API; each returns its routes: methods, handlers, and required rights."""

from __future__ import annotations

from argosy.server.calls import Route
from argosy.server.context import ServerContext
from argosy.server.services.account import account_routes
from argosy.server.services.application_sets import application_set_routes
from argosy.server.services.applications import application_routes
from argosy.server.services.certificates import certificate_routes
from argosy.server.services.clusters import cluster_routes
from argosy.server.services.gpg_keys import gpg_key_routes
from argosy.server.services.notifications import notification_routes
from argosy.server.services.projects import project_routes
from argosy.server.services.repositories import repository_routes
from argosy.server.services.session import session_routes
from argosy.server.services.settings import settings_routes
from argosy.server.services.version import version_routes

ROOMS = (
    session_routes,
    version_routes,
    settings_routes,
    account_routes,
    application_routes,
    application_set_routes,
    project_routes,
    repository_routes,
    cluster_routes,
    certificate_routes,
    gpg_key_routes,
    notification_routes,
)


def routes(context: ServerContext) -> dict[str, Route]:
    """By full method name."""
    found: dict[str, Route] = {}
    for room in ROOMS:
        found.update(room(context))
    return found
