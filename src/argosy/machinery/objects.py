"""The basic types of every package: JSON objects, kinds, resources and keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeAlias
from urllib.parse import quote

JsonValue: TypeAlias = Any
"""A parsed JSON value: None, bool, int, float, str, list or dict. `Any` because it is narrowed where it is read."""

JsonObject: TypeAlias = dict[str, Any]
"""A parsed JSON object, usually a Kubernetes object. Objects from a cache or store are never mutated."""


_SAFE: Final = "{}:@!$&'()*+,;="
"""Characters that need no escape in a path segment."""


class GroupKind(NamedTuple):
    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """A resource as clients address it: group, version and plural, with its kind and scope.

    It is hashed some thousand times for each object that changes, so the hash is computed once.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        content = (self.group, self.version, self.plural, self.kind, self.namespaced)
        object.__setattr__(self, "_hash", hash(content))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Resource], tuple[object, ...]]:
        """String hashes differ from process to process: none is pickled."""
        return Resource, (self.group, self.version, self.plural, self.kind, self.namespaced)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> GroupKind:
        return GroupKind(self.group, self.kind)

    @property
    def qualified(self) -> str:
        """`deployments.apps`, or `pods` for the core group: how error messages name a resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path, without query; `namespace` is ignored for cluster-scoped resources.

        Each part stays one segment, whatever it contains. Raises NoPathSegment for an impossible one: names come from
        untrusted objects, and another path would be read with our rights.
        """
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{segment(namespace)}" if self.namespaced and namespace else ""
        tail = "".join(f"/{segment(part)}" for part in (name, subresource) if part)
        return f"{root}{scope}/{self.plural}{tail}"


class NoPathSegment(ValueError):
    """A name that no object can have, since it would be another path (k8s.io/apimachinery, IsValidPathSegmentName)."""


def segment(name: str) -> str:
    """Escapes it as one segment of a URL's path. Raises NoPathSegment."""
    if name in (".", "..") or "/" in name or "%" in name:
        raise NoPathSegment(f"invalid resource name {name[:253]!r}: it may not be '.' or '..', or contain '/' or '%'")
    return quote(name, safe=_SAFE)


class View(Protocol):
    """A typed view of an object (`apis.schema`); `raw` is the JSON that it was read from."""

    @property
    def raw(self) -> JsonObject: ...


Kind: TypeAlias = Resource | type[Any]
"""A resource, or the view class of one."""


def resource_of(kind: Kind) -> Resource:
    """The resource of a view class that `apis.schema.resource` made."""
    if isinstance(kind, Resource):
        return kind
    found: Resource = kind.__resource__
    return found


def json_of(obj: JsonObject | View) -> JsonObject:
    return obj if isinstance(obj, dict) else obj.raw


class Key(NamedTuple):
    """Namespace and name; the namespace of a cluster-scoped object is empty."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def key_of(obj: JsonObject) -> Key:
    metadata = obj["metadata"]
    return Key(metadata.get("namespace") or "", metadata.get("name") or "")


def group_version(api_version: str) -> tuple[str, str]:
    """`apps/v1` -> (`apps`, `v1`); `v1` -> (``, `v1`)."""
    group, _, version = api_version.rpartition("/")
    return group, version


def group_kind_of(obj: JsonObject) -> GroupKind:
    return GroupKind(group_version(obj.get("apiVersion") or "")[0], obj.get("kind") or "")
