"""`vars`, the predecessor of replacements: `$(NAME)` in known text fields becomes a field of another resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import re2

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk, ResourceId
from argosy.render.kustomize.resource import ResourceSet
from argosy.render.kustomize.transform.fieldspecs import FieldSpec, Specs, change_at, split_path
from argosy.render.kustomize.transform.paths import look_up, split, with_indexes
from argosy.render.kustomize.transform.scalars import text_of

_REFERENCE = re2.compile(r"\$(\$|\(([^)]*)\))")
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
)


_NFS = (
    *((kind, f"{prefix}/volumes") for kind, prefix in _PODS if kind not in ("CronJob", "StatefulSet")),
    ("CronJob", "spec/jobTemplate/spec/template/volumes"),
    ("StatefulSet", "spec/volumeClaimTemplates/spec"),
    ("PersistentVolume", "spec"),
)


def _defaults() -> Iterator[FieldSpec]:
    for kind, prefix in _PODS:
        for containers in ("containers", "initContainers"):
            for field in _CONTAINER_FIELDS:
                yield FieldSpec(f"{prefix}/{containers}/{field}", kind=kind)
    for path in ("spec/rules/host", "spec/tls/hosts", "spec/tls/secretName"):
        yield FieldSpec(path, kind="Ingress")
    for path in ("spec/ports/port", "spec/ports/targetPort"):
        yield FieldSpec(path, kind="Service")
    for kind, prefix in _NFS:
        yield FieldSpec(f"{prefix}/nfs/server", kind=kind)
    yield FieldSpec("metadata/labels")
    yield FieldSpec("metadata/annotations")
    yield FieldSpec("spec/template/metadata/annotations", kind="Deployment")


VARIABLE_REFERENCES: Specs = tuple(_defaults())


def bind_variables(resources: ResourceSet, variables: list[JsonObject], where: str) -> None:
    """Marks the source resource of each variable, while it can be distinguished from others' below."""
    for variable in variables:
        name, reference = str(variable.get("name") or ""), variable.get("objref") or {}
        wanted = _wanted(reference)
        any_namespace = bool(wanted.namespace) or wanted.gvk.is_cluster_scoped
        found = resources.with_any_id(wanted.equals if any_namespace else _same_but_namespace(wanted))
        if len(found) > 1:
            raise ToolError(
                f"{where}: vars: found {len(found)} resId matches for var {name!r} (unable to disambiguate)"
            )
        for resource in found:
            resource.variables.append(name)


def _wanted(reference: JsonObject) -> ResourceId:
    group, _, version = str(reference.get("apiVersion") or "").rpartition("/")
    own = Gvk(*(str(reference.get(key) or "") for key in ("group", "version", "kind")))
    gvk = Gvk(group, version, own.kind) if reference.get("apiVersion") else own
    return ResourceId(gvk, str(reference.get("name") or ""), str(reference.get("namespace") or ""))


def _same_but_namespace(wanted: ResourceId) -> Callable[[ResourceId], bool]:
    return lambda one: one.gvk == wanted.gvk and one.name == wanted.name


def resolve_variables(resources: ResourceSet, variables: Mapping[str, JsonObject], specs: Specs) -> None:
    """In place, last of all, when names are final. Raises for a variable whose object does not exist."""
    if not variables:
        return
    values = {name: _value(resources, name, variable) for name, variable in sorted(variables.items())}
    for resource in resources:
        for spec in specs:
            if spec.selects(resource.gvk):
                change_at(resource.obj, split_path(spec.path), lambda value: _expanded(value, values), create=False)


def _value(resources: ResourceSet, name: str, variable: JsonObject) -> JsonValue:
    found = next((resource for resource in resources if name in resource.variables), None)
    if found is None:
        raise ToolError(f"vars: var {name!r} cannot be mapped to a field in the set of known resources")
    path = (variable.get("fieldref") or {}).get("fieldPath") or "metadata.name"
    slot = look_up(found.obj, with_indexes(split(path)))
    if slot is None:
        raise ToolError(f"vars: var {name!r}: field {path!r} is not in {found.current_id}")
    return slot.value


def _expanded(value: JsonValue, values: Mapping[str, JsonValue]) -> JsonValue:
    """A text, the texts of a list or of a map; nothing deeper."""
    if isinstance(value, dict):
        return {key: _replaced(item, values) if isinstance(item, str) else item for key, item in value.items()}
    if isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise ToolError("vars: a list that variables are replaced in must hold strings only")
        return [_replaced(item, values) for item in value]
    return _replaced(value, values) if isinstance(value, str) else value


def _replaced(text: str, values: Mapping[str, JsonValue]) -> JsonValue:
    """`$(NAME)` becomes the value, with its own type if it is the entire text; `$$` is a dollar sign."""
    whole = _REFERENCE.fullmatch(text)
    if whole and whole.group(2) in values:
        value = values[whole.group(2)]
        return text if isinstance(value, (dict, list)) else value
    return _REFERENCE.sub(lambda match: _replacement(match.group(0), match.group(2), values), text)


def _replacement(text: str, name: str | None, values: Mapping[str, JsonValue]) -> str:
    if name is None:
        return "$"
    value = values.get(name, text)
    return text if isinstance(value, (dict, list)) else text_of(value)
