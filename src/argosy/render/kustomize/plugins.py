"""Generators and transformers configured in files of their own: Kustomize's built-in ones, and no programs.

`generators`, `transformers` and `validators` name resources; one of apiVersion `builtin` configures a transformer as a
field of the kustomization would. Others would run code of the repository, and are refused.
"""

from __future__ import annotations

from collections.abc import Callable

from argosy.machinery.objects import JsonObject
from argosy.render.files import ToolError
from argosy.render.kustomize.fieldspecs import Configuration, FieldSpec, Specs
from argosy.render.kustomize.generators import generate_one
from argosy.render.kustomize.images import set_images
from argosy.render.kustomize.patches import Schemas, apply_json_patches, apply_patches, apply_strategic_files
from argosy.render.kustomize.replacements import apply_replacements
from argosy.render.kustomize.resource import Resource, ResourceSet
from argosy.render.kustomize.transformers import add_prefix, add_suffix, set_entries, set_namespace, set_replicas

Read = Callable[[str], bytes]
Run = Callable[[ResourceSet, JsonObject, Specs, Configuration], None]


def run_generator(config: Resource, read: Read) -> Resource:
    kind = config.gvk.kind
    if config.obj.get("apiVersion") != "builtin" or kind not in ("ConfigMapGenerator", "SecretGenerator"):
        raise _refusal(config)
    arguments = {key: value for key, value in config.obj.items() if key not in ("apiVersion", "kind", "metadata")}
    arguments = {"name": config.name, "namespace": config.namespace, **arguments}
    return generate_one(kind.removesuffix("Generator"), arguments, read)


def run_transformer(
    config: Resource, resources: ResourceSet, configuration: Configuration, read: Read, schemas: Schemas
) -> None:
    raw, kind = config.obj, config.gvk.kind
    own = tuple(FieldSpec.parse(spec, kind) for spec in raw.get("fieldSpecs") or ())
    runners: dict[str, Callable[[], None]] = {
        "NamespaceTransformer": lambda: set_namespace(
            resources,
            config.namespace,
            own or configuration.namespace,
            unset_only=bool(raw.get("unsetOnly")),
            subjects=str(raw.get("setRoleBindingSubjects") or "defaultOnly"),
        ),
        "PrefixTransformer": lambda: add_prefix(resources, str(raw.get("prefix") or ""), own),
        "SuffixTransformer": lambda: add_suffix(resources, str(raw.get("suffix") or ""), own),
        "PrefixSuffixTransformer": lambda: _affixes(resources, raw, own),
        "LabelTransformer": lambda: set_entries(resources, raw.get("labels") or {}, own),
        "AnnotationsTransformer": lambda: set_entries(resources, raw.get("annotations") or {}, own),
        "ImageTagTransformer": lambda: set_images(resources, [raw.get("imageTag") or {}], own),
        "ReplicaCountTransformer": lambda: set_replicas(resources, [raw.get("replica") or {}], own),
        "PatchTransformer": lambda: apply_patches(resources, [raw], read, schemas),
        "PatchStrategicMergeTransformer": lambda: apply_strategic_files(
            resources, [*(raw.get("paths") or ()), *([raw["patches"]] if raw.get("patches") else ())], read, schemas
        ),
        "PatchJson6902Transformer": lambda: apply_json_patches(
            resources, [{"target": raw.get("target"), "path": raw.get("path"), "patch": raw.get("jsonOp")}], read
        ),
        "ReplacementTransformer": lambda: apply_replacements(resources, raw.get("replacements") or [], read),
    }
    if raw.get("apiVersion") != "builtin" or kind not in runners:
        raise _refusal(config)
    runners[kind]()


def _affixes(resources: ResourceSet, raw: JsonObject, specs: Specs) -> None:
    add_prefix(resources, str(raw.get("prefix") or ""), specs)
    add_suffix(resources, str(raw.get("suffix") or ""), specs)


def _refusal(config: Resource) -> ToolError:
    what = f"{config.obj.get('apiVersion')} {config.gvk.kind}"
    return ToolError(
        f"{what}: external plugins disabled; unable to load external plugin {config.name!r} (only apiVersion builtin)"
    )
