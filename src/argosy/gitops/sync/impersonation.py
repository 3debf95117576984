"""The ServiceAccount as which an application's objects are changed (spec 7.8, 2 `destinationServiceAccounts`). Pure."""

from __future__ import annotations

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.control_plane.settings import Settings
from argosy.machinery.text.globs import matches

ITSELF = ""
"""The control plane's own identity."""


class NoServiceAccount(Exception):
    """The project has no account for this destination, but one is required; the text is the operation's message."""


def account_for(
    project: AppProjectSpec, cluster: Cluster, namespace: str, app_namespace: str, settings: Settings
) -> str:
    """The user name of the first match. `project`: its effective spec; `namespace`: the destination's."""
    if not settings.impersonation_enabled:
        return ITSELF
    for item in project.destination_service_accounts:
        if matches(item.server, cluster.server) and matches(item.namespace, namespace):
            return _user(item.default_service_account, namespace or app_namespace)
    if settings.impersonation_enforced:
        raise NoServiceAccount(
            f"no matching service account found for destination server {cluster.server} and namespace {namespace}"
        )
    return ITSELF


def _user(account: str, namespace: str) -> str:
    """`account` is `name` or `namespace:name`."""
    place, colon, name = account.rpartition(":")
    if not name.strip() or any(sign in account for sign in "*!, ") or ":" in place:
        raise NoServiceAccount(
            f"default service account {account!r} is not a name or namespace:name: correct the project's "
            "destinationServiceAccounts"
        )
    return f"system:serviceaccount:{place if colon else namespace}:{name}"
