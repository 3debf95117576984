"""Objects related to a project: global projects, scoped repositories and clusters, windows, events, links."""

from __future__ import annotations

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read as as_view
from argosy.gitops.projects import permissions, sync_windows
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import label_selector_of
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import not_found
from argosy.server.services.clusters.secrets import cluster_json
from argosy.server.services.deep_links import links
from argosy.server.services.events import events_of
from argosy.server.services.projects.projects import read
from argosy.server.services.repositories.secrets import REPOSITORY, repositories, sanitised


class Detail:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def detailed(self, call: Call) -> JsonObject:
        name, plane = call.request.get("name") or "", self._context.gitops.plane
        project = plane.project(name)
        if project is None:
            raise not_found(f'error getting app project "{name}": appproject.argoproj.io "{name}" not found')
        spec = permissions.effective(project, plane.projects_by_name(), plane.settings)
        secrets = self._context.configuration.secrets()
        scoped = [sanitised(item) for item in repositories(secrets, REPOSITORY) if item.get("project") == name]
        clusters = plane.cluster_book.of_project(name)
        return {
            "globalProjects": self._global(project),
            "project": {**project.raw, "spec": spec.raw},
            "repositories": scoped,
            "clusters": [cluster_json(self._context, cluster) for cluster in clusters],
        }

    async def global_projects(self, call: Call) -> JsonObject:
        return {"items": self._global(as_view(AppProject, await read(self._context, call.request.get("name") or "")))}

    def _global(self, project: AppProject) -> list[JsonObject]:
        plane, labels = self._context.gitops.plane, project.metadata.labels
        found = []
        for name, selector in plane.settings.global_projects:
            parent = plane.project(name)
            if parent is not None and parent.raw is not project.raw and label_selector_of(selector).matches(labels):
                found.append(parent.raw)
        return found

    async def windows(self, call: Call) -> JsonObject:
        project = await read(self._context, call.request.get("name") or "")
        now = self._context.clock.now()
        given = as_view(AppProject, project).spec.sync_windows
        return {"windows": [window.raw for window in given if sync_windows.is_active(window, now)]}

    async def events(self, call: Call) -> JsonObject:
        metadata = (await read(self._context, call.request.get("name") or ""))["metadata"]
        return await events_of(
            self._context, name=metadata["name"], uid=metadata["uid"], namespace=metadata["namespace"]
        )

    async def links(self, call: Call) -> JsonObject:
        project = await read(self._context, call.request.get("name") or "")
        return links(self._context, "project.links", {"project": {**project, "status": {}}})
