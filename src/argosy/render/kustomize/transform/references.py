"""Fixes references after names changed: a Deployment finds the ConfigMap that got a prefix and a hash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.resource import Resource, ResourceSet
from argosy.render.kustomize.transform.fieldspecs import Configuration, FieldSpec, change_at, split_path


def mend_references(resources: ResourceSet, configuration: Configuration) -> None:
    """In place. Only renamed resources can be the target of a reference that must change."""
    for referrer in resources:
        _subject_namespaces(referrer)
    renamed = [resource for resource in resources if resource.previous]
    if not renamed:
        return
    by_old_name: dict[str, list[Resource]] = defaultdict(list)
    for resource in renamed:
        for name in dict.fromkeys(one.name for one in resource.previous):
            by_old_name[name].append(resource)
    for referrer in resources:
        for target, spec in _specs_for(referrer.original_id.gvk, configuration):
            _Mender(referrer, target, spec, by_old_name).run()


def _specs_for(gvk: Gvk, configuration: Configuration) -> Iterable[tuple[Gvk, FieldSpec]]:
    for target, specs in configuration.name_references:
        for spec in specs:
            if spec.selects(gvk):
                yield target, spec


class _Mender:
    """One field of one referrer, which may name a resource of the kind `target`."""

    def __init__(
        self, referrer: Resource, target: Gvk, spec: FieldSpec, by_old_name: dict[str, list[Resource]]
    ) -> None:
        self.referrer = referrer
        self.target = target
        self.spec = spec
        self.by_old_name = by_old_name

    def run(self) -> None:
        change_at(self.referrer.obj, split_path(self.spec.path), self._set, create=False)

    def _set(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            found = self._find(value, self.by_old_name.get(value, ()), whole=False)
            return found.name if found else value
        if isinstance(value, dict):
            return self._set_map(value)
        if isinstance(value, list):
            return [self._set_item(item) for item in value]
        return value

    def _set_item(self, item: JsonValue) -> JsonValue:
        if isinstance(item, list):
            raise ToolError(f"{self.referrer.current_id}: {self.spec.path}: expected names or maps, got a list")
        return self._set(item)

    def _set_map(self, value: JsonObject) -> JsonObject:
        """A map with `name` and perhaps `namespace`: both follow the resource."""
        name = value.get("name")
        if not isinstance(name, str):
            raise ToolError(f"{self.referrer.current_id}: {self.spec.path} has no `name` to update")
        candidates: Iterable[Resource] = self.by_old_name.get(name, ())
        if (namespace := value.get("namespace")) is not None:
            original = [one for one in candidates if one.original_id.effective_namespace == namespace]
            candidates = original or [one for one in candidates if one.current_id.effective_namespace == namespace]
        found = self._find(name, candidates, whole=True)
        if found is None:
            return value
        changed = {**value, "name": found.name}
        if found.namespace:
            changed["namespace"] = found.namespace
        return changed

    def _find(self, name: str, candidates: Iterable[Resource], *, whole: bool) -> Resource | None:
        """The target resource; `whole` if the namespace is set too. Raises when it is ambiguous."""
        found = [one for one in candidates if self._may_mean(one)]
        if len(found) > 1:
            found = [one for one in found if one.same_affixes(self.referrer, allow_empty=True)]
        if len(found) > 1:
            found = [one for one in found if one.same_affixes(self.referrer, allow_empty=False)]
        if not found:
            return None
        if len({(one.name, one.namespace if whole else "") for one in found}) > 1:
            names = ", ".join(str(one.current_id) for one in found)
            raise ToolError(f"{self.referrer.current_id} refers to {name!r}, which may be any of {names}")
        return found[0]

    def _may_mean(self, candidate: Resource) -> bool:
        return (
            any(one.gvk.is_selected_by(self.target) for one in candidate.previous)
            and self._is_role_meant(candidate)
            and self._is_in_reach(candidate)
        )

    def _is_role_meant(self, candidate: Resource) -> bool:
        if not self.spec.path.endswith("roleRef/name"):
            return True
        role = self.referrer.obj.get("roleRef") or {}
        wanted = Gvk(str(role.get("apiGroup") or ""), "", str(role.get("kind") or ""))
        return any(one.gvk.is_selected_by(wanted) for one in candidate.previous)

    def _is_in_reach(self, candidate: Resource) -> bool:
        mine, theirs = self.referrer.current_id, candidate.current_id
        if mine.gvk.is_cluster_scoped or theirs.gvk.is_cluster_scoped:
            return True
        if mine.effective_namespace == theirs.effective_namespace:
            return True
        return theirs.gvk.kind == "ServiceAccount" and theirs.namespace in _subject_namespaces(self.referrer)


def _subject_namespaces(referrer: Resource) -> set[str]:
    """Namespaces of a RoleBinding's service accounts: the target of its references may be there too."""
    if referrer.gvk.kind != "RoleBinding":
        return set()
    found: set[str] = set()
    for one in referrer.obj.get("subjects") or ():
        if isinstance(one, dict) and one.get("kind") == "ServiceAccount" and "namespace" in one:
            if not isinstance(one["namespace"], str):
                raise ToolError(f"{referrer.current_id}: subjects: namespace is blank")
            found.add(one["namespace"])
    return found
