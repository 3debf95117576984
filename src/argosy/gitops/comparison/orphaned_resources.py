"""Which objects of a namespace belong to no Application, not even by an owner (spec 3). Pure, by metadata only.

Indexes only the namespaces that are monitored. A change costs the path to its root; an answer costs the orphans
themselves: never the namespace, never the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from argosy.apis.argoproj.project import OrphanKey
from argosy.gitops.keys import ResourceKey, annotations_of, resource_key
from argosy.machinery.objects import JsonObject, group_version
from argosy.machinery.text.globs import matches

Owner = ResourceKey | str
"""A key, or a uid."""
Name = TypeVar("Name", str, Owner)
_CLAIM = re.compile(r"(.+)-\d+")
_NEVER = (
    ("Service", "default", "kubernetes"),
    ("ServiceAccount", "", "default"),
    ("ConfigMap", "", "kube-root-ca.crt"),
)
"""(core kind, namespace or any, name) of objects that Kubernetes itself creates."""


@dataclass(frozen=True, slots=True)
class Node:
    """All that is kept of an object."""

    uid: str
    owners: tuple[Owner, ...]
    app: str
    """Instance name of the application in its marks."""


@dataclass(slots=True)
class _Namespace:
    nodes: dict[ResourceKey, Node] = field(default_factory=dict)
    by_uid: dict[str, ResourceKey] = field(default_factory=dict)
    roots: dict[str, set[ResourceKey]] = field(default_factory=dict)
    """Objects by the application in their marks."""
    children: dict[Owner, set[ResourceKey]] = field(default_factory=dict)
    claims: set[ResourceKey] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Asked:
    """How the index finds an object's application, and whom it notifies."""

    owner: Callable[[JsonObject], str]
    """The instance name of the application in an object's marks."""
    exists: Callable[[str], bool]
    """Whether there is an application of that instance name."""
    changed: Callable[[str], None]
    """Called with a namespace whose orphans have changed."""


class Orphans:
    """The index of one cluster. Keeps nothing until a namespace is requested."""

    def __init__(self) -> None:
        self._spaces: dict[str, _Namespace] = {}
        self._asked: Asked | None = None

    def watch(self, namespace: str, objects: Iterable[JsonObject], asked: Asked) -> None:
        """Starts indexing. `objects`: all in the namespace."""
        self._asked = asked
        space = self._spaces[namespace] = _Namespace()
        for obj in objects:
            _put(space, resource_key(obj), node_of(obj, asked.owner(obj)))

    def forget(self, namespace: str) -> None:
        self._spaces.pop(namespace, None)

    def on_change(self, old: JsonObject | None, new: JsonObject | None) -> None:
        """An object of the cluster was added, changed or deleted."""
        namespace = ((new or old or {}).get("metadata") or {}).get("namespace") or ""
        space = self._spaces.get(namespace)
        if space is not None and self._asked is not None and self._moved(space, old, new, self._asked):
            self._asked.changed(namespace)

    def _moved(self, space: _Namespace, old: JsonObject | None, new: JsonObject | None, asked: Asked) -> bool:
        """Whether the orphans changed."""
        key = resource_key(new or old or {})
        before, after = space.nodes.get(key), None if new is None else node_of(new, asked.owner(new))
        if before == after:
            return False
        was = before is not None and self._is_orphan(space, key)
        if before is not None:
            _take(space, key, before)
        if after is not None:
            _put(space, key, after)
        moves_claims = key[:2] == ("apps", "StatefulSet")
        return was or moves_claims or (after is not None and self._is_orphan(space, key))

    def namespaces_of(self, app: str) -> list[str]:
        """The namespaces with roots marked as the application's, which was created or deleted."""
        return [name for name, space in self._spaces.items() if app in space.roots]

    def roots(self, namespace: str) -> Iterator[ResourceKey]:
        space = self._spaces.get(namespace) or _Namespace()
        for app, keys in space.roots.items():
            if not self._is_there(app):
                yield from (key for key in keys if not _owner_by_name(space, key))

    def _is_there(self, app: str) -> bool:
        return bool(app) and self._asked is not None and self._asked.exists(app)

    def below(self, key: ResourceKey) -> Iterator[ResourceKey]:
        """What the object owns, directly."""
        space = self._spaces.get(key.namespace) or _Namespace()
        node = space.nodes.get(key)
        yield from space.children.get(key, ())
        yield from space.children.get(node.uid, ()) if node and node.uid else ()
        if key[:2] == ("apps", "StatefulSet"):
            yield from (claim for claim in space.claims if _owner_by_name(space, claim) == key)

    def _is_orphan(self, space: _Namespace, key: ResourceKey) -> bool:
        """Whether it is a root without an application, or has one above it."""
        seen: set[ResourceKey] = set()
        queue = [key]
        while queue:
            at = queue.pop()
            node = space.nodes.get(at)
            if node is None or at in seen:
                continue
            seen.add(at)
            owner = _owner_by_name(space, at)
            if not node.owners and owner is None and not self._is_there(node.app):
                return True
            above = [space.by_uid.get(item) if isinstance(item, str) else item for item in (*node.owners, owner)]
            queue += [item for item in above if item is not None]
        return False


def orphans(
    index: Orphans,
    namespace: str,
    *,
    own: Callable[[ResourceKey], bool],
    ignored: Iterable[OrphanKey],
    permitted: Callable[[ResourceKey], bool],
) -> list[ResourceKey]:
    """Roots and everything below them. `own`: the asking application's; `ignored` roots also hide what they own."""
    patterns = list(ignored)
    queue = [key for key in index.roots(namespace) if not own(key) and not is_ignored(key, patterns)]
    found: set[ResourceKey] = set()
    while queue:
        key = queue.pop()
        if key not in found and permitted(key):
            found.add(key)
            queue.extend(index.below(key))
    return sorted(found)


def is_ignored(key: ResourceKey, patterns: Iterable[OrphanKey]) -> bool:
    if not key.group and any(
        key.kind == kind and key.name == name and place in ("", key.namespace) for kind, place, name in _NEVER
    ):
        return True
    return any(
        _fits(item.kind, key.kind) and matches(item.group, key.group) and _fits(item.name, key.name)
        for item in patterns
    )


def node_of(obj: JsonObject, app: str) -> Node:
    """By `ownerReferences`, and by Kubernetes' implicit ownership."""
    metadata = obj.get("metadata") or {}
    owners: list[Owner] = [str(item.get("uid") or "") for item in metadata.get("ownerReferences") or ()]
    key, marks = resource_key(obj), annotations_of(obj)
    if key[:2] == ("", "Endpoints") and not owners:
        owners.append(key._replace(kind="Service"))
    elif key[:2] == ("", "Secret") and marks.get("kubernetes.io/service-account.uid"):
        name = marks.get("kubernetes.io/service-account.name") or ""
        owners += [key._replace(kind="ServiceAccount", name=name)] if name else []
    elif key[:2] == ("operators.coreos.com", "ClusterServiceVersion") and marks.get("olm.operatorGroup"):
        group = group_version(str(obj.get("apiVersion") or ""))[0]
        owners.append(ResourceKey(group, "OperatorGroup", key.namespace, marks["olm.operatorGroup"]))
    return Node(str(metadata.get("uid") or ""), tuple(owners), app)


def _fits(pattern: str, text: str) -> bool:
    """Absent means any."""
    return not pattern or matches(pattern, text)


def _put(space: _Namespace, key: ResourceKey, node: Node) -> None:
    if (before := space.nodes.get(key)) is not None:
        _take(space, key, before)
    space.nodes[key] = node
    if key[:2] == ("", "PersistentVolumeClaim"):
        space.claims.add(key)
    if node.uid:
        space.by_uid[node.uid] = key
    if not node.owners:
        space.roots.setdefault(node.app, set()).add(key)
    for owner in node.owners:
        space.children.setdefault(owner, set()).add(key)


def _take(space: _Namespace, key: ResourceKey, node: Node) -> None:
    del space.nodes[key]
    if space.by_uid.get(node.uid) == key:
        del space.by_uid[node.uid]
    space.claims.discard(key)
    for owner in node.owners:
        _discard(space.children, owner, key)
    _discard(space.roots, node.app, key)


def _discard(table: dict[Name, set[ResourceKey]], name: Name, key: ResourceKey) -> None:
    keys = table.get(name, set())
    keys.discard(key)
    if not keys:
        table.pop(name, None)


def _owner_by_name(space: _Namespace, key: ResourceKey) -> ResourceKey | None:
    """The StatefulSet of a claim `<template>-<statefulset>-<n>`: no reference names it."""
    if key[:2] != ("", "PersistentVolumeClaim") or not (found := _CLAIM.fullmatch(key.name)):
        return None
    words = found.group(1).split("-")
    names = ("-".join(words[at:]) for at in range(1, len(words)))
    candidates = (ResourceKey("apps", "StatefulSet", key.namespace, name) for name in names)
    return next((candidate for candidate in candidates if candidate in space.nodes), None)
