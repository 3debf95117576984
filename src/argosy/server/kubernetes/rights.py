"""The rights required to see an object, and to change it from one state to another. Pure.

The same as for Argo CD's calls: setting an Application's `operation` is a sync, adding a repository to a project needs
a right on that repository, and so on. What no call permits is not permitted here either: Hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from argosy.gitops.applicationsets.desired_applications import own_projects
from argosy.machinery.objects import JsonObject, Resource
from argosy.server.services.projects.widening import widened
from argosy.sources.credentials import REPOSITORY, TEMPLATE, TYPE_LABEL, WRITE_REPOSITORY, WRITE_TEMPLATE, decoded

OBJECTS: Final = "objects"
WRITABLE: Final = frozenset(
    {"argoproj.io", "kargo.akuity.io", "cert-manager.io", "acme.cert-manager.io", "bitnami.com"}
)
"""Groups whose objects a caller with the rights may write."""
OF_SECRETS: Final = {
    REPOSITORY: "repositories",
    TEMPLATE: "repositories",
    WRITE_REPOSITORY: "write-repositories",
    WRITE_TEMPLATE: "write-repositories",
    "cluster": "clusters",
}
OF_CONFIG_MAPS: Final = {
    "argocd-tls-certs-cm": ("certificates", ("create", "delete")),
    "argocd-ssh-known-hosts-cm": ("certificates", ("create", "delete")),
    "argocd-gpg-keys-cm": ("gpgkeys", ("create", "delete")),
}
READABLE_CONFIG_MAPS: Final = ("argocd-notifications-cm",)
REFRESHING: Final = frozenset(
    {"argocd.argoproj.io/refresh", "argocd.argoproj.io/hydrate", "argocd.argoproj.io/hydrate-timestamp"}
)
SERVERS_OWN: Final = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink")


class Right(NamedTuple):
    resource: str
    action: str
    target: str


class Hidden(Exception):
    """Not available through this API with any rights; the text says why."""


def to_see(resource: Resource, obj: JsonObject, plane: str) -> Right:
    """`plane`: the control plane's namespace. Raises Hidden."""
    metadata = obj.get("metadata") or {}
    match resource.group, resource.plural:
        case "argoproj.io", "applications":
            return Right("applications", "get", _of_application(obj, plane))
        case "argoproj.io", "applicationsets":
            return Right("applicationsets", "get", _of_set(obj, plane))
        case "argoproj.io", "appprojects":
            return Right("projects", "get", str(metadata.get("name") or ""))
        case "", "secrets" if metadata.get("namespace") == plane:
            return _of_secret(obj, "get")
        case "", "configmaps" if metadata.get("namespace") == plane:
            return _of_config_map(resource, obj)
    return Right(OBJECTS, "get", target_of(resource, obj))


def to_change(resource: Resource, before: JsonObject | None, after: JsonObject | None, plane: str) -> tuple[Right, ...]:
    """`before`: None for a creation; `after`: None for a deletion. Raises Hidden."""
    return tuple(dict.fromkeys(_to_change(resource, before, after, plane)))


def target_of(resource: Resource, obj: JsonObject) -> str:
    metadata = obj.get("metadata") or {}
    return f"{resource.group}/{resource.kind}/{metadata.get('namespace') or ''}/{metadata.get('name') or ''}"


def _to_change(resource: Resource, before: JsonObject | None, after: JsonObject | None, plane: str) -> Iterator[Right]:
    one = after if before is None else before
    assert one is not None
    metadata = one.get("metadata") or {}
    action = "create" if before is None else "delete" if after is None else "update"
    match resource.group, resource.plural:
        case "argoproj.io", "applications":
            yield from _application(before, after, plane)
        case "argoproj.io", "applicationsets":
            yield from (Right("applicationsets", action, _of_set(each, plane)) for each in (before, after) if each)
            if before and after and _of_set(before, plane) != _of_set(after, plane):
                yield Right("applicationsets", "create", _of_set(after, plane))
            if after is not None:
                own = own_projects(after.get("spec") or {})
                yield from (Right("applicationsets", action, _scoped(project, after, plane)) for project in own)
        case "argoproj.io", "appprojects":
            yield Right("projects", action, str(metadata.get("name") or ""))
            if after is not None and before is not None:
                yield from (Right(*right) for right in widened(before.get("spec") or {}, after.get("spec") or {}))
        case "", "secrets" if metadata.get("namespace") == plane:
            yield from (_of_secret(each, action) for each in (before, after) if each is not None)
        case "", "configmaps" if metadata.get("namespace") == plane and metadata.get("name") in OF_CONFIG_MAPS:
            kind, actions = OF_CONFIG_MAPS[metadata["name"]]
            yield from (Right(kind, each, "") for each in actions)
        case _ if resource.group in WRITABLE:
            yield Right(OBJECTS, action, target_of(resource, one))
            if (resource.group, resource.plural) == ("kargo.akuity.io", "promotions") and before is None:
                yield _promoting(one)
        case _:
            raise Hidden(f"{resource.qualified} are not written through this server")


def _application(before: JsonObject | None, after: JsonObject | None, plane: str) -> Iterator[Right]:
    if before is None or after is None:
        one = after if before is None else before
        assert one is not None
        target = _of_application(one, plane)
        yield Right("applications", "create" if before is None else "delete", target)
        if before is None and one.get("operation"):
            yield from _operation({}, one, target)
        return
    target, other = _of_application(before, plane), _of_application(after, plane)
    yield Right("applications", "get", target)
    if target != other:
        yield Right("applications", "create", other)
        yield Right("applications", "update", target)
    if before.get("spec") != after.get("spec") or _marks(before) != _marks(after):
        yield Right("applications", "update", target)
    if before.get("operation") != after.get("operation"):
        yield from _operation(before, after, target)
    if before.get("status") != after.get("status"):
        if not (_ends_operation(before, after) or _begins_operation(before, after)):
            raise Hidden("status: only controllers write the status of an Application")
        yield Right("applications", "sync", target)


def _operation(before: JsonObject, after: JsonObject, target: str) -> Iterator[Right]:
    yield Right("applications", "sync", target)
    sync = (after.get("operation") or {}).get("sync") or {}
    given = sync.get("sources") or ([sync["source"]] if (sync.get("source") or {}).get("repoURL") else [])
    if sync.get("manifests") or (given and given not in _sources_known(after)):
        yield Right("applications", "override", target)


def _sources_known(app: JsonObject) -> list[list[JsonObject]]:
    """The sources that it has, and those of its history: what a sync and a rollback may name."""
    history = (app.get("status") or {}).get("history") or ()
    found = [app.get("spec") or {}, *history]
    return [list(one.get("sources") or [one.get("source") or {}]) for one in found]


def _ends_operation(before: JsonObject, after: JsonObject) -> bool:
    """Whether the only change is to terminate the running operation."""
    old, new = before.get("status") or {}, after.get("status") or {}
    state = {**(old.get("operationState") or {}), "phase": "Terminating"}
    return bool(old.get("operationState")) and new == {**old, "operationState": state}


def _begins_operation(before: JsonObject, after: JsonObject) -> bool:
    """Whether the last operation's state is reset because a new one starts (spec/argo-cd-engine.md 1.4)."""
    kept = {name: value for name, value in (before.get("status") or {}).items() if name != "operationState"}
    begins = not before.get("operation") and bool(after.get("operation"))
    return begins and (after.get("status") or {}) == kept


def _marks(obj: JsonObject) -> JsonObject:
    """Metadata that a client may set, except for refresh requests: everyone who may see the object may make those."""
    found = {name: value for name, value in (obj.get("metadata") or {}).items() if name not in SERVERS_OWN}
    annotations = {name: value for name, value in (found.get("annotations") or {}).items() if name not in REFRESHING}
    return {**found, "annotations": annotations}


def _promoting(promotion: JsonObject) -> Right:
    """Creating a Promotion in any way requires the right to promote (rule 4)."""
    namespace = (promotion.get("metadata") or {}).get("namespace") or ""
    stage = (promotion.get("spec") or {}).get("stage") or ""
    return Right(OBJECTS, "action/promote", f"kargo.akuity.io/Stage/{namespace}/{stage}")


def _of_application(app: JsonObject, plane: str) -> str:
    return _scoped(str((app.get("spec") or {}).get("project") or "default"), app, plane)


def _of_set(appset: JsonObject, plane: str) -> str:
    template: Any = (appset.get("spec") or {}).get("template") or {}
    return _scoped(str((template.get("spec") or {}).get("project") or "default"), appset, plane)


def _scoped(project: str, obj: JsonObject, plane: str) -> str:
    metadata = obj.get("metadata") or {}
    namespace, name = metadata.get("namespace") or plane, metadata.get("name") or ""
    return f"{project}/{name}" if namespace == plane else f"{project}/{namespace}/{name}"


def _of_secret(secret: JsonObject, action: str) -> Right:
    labels = (secret.get("metadata") or {}).get("labels") or {}
    kind = OF_SECRETS.get(str(labels.get(TYPE_LABEL) or ""))
    if kind is None:
        raise Hidden("Secrets of the control plane are not shown or written through this server")
    data = decoded({"data": {**(secret.get("data") or {})}})
    data |= {key: str(value) for key, value in (secret.get("stringData") or {}).items()}
    url, project = (data.get("server") if kind == "clusters" else data.get("url")) or "", data.get("project") or ""
    return Right(kind, action, f"{project}/{url}" if project else url)


def _of_config_map(resource: Resource, obj: JsonObject) -> Right:
    name = str((obj.get("metadata") or {}).get("name") or "")
    if name in OF_CONFIG_MAPS:
        return Right(OF_CONFIG_MAPS[name][0], "get", "")
    if name in READABLE_CONFIG_MAPS:
        return Right(OBJECTS, "get", target_of(resource, obj))
    raise Hidden(f"ConfigMap {name}: settings are not shown or written through this server")
