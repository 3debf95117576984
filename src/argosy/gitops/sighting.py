"""What is wanted and what is, of one application, side by side: rendered, found, compared (spec 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.gitops import destinations, projects, windows
from argosy.gitops.clusters.connections import NotConnected
from argosy.gitops.clusters.destination import Destination
from argosy.gitops.compare import Comparison
from argosy.gitops.desk import Desk, Memory
from argosy.gitops.keys import ResourceKey, instance_name
from argosy.gitops.normalize_spec import spec_errors
from argosy.gitops.rendering import Desired, NotRendered, Wanted
from argosy.gitops.sync.options import options_of
from argosy.machinery.objects import JsonObject, Key


class Refused(Exception):
    """The application cannot be compared: (condition type, message) pairs."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(message for _, message in found))
        self.found = tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    desired: Desired
    comparison: Comparison
    project: JsonObject
    """Its effective spec."""
    cluster: destinations.Cluster
    destination: Destination


class Sighting:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def compared(
        self,
        key: Key,
        spec: JsonObject,
        sources: list[JsonObject],
        revisions: tuple[str, ...],
        max_age: float,
        use_cache: bool,
        memory: Memory,
    ) -> Compared:
        """Raises Refused with the conditions that say why not."""
        project, cluster = self._permitted(key, spec, sources)
        destination = self._connected(cluster)
        namespace = str((spec.get("destination") or {}).get("namespace") or "")
        settings, name = self.desk.plane.settings, instance_name(key, self.desk.namespace)
        wanted = Wanted(
            app=name,
            release=key.name,
            project=spec["project"],
            namespace=namespace,
            cluster=cluster.server,
            sources=tuple(sources),
            revisions=revisions,
            max_age=max_age,
            use_cache=use_cache,
            kube_version=destination.live.kube_version,
            api_versions=destination.live.api_versions,
        )
        try:
            kinds = destination.live.kinds
            desired = await self.desk.manifests.desired(wanted, self.desk.plane.credentials, settings, kinds)
        except NotRendered as error:
            raise Refused([("ComparisonError", str(error))]) from None
        if desired.targets.errors:
            raise Refused([("InvalidSpecError", text) for text in desired.targets.errors])
        options = options_of((spec.get("syncPolicy") or {}).get("syncOptions"))
        found = memory.comparer.compare(
            desired.targets,
            self._live_of(destination, name, desired),
            app=ResourceKey("argoproj.io", "Application", key.namespace, key.name),
            ignored=spec.get("ignoreDifferences") or (),
            options=options,
            settings=settings,
            refusal=lambda wanted_key: projects.refusal_of(project, spec["project"], wanted_key, cluster),
        )
        return Compared(desired=desired, comparison=found, project=project, cluster=cluster, destination=destination)

    def _connected(self, cluster: destinations.Cluster) -> Destination:
        try:
            return self.desk.clusters.of(cluster)
        except NotConnected as error:
            raise Refused([("ComparisonError", f"Failed to load live state: {error}")]) from None

    def _live_of(self, place: Destination, name: str, desired: Desired) -> dict[ResourceKey, JsonObject]:
        live = place.live.tracked(name, self.desk.plane.settings)
        for target in desired.targets.items:
            if target.key not in live and (obj := place.live.get(target.key)) is not None:
                live[target.key] = obj
        return live

    def _permitted(
        self, key: Key, spec: JsonObject, sources: list[JsonObject]
    ) -> tuple[JsonObject, destinations.Cluster]:
        """The project's effective spec and the cluster, or Refused."""
        name, errors = spec["project"], spec_errors(spec)
        effective = self.desk.plane.effective(name)
        if effective is None:
            errors.append(f"Application referencing project {name} which does not exist")
        try:
            cluster = self.desk.cluster(spec)
        except destinations.InvalidDestination as error:
            errors.append(str(error))
            cluster = None
        if errors or effective is None or cluster is None:
            raise Refused([("InvalidSpecError", text) for text in errors])
        if not projects.permits_namespace_of_application(effective, key.namespace, self.desk.namespace):
            errors.append(
                f"application '{key.name}' in namespace '{key.namespace}' is not permitted to use project '{name}'"
            )
        namespace = str((spec.get("destination") or {}).get("namespace") or "")
        errors += projects.refusals(effective, name, sources, cluster, namespace)
        if errors:
            raise Refused([("InvalidSpecError", text) for text in errors])
        return effective, cluster

    def windows_of(self, app: JsonObject, spec: JsonObject) -> list[JsonObject]:
        """The sync windows of the project that concern the application."""
        given = (self.desk.plane.effective(spec["project"]) or {}).get("syncWindows")
        if not given:
            return []
        destination = spec.get("destination") or {}
        try:
            cluster = self.desk.cluster(spec)
        except destinations.InvalidDestination:
            return []
        return windows.matching(given, app["metadata"]["name"], cluster, str(destination.get("namespace") or ""))
