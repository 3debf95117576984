"""Which fields each transformer touches, by kind: the defaults of Kustomize 5, which configurations may extend.

A path is `/`-separated; lists along the way are traversed; a part ending in `[]` must be a list; `\\/` is a slash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk


class FieldSpec(NamedTuple):
    path: str
    group: str = ""
    version: str = ""
    kind: str = ""
    create: bool = False

    @property
    def gvk(self) -> Gvk:
        return Gvk(self.group, self.version, self.kind)

    def selects(self, gvk: Gvk) -> bool:
        """Omitted parts match anything."""
        return (
            (not self.kind or self.kind == gvk.kind)
            and (not self.group or self.group == gvk.group)
            and (not self.version or self.version == gvk.version)
        )

    @classmethod
    def parse(cls, raw: JsonObject, where: str) -> FieldSpec:
        if not isinstance(raw, dict) or not raw.get("path"):
            raise ToolError(f"{where}: a field specification needs a `path`, got {raw!r}")
        return cls(
            str(raw["path"]),
            str(raw.get("group") or ""),
            str(raw.get("version") or ""),
            str(raw.get("kind") or ""),
            bool(raw.get("create")),
        )


Specs = tuple[FieldSpec, ...]
Setter = Callable[[JsonValue], JsonValue]
"""Takes the present value (None when created) and returns the new one."""

_APPS = ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")
_AFFINITY = tuple(
    f"spec/template/spec/affinity/{affinity}/{when}/labelSelector/matchLabels"
    for affinity in ("podAffinity", "podAntiAffinity")
    for when in (
        "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
        "requiredDuringSchedulingIgnoredDuringExecution",
    )
)


def _selectors() -> Iterator[FieldSpec]:
    yield FieldSpec("spec/selector", version="v1", kind="Service", create=True)
    yield FieldSpec("spec/selector", version="v1", kind="ReplicationController", create=True)
    for kind in _APPS:
        group = "apps" if kind == "StatefulSet" else ""
        yield FieldSpec("spec/selector/matchLabels", group=group, kind=kind, create=True)
    for kind in ("Deployment", "StatefulSet"):
        for path in (*_AFFINITY, "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"):
            yield FieldSpec(path, group="apps", kind=kind)
    yield FieldSpec("spec/selector/matchLabels", group="batch", kind="Job")
    yield FieldSpec("spec/jobTemplate/spec/selector/matchLabels", group="batch", kind="CronJob")
    yield FieldSpec("spec/selector/matchLabels", group="policy", kind="PodDisruptionBudget")
    for path in ("spec/podSelector", "spec/ingress/from/podSelector", "spec/egress/to/podSelector"):
        yield FieldSpec(f"{path}/matchLabels", group="networking.k8s.io", kind="NetworkPolicy")


def _templates(what: str) -> Iterator[FieldSpec]:
    path = f"spec/template/metadata/{what}"
    yield FieldSpec(path, version="v1", kind="ReplicationController", create=True)
    for kind in _APPS:
        group = "apps" if kind == "StatefulSet" and what == "labels" else ""
        yield FieldSpec(path, group=group, kind=kind, create=True)
    yield FieldSpec(path, group="batch", kind="Job", create=True)
    yield FieldSpec(f"spec/jobTemplate/metadata/{what}", group="batch", kind="CronJob", create=True)
    yield FieldSpec(f"spec/jobTemplate/spec/template/metadata/{what}", group="batch", kind="CronJob", create=True)


METADATA_LABELS = FieldSpec("metadata/labels", create=True)
VOLUME_CLAIM_LABELS: Specs = (
    FieldSpec("spec/volumeClaimTemplates[]/metadata/labels", group="apps", kind="StatefulSet", create=True),
)
TEMPLATE_LABELS: Specs = (METADATA_LABELS, *_templates("labels"), *VOLUME_CLAIM_LABELS)
COMMON_LABELS: Specs = (*_selectors(), *TEMPLATE_LABELS)
COMMON_ANNOTATIONS: Specs = (FieldSpec("metadata/annotations", create=True), *_templates("annotations"))
IMAGES: Specs = tuple(
    FieldSpec(f"{prefix}{path}", create=True)
    for prefix in ("spec/", "spec/template/spec/")
    for path in ("containers[]/image", "initContainers[]/image", "volumes[]/image/reference")
)
NAMESPACES: Specs = (
    FieldSpec("metadata/name", kind="Namespace", create=True),
    FieldSpec("spec/service/namespace", group="apiregistration.k8s.io", kind="APIService", create=True),
    FieldSpec(
        "spec/conversion/webhook/clientConfig/service/namespace",
        group="apiextensions.k8s.io",
        kind="CustomResourceDefinition",
    ),
)
NAMES: Specs = (FieldSpec("metadata/name"),)
REPLICAS: Specs = tuple(
    FieldSpec("spec/replicas", kind=kind, create=True)
    for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The field specifications in effect; `name_references` maps a referred kind to the fields that may name it."""

    common_labels: Specs = COMMON_LABELS
    labels: Specs = ()
    template_labels: Specs = TEMPLATE_LABELS
    claim_labels: Specs = VOLUME_CLAIM_LABELS
    common_annotations: Specs = COMMON_ANNOTATIONS
    images: Specs = IMAGES
    namespace: Specs = NAMESPACES
    name_prefix: Specs = NAMES
    name_suffix: Specs = NAMES
    replicas: Specs = REPLICAS
    name_references: tuple[tuple[Gvk, Specs], ...] = field(default=())
    var_references: Specs = ()

    @classmethod
    def only(cls, **fields: Any) -> Configuration:
        """Only these."""
        return replace(EMPTY, **fields)

    def merged(self, other: Configuration) -> Configuration:
        """This one, then the other's additions: how a base passes its configuration to the overlay.

        Sorted, which matters: if a specification for one kind comes first, the broader one of that path is dropped.
        """
        return self if other is EMPTY else _merged(self, other)


@lru_cache(maxsize=256)
def _merged(one: Configuration, other: Configuration) -> Configuration:
    changes: dict[str, Any] = {name: _sorted(union(getattr(one, name), getattr(other, name))) for name in _SPEC_FIELDS}
    references = dict(one.name_references)
    for gvk, specs in other.name_references:
        references[gvk] = union(references.get(gvk, ()), specs)
    ordered = sorted(references.items(), key=lambda item: item[0].sort_key)
    return replace(one, **changes, name_references=tuple(ordered))


def _sorted(specs: Specs) -> Specs:
    return tuple(sorted(specs, key=lambda spec: spec.gvk.sort_key))


_SPEC_FIELDS = (
    "common_labels",
    "labels",
    "template_labels",
    "claim_labels",
    "common_annotations",
    "images",
    "namespace",
    "name_prefix",
    "name_suffix",
    "replicas",
    "var_references",
)


def union(first: Specs, second: Specs) -> Specs:
    """A specification that a broader one selects is the same one, so both must agree about creating."""
    if first is second:
        return first
    result = list(first)
    by_path: dict[str, list[FieldSpec]] = {}
    for spec in first:
        by_path.setdefault(spec.path, []).append(spec)
    for spec in second:
        alike = by_path.setdefault(spec.path, [])
        known = next((one for one in alike if spec.selects(one.gvk)), None)
        if known is None:
            result.append(spec)
            alike.append(spec)
        elif known.create != spec.create:
            raise ToolError(f"conflicting fieldspecs: {spec.path} of {spec.kind or 'every kind'}: create is both")
    return tuple(result)


EMPTY = Configuration(*((),) * 9)


@lru_cache(maxsize=2048)
def split_path(path: str) -> tuple[str, ...]:
    """Splits at slashes, but not after a backslash; a leading one is allowed."""
    parts = path.replace("\\/", "\0").split("/")
    parts = parts[1:] if len(parts) > 1 and not parts[0] else parts
    return tuple(part.replace("\0", "/") for part in parts)


def change(obj: JsonObject, specs: Iterable[FieldSpec], gvk: Gvk, setter: Setter, *, creates: bool) -> None:
    """Applies `setter` to every field that a specification for this kind names."""
    for spec in specs:
        if spec.selects(gvk):
            change_at(obj, split_path(spec.path), setter, create=creates and spec.create)


def change_at(node: JsonValue, path: Sequence[str], setter: Setter, *, create: bool) -> None:
    if isinstance(node, list):
        for item in node:
            change_at(item, path, setter, create=create)
        return
    if node is None:
        return
    if not isinstance(node, dict):
        raise ToolError(f"expected a map or a list on the way to {'/'.join(path)!r}, got {node!r}")
    name, is_list = path[0].removesuffix("[]"), path[0].endswith("[]")
    if not name:
        raise ToolError(f"cannot set or create an empty field name in {'/'.join(path)!r}")
    may_create = create and not is_list
    if name not in node and not may_create:
        return
    if len(path) > 1:
        if may_create and node.get(name) is None:
            node[name] = {}
        change_at(node.get(name), path[1:], setter, create=create)
        return
    node[name] = setter(node.get(name))
