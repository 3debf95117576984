"""What a project permits: sources, destinations, kinds, namespaces (spec 2). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from argosy.apis.argoproj.project import AppProject, AppProjectSpec, ClusterKind, NamespacedKind
from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import ResourceKey
from argosy.machinery.objects import GroupKind, JsonObject
from argosy.machinery.selectors import label_selector_of
from argosy.machinery.text.globs import matches, matches_path
from argosy.machinery.text.plain_text import plain_line
from argosy.sources.port import AccessDenied, Credentials, Further
from argosy.sources.scrub import scrub
from argosy.sources.urls import normalise_url

INHERITED = (
    "clusterResourceWhitelist",
    "clusterResourceBlacklist",
    "namespaceResourceWhitelist",
    "namespaceResourceBlacklist",
    "syncWindows",
    "sourceRepos",
    "destinations",
    "destinationServiceAccounts",
)
DEFAULT_PROJECT: JsonObject = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "default"},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}


def effective(project: AppProject, others: Mapping[str, AppProject], settings: Settings) -> AppProjectSpec:
    """The project's spec with what it inherits from global projects."""
    spec = dict(project.spec.raw)
    for name, selector in settings.global_projects:
        parent = others.get(name)
        if (
            parent is None
            or parent.raw is project.raw
            or not label_selector_of(selector).matches(project.metadata.labels)
        ):
            continue
        given = parent.spec.raw
        for field in INHERITED:
            if given.get(field):
                spec[field] = [*(spec.get(field) or ()), *given[field]]
    return read(AppProjectSpec, spec)


def with_scoped(spec: AppProjectSpec, clusters: Iterable[Cluster], repositories: Iterable[str]) -> AppProjectSpec:
    """With the clusters and repositories whose Secrets name the project (spec 2)."""
    servers = [{"server": cluster.server, "namespace": "*"} for cluster in clusters]
    made = dict(spec.raw)
    for field, found in (("destinations", servers), ("sourceRepos", list(repositories))):
        if found:
            made[field] = [*(made.get(field) or ()), *found]
    return read(AppProjectSpec, made)


def permits_source(spec: AppProjectSpec, url: str) -> bool:
    """At least one allow and no deny matches."""
    wanted, allowed = normalise_url(url), False
    for pattern in spec.source_repos:
        deny = pattern.startswith("!")
        plain = pattern[1:] if deny else pattern
        if _source_matches(plain, url, wanted):
            if deny:
                return False
            allowed = True
    return allowed


def further_of(spec: AppProjectSpec, name: str, credentials: Callable[[str, str], Credentials]) -> Further:
    """Related repositories that a source in project `name` may use: permitted ones, with the project's credentials."""

    def allowed(url: str) -> Credentials:
        if not permits_source(spec, url):
            raise AccessDenied(f"repository {scrub(url)} is not permitted in project '{name}'")
        return credentials(url, name)

    return allowed


def permits_destination(spec: AppProjectSpec, cluster: Cluster, namespace: str, project: str = "") -> bool:
    """A deny match rejects; else any allow is enough. `project`: the spec's name."""
    if spec.permit_only_project_scoped_clusters and cluster.project != project:
        return False
    allowed = False
    for item in spec.destinations:
        server, name, place = item.server, item.name, item.namespace
        denies = server.startswith("!") or name.startswith("!") or place.startswith("!")
        at_server = matches(server.removeprefix("!"), cluster.server) if server else False
        at_server = at_server or (bool(name) and matches(name.removeprefix("!"), cluster.name))
        at_place = matches(place.removeprefix("!"), namespace)
        if not denies:
            allowed = allowed or (at_server and at_place)
        elif _denied(server or name, place, at_server, at_place):
            return False
    return allowed


def permits_kind(spec: AppProjectSpec, kind: GroupKind, name: str, *, namespaced: bool) -> bool:
    """Blacklists win; an empty whitelist permits no cluster-scoped kind, and an absent one every namespaced kind."""
    if namespaced:
        if any(_kind_matches(item, kind) for item in spec.namespace_resource_blacklist):
            return False
        white = spec.namespace_resource_whitelist
        return white is None or any(_kind_matches(item, kind) for item in white)
    if any(_cluster_kind_matches(item, kind, name) for item in spec.cluster_resource_blacklist):
        return False
    return any(_cluster_kind_matches(item, kind, name) for item in spec.cluster_resource_whitelist)


def is_of_kind(refusal: str) -> bool:
    """Whether the project forbids the object's kind, rather than its destination."""
    return refusal.startswith("resource ")


def refusal_of(spec: AppProjectSpec, name: str, key: ResourceKey, cluster: Cluster) -> str:
    """Why one object may not be in an application of project `name`; "" if it may (spec 7.3 step 1)."""
    if not permits_kind(spec, GroupKind(key.group, key.kind), key.name, namespaced=bool(key.namespace)):
        return f"resource {key.group}:{key.kind} is not permitted in project {name}"
    if key.namespace and not permits_destination(spec, cluster, key.namespace, name):
        return f"namespace {plain_line(key.namespace)} is not permitted in project '{name}'"
    if not key.namespace and not cluster.cluster_resources:
        return f'cluster level {key.kind} "{key.name}" can not be managed when in namespaced mode'
    if key.namespace and cluster.namespaces and key.namespace not in cluster.namespaces:
        return f'namespace "{plain_line(key.namespace)}" for {key.kind} "{key.name}" is not managed'
    return ""


def permits_namespace_of_application(spec: AppProjectSpec, namespace: str, control_plane: str) -> bool:
    return namespace == control_plane or any(matches(item, namespace) for item in spec.source_namespaces)


def refusals(spec: AppProjectSpec, name: str, sources: Iterable[Source], cluster: Cluster, namespace: str) -> list[str]:
    """The texts of InvalidSpecError conditions; none if everything is permitted."""
    found = [
        f"application repo {plain_line(source.repo_url)} is not permitted in project '{name}'"
        for source in sources
        if not permits_source(spec, source.repo_url)
    ]
    if not permits_destination(spec, cluster, namespace, name):
        found.append(
            f"application destination server '{cluster.server}' and namespace '{plain_line(namespace)}' do not match "
            f"any of the allowed destinations in project '{name}'"
        )
    return found


def _source_matches(pattern: str, url: str, wanted: str) -> bool:
    if pattern == "*":
        return True
    return matches_path(pattern, url) or matches_path(normalise_url(pattern), wanted)


def _denied(server: str, place: str, at_server: bool, at_place: bool) -> bool:
    """A deny on one side applies if the other side matches."""
    if server.startswith("!") and place.startswith("!"):
        return at_server and at_place
    return (
        (at_server and (at_place or not place)) if server.startswith("!") else (at_place and (at_server or not server))
    )


def _kind_matches(item: ClusterKind | NamespacedKind, kind: GroupKind) -> bool:
    return matches(item.group, kind.group) and matches(item.kind, kind.kind)


def _cluster_kind_matches(item: ClusterKind, kind: GroupKind, name: str) -> bool:
    return _kind_matches(item, kind) and (not item.name or matches(item.name, name))
