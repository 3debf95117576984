"""`vars`, the predecessor of replacements: `$(NAME)` in known text fields becomes a field of another resource."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.fieldspecs import FieldSpec, Specs, change_at, split_path
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.paths import look_up, split
from argosy.render.kustomize.resource import Resource, ResourceSet

_REFERENCE = re2.compile(r"\$(\$|\(([^()]*)\))")
_PODS = (
    ("Pod", "spec"),
    *((kind, "spec/template/spec") for kind in ("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet")),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
)
_CONTAINER_FIELDS = (
    "args",
    "command",
    "env/value",
    "volumeMounts/mountPath",
    "volumeMounts/subPath",
)


def _defaults() -> Iterator[FieldSpec]:
    for kind, prefix in _PODS:
        for containers in ("containers", "initContainers"):
            for field in _CONTAINER_FIELDS:
                yield FieldSpec(f"{prefix}/{containers}/{field}", kind=kind)
        yield FieldSpec(f"{prefix}/volumes/nfs/server", kind=kind)
    for path in ("spec/rules/host", "spec/tls/hosts", "spec/tls/secretName"):
        yield FieldSpec(path, kind="Ingress")
    yield FieldSpec("spec/ports/port", kind="Service")
    yield FieldSpec("metadata/labels")
    yield FieldSpec("metadata/annotations")
    yield FieldSpec("spec/template/metadata/annotations", kind="Deployment")


VARIABLE_REFERENCES: Specs = tuple(_defaults())


def resolve_variables(resources: ResourceSet, variables: list[JsonObject], specs: Specs) -> None:
    """In place, last of all, when names are final. Raises for a variable whose object is not there."""
    if not variables:
        return
    values = {str(variable.get("name")): _value(resources, variable) for variable in variables}
    for resource in resources:
        for spec in specs:
            if resource.gvk.is_selected_by(spec.gvk):
                change_at(resource.obj, split_path(spec.path), lambda value: _expanded(value, values), create=False)


def _value(resources: ResourceSet, variable: JsonObject) -> JsonValue:
    name, reference = variable.get("name"), variable.get("objref")
    if not name or not isinstance(reference, dict) or not reference.get("kind") or not reference.get("name"):
        raise ToolError(f"vars: {name!r} needs a name and an objref with kind and name")
    found = [resource for resource in resources if _is_meant(resource, reference)]
    if len(found) != 1:
        raise ToolError(f"vars: var {name!r}: objref selects {len(found)} resources, it should select one")
    path = (variable.get("fieldref") or {}).get("fieldPath") or (variable.get("fieldref") or {}).get("fieldpath")
    value = look_up(found[0].obj, split((path or "metadata.name").replace("[", ".[").replace("..", ".")))
    if value is None or isinstance(value, (dict, list)):
        raise ToolError(f"vars: var {name!r}: field {path!r} of {found[0].current_id} is no scalar")
    return value


def _is_meant(resource: Resource, reference: JsonObject) -> bool:
    group, _, version = str(reference.get("apiVersion") or "").rpartition("/")
    wanted = Gvk(str(reference.get("group") or group), str(reference.get("version") or version), str(reference["kind"]))
    namespace = reference.get("namespace")
    return any(
        one.gvk.is_selected_by(wanted)
        and one.name == reference["name"]
        and (not namespace or one.effective_namespace == namespace)
        for one in resource.ids()
    )


def _expanded(value: JsonValue, values: dict[str, JsonValue]) -> JsonValue:
    if isinstance(value, dict):
        return {key: _expanded(item, values) for key, item in value.items()}
    if not isinstance(value, str) or "$" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole and whole.group(2) in values:
        return values[whole.group(2)]
    return _REFERENCE.sub(lambda match: _replacement(match.group(0), match.group(2), values), value)


def _replacement(text: str, name: str | None, values: dict[str, JsonValue]) -> str:
    if name is None:
        return "$"
    return str(values[name]) if name in values else text
