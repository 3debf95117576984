"""Generators and transformers that are programs next to the kustomization (KRM `exec` functions).

They run only if the workspace can run programs, which is only on a developer's machine on request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import yaml
from argosy.render.files import Programs, ToolError
from argosy.render.kustomize.origins import ORIGIN, Origin
from argosy.render.kustomize.place import Place
from argosy.render.kustomize.reading import resources_of
from argosy.render.kustomize.resource import Resource, ResourceSet
from argosy.render.kustomize.transform.scalars import plain, text_of

_SPEC: Final = ("config.kubernetes.io/function", "config.k8s.io/function")
_BEHAVIOR: Final = "kustomize.config.k8s.io/behavior"
_NEEDS_HASH: Final = "kustomize.config.k8s.io/needs-hash"
_OF_THE_CALL: Final = ("config.kubernetes.io/index", "config.kubernetes.io/path", _BEHAVIOR, _NEEDS_HASH, ORIGIN)


@dataclass(frozen=True, slots=True)
class Function:
    """A configuration that names a program; `path` is relative to the kustomization that uses it."""

    config: Resource
    path: str
    arguments: Sequence[str]

    def run(self, place: Place, items: Sequence[JsonObject]) -> list[Resource]:
        """The program's output for the items. Raises ToolError when it may not run, or fails."""
        if not isinstance(place.workspace, Programs):
            raise ToolError(
                f"{self.config.name}: external plugins disabled; "
                f"{self.path!r} runs by `argosy render --enable-exec` only"
            )
        asked: JsonObject = {
            "apiVersion": "config.kubernetes.io/v1",
            "kind": "ResourceList",
            "items": list(items),
            "functionConfig": plain(self.config.obj),
        }
        output = place.workspace.run_program(place.path, self.path, self.arguments, yaml.dump(asked).encode())
        return [_cleaned(resource) for resource in resources_of(output, self.path)]


def function_of(config: Resource) -> Function | None:
    """The program that a configuration names, if it names one. Raises ToolError."""
    annotations = config.metadata.get("annotations")
    text = next((annotations[name] for name in _SPEC if name in annotations), None) if annotations else None
    if text is None:
        return None
    try:
        spec = yaml.load(text_of(text))
    except yaml.YamlError as error:
        raise ToolError(f"{config.name}: {_SPEC[0]}: {error}") from None
    program = spec.get("exec") if isinstance(spec, dict) else None
    if not isinstance(program, dict) or not program.get("path"):
        return None
    return Function(config, text_of(program["path"]), [text_of(one) for one in program.get("args") or ()])


def transform(function: Function, place: Place, resources: ResourceSet) -> None:
    """In place: items missing in the output are removed, new ones are added, and the others keep their history."""
    items = [plain(resource.obj) for resource in resources]
    answer = function.run(place, [item for item in items if isinstance(item, dict)])
    known = {resource.current_id: resource for resource in resources}
    kept = {resource.current_id for resource in answer}
    resources.keep(lambda resource: resource.current_id in kept)
    for resource in answer:
        if (old := known.get(resource.current_id)) is not None:
            old.obj = resource.obj
        else:
            resources.append(resource)


def _cleaned(resource: Resource) -> Resource:
    """Without the annotations that are for Kustomize."""
    found: Mapping[str, object] = resource.metadata.get("annotations") or {}
    resource.behavior = text_of(found.get(_BEHAVIOR)) if _BEHAVIOR in found else ""
    resource.needs_hash = text_of(found.get(_NEEDS_HASH)) == "true" if _NEEDS_HASH in found else False
    if ORIGIN in found:
        resource.origin = _origin(text_of(found[ORIGIN]))
    left = {name: value for name, value in found.items() if name not in _OF_THE_CALL}
    if left:
        resource.metadata["annotations"] = left
    else:
        resource.metadata.pop("annotations", None)
    return resource


def _origin(text: str) -> Origin:
    try:
        parsed = yaml.load(text)
    except yaml.YamlError as error:
        raise ToolError(f"{ORIGIN}: {error}") from None
    fields = parsed if isinstance(parsed, dict) else {}
    by = fields.get("configuredBy")
    return Origin(
        path=text_of(fields.get("path") or ""),
        repo=text_of(fields.get("repo") or ""),
        ref=text_of(fields.get("ref") or ""),
        configured_in=text_of(fields.get("configuredIn") or ""),
        configured_by=tuple((name, text_of(value)) for name, value in by.items()) if isinstance(by, dict) else (),
    )
