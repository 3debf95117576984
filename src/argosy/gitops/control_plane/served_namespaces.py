"""In which namespaces Applications may be: by the settings, and by their project."""

from __future__ import annotations

from argosy.gitops.control_plane.configuration import ControlPlane, project_of
from argosy.gitops.projects.permissions import permits_namespace_of_application
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.text.globs import matches


class ServedNamespaces:
    """Those of one control plane: its own, and those of `application.namespaces`."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane

    def hold(self, key: Key) -> bool:
        """Whether the settings allow Applications in the key's namespace."""
        allowed = self._plane.settings.application_namespaces
        return key.namespace == self._plane.namespace or any(matches(item, key.namespace) for item in allowed)

    def permit(self, app: JsonObject) -> bool:
        """Whether the settings and the Application's project allow its namespace."""
        key, project = key_of(app), self._plane.effective(project_of(app))
        if not self.hold(key) or project is None:
            return False
        return permits_namespace_of_application(project, key.namespace, self._plane.namespace)
