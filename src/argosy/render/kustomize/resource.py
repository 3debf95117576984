"""One resource during a build, with its previous names, and the ordered set of resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import parse_labels
from argosy.machinery.text.yaml import Blank
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk, Pattern, ResourceId, gvk_of
from argosy.render.kustomize.transform.scalars import text_of


@dataclass(slots=True, eq=False)
class Resource:
    """`obj` is this build's own copy and is changed in place."""

    obj: JsonObject
    blanks: list[Blank] = field(default_factory=list)
    """Fields inside `obj` that were written without a value; a strategic merge drops them, unlike an explicit null."""
    previous: list[ResourceId] = field(default_factory=list)
    """Identities before each change of name, namespace or kind, oldest first."""
    prefixes: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)
    behavior: str = ""
    """For a generated object: create, merge or replace."""
    needs_hash: bool = False
    may_rename: bool = False
    may_change_kind: bool = False
    keeps_namespace: bool = False
    """Created by a chart: the kustomization's namespace does not apply."""
    origin: object = None
    """Its origin (origins.py), if requested."""
    transformations: list[object] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    """Names of the `vars` that take their value from here."""

    def annotate(self, name: str, value: str) -> None:
        self.metadata["annotations"] = {**(self.metadata.get("annotations") or {}), name: value}

    @property
    def gvk(self) -> Gvk:
        return gvk_of(self.obj)

    @property
    def metadata(self) -> dict[str, Any]:
        if not isinstance(self.obj.get("metadata"), dict):
            self.obj["metadata"] = {}
        metadata: dict[str, Any] = self.obj["metadata"]
        return metadata

    @property
    def name(self) -> str:
        return text_of(self.metadata.get("name"))

    @property
    def namespace(self) -> str:
        return text_of(self.metadata.get("namespace"))

    @property
    def current_id(self) -> ResourceId:
        return ResourceId(self.gvk, self.name, self.namespace)

    @property
    def original_id(self) -> ResourceId:
        return self.previous[0] if self.previous else self.current_id

    def ids(self) -> list[ResourceId]:
        return [*self.previous, self.current_id]

    def remember_id(self) -> None:
        """Called before a change of identity, so that references to the old one can be fixed at the end."""
        current = self.current_id
        current = current._replace(namespace=current.effective_namespace)
        if not self.previous or self.previous[-1] != current:
            self.previous.append(current)

    def same_affixes(self, other: Resource, *, allow_empty: bool) -> bool:
        """Whether both went through the same renames from the outside in (which base a reference means)."""
        mine, theirs = (self.prefixes, self.suffixes), (other.prefixes, other.suffixes)
        return all(
            (allow_empty and (not one or not two)) or _same_end(one, two) for one, two in zip(mine, theirs, strict=True)
        )


def _same_end(one: list[str], two: list[str]) -> bool:
    """Whether the longer list ends with the shorter one; an empty list matches only an empty one."""
    shorter, longer = sorted((one, two), key=len)
    return longer[-len(shorter) :] == shorter if shorter else not longer


@dataclass(frozen=True, slots=True)
class Target:
    """What a patch, replacement or transformer selects; patterns are anchored regular expressions."""

    group: Pattern
    version: Pattern
    kind: Pattern
    name: Pattern
    namespace: Pattern
    labels: str = ""
    annotations: str = ""

    @classmethod
    def parse(cls, selector: JsonObject, field: str) -> Target:
        known = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")
        for key in selector:
            if key not in (*known, "apiVersion"):
                raise ToolError(f"{field}: unknown field {key!r}, expected one of {', '.join(known)}")
        patterns = {key: Pattern(str(selector.get(key) or ""), f"{field}.{key}") for key in known[:5]}
        labels, annotations = (str(selector.get(key) or "") for key in known[5:])
        return cls(**patterns, labels=labels, annotations=annotations)

    def matches(self, resource: Resource) -> bool:
        original, current = resource.original_id, resource.current_id
        return (
            any(self.namespace.matches(one.effective_namespace) for one in (original, current))
            and any(self.name.matches(one.name) for one in (original, current))
            and self.matches_gvk(current.gvk)
            and self.matches_metadata(resource)
        )

    def matches_id(self, one: ResourceId) -> bool:
        return self.matches_gvk(one.gvk) and self.name.matches(one.name) and self.namespace.matches(one.namespace)

    @property
    def has_identity(self) -> bool:
        """Whether any field other than labels and annotations is selected."""
        return any(one.text for one in (self.group, self.version, self.kind, self.name, self.namespace))

    @property
    def has_metadata(self) -> bool:
        return bool(self.labels or self.annotations)

    def matches_gvk(self, gvk: Gvk) -> bool:
        return self.group.matches(gvk.group) and self.version.matches(gvk.version) and self.kind.matches(gvk.kind)

    def matches_metadata(self, resource: Resource) -> bool:
        metadata = resource.metadata
        return _selects(self.labels, metadata.get("labels")) and _selects(self.annotations, metadata.get("annotations"))


def _selects(selector: str, values: dict[str, str] | None) -> bool:
    return not selector or parse_labels(selector).matches(values or {})


class ResourceSet:
    """Resources in order of appearance, no two with the same identity."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._resources: list[Resource] = []
        self._current: dict[tuple[Gvk, str, str], Resource] | None = {}
        for resource in resources:
            self.append(resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._resources))

    def __len__(self) -> int:
        return len(self._resources)

    def append(self, resource: Resource) -> None:
        key = _identity(resource)
        if key in self._index():
            raise ToolError(f"may not add resource with an already registered id: {resource.current_id}")
        self._resources.append(resource)
        self._index()[key] = resource

    def extend(self, resources: Iterable[Resource]) -> None:
        for resource in resources:
            self.append(resource)

    def replace(self, old: Resource, new: Resource) -> None:
        self._resources[self._resources.index(old)] = new
        self._current = None

    def keep(self, wanted: Callable[[Resource], bool]) -> None:
        self._resources = [resource for resource in self._resources if wanted(resource)]
        self._current = None

    def renamed(self) -> None:
        """Identities changed: refuses two resources that became one."""
        self._current = None
        self._index()

    def with_any_id(self, wanted: Callable[[ResourceId], bool]) -> list[Resource]:
        return [resource for resource in self._resources if any(wanted(one) for one in resource.ids())]

    def select(self, target: Target) -> list[Resource]:
        return [resource for resource in self._resources if target.matches(resource)]

    def _index(self) -> dict[tuple[Gvk, str, str], Resource]:
        if self._current is None:
            self._current = {}
            for resource in self._resources:
                if self._current.setdefault(_identity(resource), resource) is not resource:
                    raise ToolError(f"two resources have become one: {resource.current_id}")
        return self._current


def _identity(resource: Resource) -> tuple[Gvk, str, str]:
    current = resource.current_id
    return current.gvk, current.name, current.effective_namespace
