"""Where an object is stored: in a project, in the shared namespace, or in the system's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argosy.machinery.objects import Key
from argosy.server.kargo.endpoint import ApiRequest
from argosy.server.kargo.settings import KargoSettings


@dataclass(frozen=True, slots=True)
class Scope:
    """`prefix` of its paths."""

    prefix: str
    namespace_of: Callable[[ApiRequest], str]

    def key(self, request: ApiRequest, name: str) -> Key:
        """The namespace for a path."""
        return Key(self.namespace_of(request), request.path[name])


def scopes_of(settings: KargoSettings) -> tuple[Scope, Scope, Scope]:
    """A project's, the shared one, the system's."""
    return (
        Scope("/projects/{project}", lambda request: request.project),
        Scope("/shared", lambda _: settings.shared_namespace),
        Scope("/system", lambda _: settings.system_namespace),
    )
