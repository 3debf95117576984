"""What a delivery changed in each environment: each Application's objects before and after. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from argosy.gitops.model.secret_masking import masked
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.diff import unified

Place = tuple[str, str, str, str]
"""Group, kind, namespace, name."""
Change = Literal["create", "update", "delete"]
Held = Mapping[Place, JsonObject]
LINE_LIMIT: Final = 400
NOISE: Final = frozenset(
    {"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink", "ownerReferences"}
)
NOTED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration", "argocd.argoproj.io/tracking-id",
        "deployment.kubernetes.io/revision", "rollout.argoproj.io/revision", "argosy.dev/waiting",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Environment:
    """The objects of one Application, by group, kind, namespace and name."""

    namespace: str
    name: str
    destination: str
    """Cluster and namespace, formatted for people."""
    held: Held


@dataclass(frozen=True, slots=True)
class Difference:
    """The change of one object. `lines` is a unified diff; values of Secrets are masked."""

    kind: str
    namespace: str
    name: str
    change: Change
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Environmental:
    """The changes of one Application."""

    namespace: str
    name: str
    destination: str
    objects: tuple[Difference, ...]


def differences(before: Iterable[Environment], after: Iterable[Environment]) -> list[Environmental]:
    """Only Applications in which something differs."""
    then = {(one.namespace, one.name): one for one in before}
    now = {(one.namespace, one.name): one for one in after}
    found = []
    for key in sorted(then.keys() | now.keys()):
        old, new = then.get(key), now.get(key)
        changed = tuple(_changed(old.held if old else {}, new.held if new else {}))
        if changed:
            found.append(Environmental(*key, (new or old).destination, changed))  # type: ignore[union-attr]
    return found


def _changed(before: Held, after: Held) -> Iterator[Difference]:
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place), after.get(place)
        if old is not None and new is not None and _version(old) == _version(new):
            continue
        shown = masked([_plain(old), _plain(new)])
        lines = unified(*shown, names=("before", "after"))
        if lines:
            change: Change = "create" if old is None else "delete" if new is None else "update"
            yield Difference(place[1], place[2], place[3], change, _cut(lines))


def _cut(lines: list[str]) -> tuple[str, ...]:
    left = len(lines) - LINE_LIMIT
    return (*lines[:LINE_LIMIT], f"... {left} more lines") if left > 0 else tuple(lines)


def _version(obj: JsonObject) -> object:
    return obj["metadata"].get("uid"), obj["metadata"].get("resourceVersion")


def _plain(obj: JsonObject | None) -> JsonObject | None:
    """The object without its status and without fields that servers and controllers set."""
    if obj is None:
        return None
    metadata = {name: value for name, value in obj["metadata"].items() if name not in NOISE}
    kept = {name: text for name, text in (metadata.get("annotations") or {}).items() if name not in NOTED}
    metadata = {**metadata, "annotations": kept} if kept else {k: v for k, v in metadata.items() if k != "annotations"}
    return {**{name: value for name, value in obj.items() if name != "status"}, "metadata": metadata}
