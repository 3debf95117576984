"""The kinds that the destination cluster serves, as a look-up table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from argosy.machinery.objects import GroupKind, JsonObject, Resource, group_version

UNLISTABLE = frozenset({("", "Binding"), ("", "ComponentStatus")})


class ServedKinds:
    """`resources` in the server's order: the first version of a group's kind is the preferred one."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = tuple(resources)
        self._exact: dict[tuple[str, str, str], Resource] = {}
        self._preferred: dict[GroupKind, Resource] = {}
        for resource in self.resources:
            self._exact.setdefault((resource.group, resource.version, resource.kind), resource)
            self._preferred.setdefault(resource.group_kind, resource)

    def of(self, obj: JsonObject) -> Resource | None:
        """The resource for an object's own version."""
        group, version = group_version(str(obj.get("apiVersion") or ""))
        return self._exact.get((group, version, str(obj.get("kind") or "")))

    def preferred(self, group: str, kind: str) -> Resource | None:
        return self._preferred.get(GroupKind(group, kind))

    def is_namespaced(self, group: str, kind: str) -> bool | None:
        """None for a kind that is not served."""
        found = self._preferred.get(GroupKind(group, kind))
        return None if found is None else found.namespaced

    @property
    def api_versions(self) -> tuple[str, ...]:
        """In the form that charts query: `group/version` and `group/version/kind`, sorted."""
        found = set()
        for resource in self.resources:
            version = f"{resource.group}/{resource.version}" if resource.group else resource.version
            found |= {version, f"{version}/{resource.kind}"}
        return tuple(sorted(found))

    @property
    def listable(self) -> Sequence[Resource]:
        """One version of every kind that can be listed; reviews and bindings can only be created."""
        return [
            resource
            for kind, resource in self._preferred.items()
            if not kind.kind.endswith("Review") and (kind.group, kind.kind) not in UNLISTABLE
        ]
