"""Extra field specifications that a kustomization brings: `configurations` files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text import yaml
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.shapes import FIELD_SPEC, ListOf, shaped
from argosy.render.kustomize.transform.fieldspecs import EMPTY, Configuration, FieldSpec, Specs
from argosy.render.kustomize.transform.name_references import NAME_REFERENCES
from argosy.render.kustomize.transform.variables import VARIABLE_REFERENCES

Read = Callable[[str], bytes]
_FIELDS = {
    "commonLabels": "common_labels",
    "labels": "labels",
    "templateLabels": "template_labels",
    "volumeClaimTemplateLabels": "claim_labels",
    "commonAnnotations": "common_annotations",
    "images": "images",
    "namespace": "namespace",
    "namePrefix": "name_prefix",
    "nameSuffix": "name_suffix",
    "replicas": "replicas",
    "varReference": "var_references",
}

_SHAPE = {
    **dict.fromkeys(_FIELDS, ListOf(FIELD_SPEC)),
    "nameReference": ListOf(
        {"group": "string", "version": "string", "kind": "string", "fieldSpecs": ListOf(FIELD_SPEC)},
    ),
}

DEFAULTS = Configuration(name_references=NAME_REFERENCES, var_references=VARIABLE_REFERENCES)


def load_configurations(paths: Sequence[str], read: Read) -> Configuration:
    """Kustomize's defaults, merged with what each file adds."""
    added = EMPTY
    for path in paths:
        try:
            raw = yaml.load(read(path))
        except yaml.YamlError as error:
            raise ToolError(f"{path}: {error}") from None
        added = added.merged(_parse(raw, path))
    return DEFAULTS.merged(added)


def _parse(raw: JsonValue, path: str) -> Configuration:
    if not isinstance(raw, dict):
        raise ToolError(f"{path}: a transformer configuration is a map, got {raw!r}")
    changes: dict[str, Specs] = dict.fromkeys(_FIELDS.values(), ())
    fields = shaped(raw, _SHAPE, path)
    for key, value in fields.items():
        if key in _FIELDS:
            changes[_FIELDS[key]] = _specs(value, f"{path}: {key}")
    references = tuple(_reference(one, f"{path}: nameReference") for one in fields.get("nameReference") or ())
    return Configuration(**changes, name_references=references)


def _specs(value: list[JsonObject], where: str) -> Specs:
    return tuple(FieldSpec.parse(item, where) for item in value)


def _reference(raw: JsonObject, where: str) -> tuple[Gvk, Specs]:
    gvk = Gvk(*(str(raw.get(key) or "") for key in ("group", "version", "kind")))
    return gvk, _specs(raw.get("fieldSpecs") or [], where)
