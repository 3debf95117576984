"""The environment of sets and their Applications: settings, projects, clusters and repositories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from argosy.apis.argoproj.application import Destination
from argosy.apis.argoproj.project import AppProject, AppProjectSpec
from argosy.apis.schema import read
from argosy.gitops.applicationsets.options import Options, options_of
from argosy.gitops.clusters.resolution import Cluster, ClusterBook, InvalidDestination, resolve
from argosy.gitops.control_plane.configuration import CONFIG_MAPS, SECRETS
from argosy.gitops.control_plane.settings import CONFIG_MAP, PARAMETERS, Settings, settings_of
from argosy.gitops.keys import PROJECTS, labels_of
from argosy.gitops.projects import permissions as projects
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.sources.credentials import KNOWN_HOSTS_CONFIG_MAP, TLS_CONFIG_MAP, TYPE_LABEL, CredentialBook

NAMES: Final = (CONFIG_MAP, PARAMETERS, TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP)
"""The ConfigMaps that are used here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    control_plane: str
    settings: Settings
    options: Options
    projects: Mapping[str, AppProject] = field(default_factory=dict)
    clusters: ClusterBook = field(default_factory=ClusterBook)
    repositories: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """URLs of the repositories whose Secrets name a project, by project."""
    credentials: CredentialBook = field(default_factory=lambda: CredentialBook(()), repr=False)
    cluster_versions: tuple[tuple[str, str], ...] = ()
    """Names and versions of the Secrets of clusters."""

    def has_cluster(self, destination: Destination) -> bool:
        try:
            self.cluster(destination)
        except InvalidDestination:
            return False
        return True

    def cluster(self, destination: Destination) -> Cluster:
        """The cluster of a destination. Raises InvalidDestination."""
        return resolve(destination, self.settings, self.clusters)

    def limits(self, name: str) -> AppProjectSpec:
        """What a project permits, with what it inherits and what is scoped to it."""
        project = self.projects.get(name) or read(AppProject, projects.DEFAULT_PROJECT)
        found = projects.effective(project, self.projects, self.settings)
        return projects.with_scoped(found, self.clusters.of_project(name), self.repositories.get(name, ()))

    def project_refusal(self, name: str, namespace: str) -> str:
        """Why nothing of `namespace` may use the project; "" if it may."""
        if name not in self.projects and name != "default":
            return f"application references project {name} which does not exist"
        if not projects.permits_namespace_of_application(self.limits(name), namespace, self.control_plane):
            return f"application in namespace {namespace!r} is not permitted to use project {name!r}"
        return ""

    def repository_refusal(self, project: str, namespace: str, url: str) -> str:
        """Why a set outside of the control plane may not read a repository: its contents would be revealed, with the
        credentials of a project, to users whom the project does not permit to read it."""
        name = project or "default"
        if refused := self.project_refusal(name, namespace):
            return refused
        if not projects.permits_source(self.limits(name), url):
            return f"application repo {url} is not permitted in project '{name}'"
        return ""


def surroundings_of(
    namespace: str,
    config_maps: Mapping[str, JsonObject | None],
    secrets: Sequence[JsonObject],
    appprojects: Sequence[JsonObject],
) -> Surroundings:
    """`config_maps`: those of `NAMES`, by name. All are in the control plane's namespace."""
    data = {name: (obj or {}).get("data") or {} for name, obj in config_maps.items()}
    trusted = (config_maps.get(name) for name in (TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP))
    book = CredentialBook(secrets, [obj for obj in trusted if obj])
    clusters = [secret for secret in secrets if type_of(secret) == "cluster"]
    repositories: dict[str, list[str]] = {}
    for item in book.repositories:
        repositories.setdefault(item.project, []).append(item.url)
    return Surroundings(
        control_plane=namespace,
        settings=settings_of(data.get(CONFIG_MAP, {}), data.get(PARAMETERS, {})),
        options=options_of(data.get(PARAMETERS, {})),
        projects={obj["metadata"]["name"]: read(AppProject, obj) for obj in appprojects},
        clusters=ClusterBook(clusters),
        repositories=repositories,
        credentials=book,
        cluster_versions=tuple(
            (obj["metadata"]["name"], obj["metadata"].get("resourceVersion") or "") for obj in clusters
        ),
    )


class Gathering:
    """The environment for looks, built once while nothing in it changes."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._seen: tuple[JsonObject | None, ...] = ()
        self._made: Surroundings | None = None

    def look(self, snapshot: Snapshot) -> Surroundings:
        config = {name: snapshot.object(CONFIG_MAPS, Key(self._namespace, name)) for name in NAMES}
        secrets = [obj for obj in snapshot.objects(SECRETS, self._namespace) if type_of(obj)]
        appprojects = snapshot.objects(PROJECTS, self._namespace)
        seen = (*config.values(), *secrets, *appprojects)
        if self._made is None or not _same(seen, self._seen):
            self._seen, self._made = seen, surroundings_of(self._namespace, config, secrets, appprojects)
        return self._made


def type_of(secret: JsonObject) -> str:
    return str(labels_of(secret).get(TYPE_LABEL) or "")


def _same(one: Sequence[JsonObject | None], other: Sequence[JsonObject | None]) -> bool:
    """Compares by identity: caches share objects, and never change one."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
