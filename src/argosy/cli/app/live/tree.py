"""Draws an Application's objects and everything they own as a tree, and lists orphaned objects."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from argosy.cli.app.live.health import judged_objects
from argosy.cli.app.resource_states import identity, results
from argosy.cli.printing import table
from argosy.machinery import requests
from argosy.machinery.objects import GroupKind, JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse
from argosy.runtime.clock import RealClock
from argosy.runtime.http.client import HttpClient

AT_ONCE = 16
"""Kinds listed concurrently."""
detailed = "tree=detailed"
_NEVER = frozenset({"Event", "Lease"})
_HEADER = ("KIND/NAME", "STATUS", "HEALTH", "MESSAGE")
_DETAILED = ("KIND/NAME", "STATUS", "HEALTH", "AGE", "MESSAGE", "REASON")
_RESOURCES = ("GROUP", "KIND", "NAMESPACE", "NAME", "ORPHANED")


@dataclass(frozen=True, slots=True)
class Node:
    kind: str
    obj: JsonObject

    @property
    def uid(self) -> str:
        return str(self.obj["metadata"].get("uid") or "")


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a tree; `branch` is drawn before it."""

    branch: str
    group: str
    kind: str
    namespace: str
    name: str
    status: str
    health: str
    message: str
    node: Node | None


async def tree_of(client: HttpClient, app: JsonObject, *, with_details: bool) -> str:
    """As `argocd app get -o tree`: one line per object, children below their owners."""
    rows = []
    for line in await _lines(client, app):
        label = f"{line.branch}{line.kind}/{line.name}"
        age = [_age(line.node)] if with_details else []
        rows.append([label, line.status, line.health, *age, line.message, *([""] if with_details else [])])
    return table(_DETAILED if with_details else _HEADER, rows)


async def resources_tree(client: HttpClient, app: JsonObject, *, with_details: bool) -> str:
    """As `argocd app resources -o tree`."""
    rows = []
    for line in await _lines(client, app):
        row = [f"{line.branch}{line.group}", line.kind, line.namespace, line.name, "No"]
        rows.append([*row, _age(line.node), line.health, ""] if with_details else row)
    return table((*_RESOURCES, "AGE", "HEALTH", "REASON") if with_details else _RESOURCES, rows)


async def _lines(client: HttpClient, app: JsonObject) -> list[Line]:
    status = app.get("status") or {}
    items = status.get("resources") or []
    namespaces = {str(item.get("namespace") or "") for item in items} - {""}
    nodes = [node for namespace in sorted(namespaces) for node in await _present(client, namespace)]
    by_owner: dict[str, list[Node]] = defaultdict(list)
    by_place: dict[tuple[str, str, str], Node] = {}
    for node in nodes:
        metadata = node.obj["metadata"]
        by_place[node.kind, str(metadata.get("namespace") or ""), str(metadata["name"])] = node
        for owner in metadata.get("ownerReferences") or ():
            by_owner[str(owner.get("uid"))].append(node)
    healths = await judged_objects(client, status, [node.obj for node in nodes])
    health = {node.uid: word for node, word in zip(nodes, healths, strict=True)}
    messages = {place: str(result.get("message") or "") for place, result in results(status).items()}
    lines: list[Line] = []
    for item in items:
        group, kind, namespace, name = (str(item.get(part) or "") for part in ("group", "kind", "namespace", "name"))
        found = by_place.get((kind, namespace, name))
        own = str((item.get("health") or {}).get("status") or "")
        word = own or (health.get(found.uid, "") if found else "Missing")
        message = messages.get(identity(item), "")
        lines.append(Line("", group, kind, namespace, name, str(item.get("status") or ""), word, message, found))
        if found is not None:
            lines += _below(found, by_owner, health, "")
    return lines


def _below(node: Node, by_owner: Mapping[str, list[Node]], health: Mapping[str, str], indent: str) -> Iterator[Line]:
    children = sorted(by_owner.get(node.uid, ()), key=lambda child: (child.kind, child.obj["metadata"]["name"]))
    for index, child in enumerate(children):
        last = index == len(children) - 1
        metadata, branch = child.obj["metadata"], f"{indent}{'└─' if last else '├─'}"
        namespace, name = str(metadata.get("namespace") or ""), str(metadata["name"])
        word = health.get(child.uid, "")
        yield Line(branch, _group(child.obj), child.kind, namespace, name, "", word, "", child)
        yield from _below(child, by_owner, health, indent + ("  " if last else "│ "))


def _age(node: Node | None) -> str:
    made = str(node.obj["metadata"].get("creationTimestamp") or "") if node else ""
    if not made:
        return "<unknown>"
    seconds = int((RealClock().now() - parse(made)).total_seconds())
    for size, word in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{word}"
    return f"{max(seconds, 0)}s"


async def _present(client: HttpClient, namespace: str) -> list[Node]:
    """Every object of a namespace that may be listed, each kind in its preferred version."""
    kinds: dict[GroupKind, Resource] = {}
    for resource in (await client.served()).resources:
        if resource.namespaced and resource.kind not in _NEVER:
            kinds.setdefault(resource.group_kind, resource)
    turns = asyncio.Semaphore(AT_ONCE)

    async def listed(resource: Resource) -> list[Node]:
        async with turns:
            try:
                page = await client.page(requests.List(resource=resource, namespace=namespace))
            except StatusError as error:
                if error.code in (403, 404, 405):
                    return []
                raise
        return [Node(resource.kind, obj) for obj in page.items]

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(listed(resource)) for resource in kinds.values()]
    return [node for one in asked for node in one.result()]


async def orphans(client: HttpClient, app: JsonObject, namespace: str) -> list[JsonObject]:
    """Objects in the destination's namespace without an owner that no Application tracks."""
    if not namespace:
        return []
    ours = {identity(item)[1:] for item in (app.get("status") or {}).get("resources") or ()}
    return [
        {"group": _group(node.obj), "kind": node.kind, "namespace": namespace, "name": node.obj["metadata"]["name"]}
        for node in _unowned(await _present(client, namespace))
        if (node.kind, namespace, node.obj["metadata"]["name"]) not in ours
    ]


def _unowned(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        metadata = node.obj["metadata"]
        tracked = "argocd.argoproj.io/tracking-id" in (metadata.get("annotations") or {})
        standard = (node.kind, metadata["name"]) in (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt"))
        if not metadata.get("ownerReferences") and not tracked and not standard:
            yield node


def _group(obj: JsonObject) -> str:
    return str(obj.get("apiVersion") or "").rpartition("/")[0]
