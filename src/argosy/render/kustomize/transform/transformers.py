"""The transformers of a kustomization for all resources, in Kustomize's fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.model import Kustomization
from argosy.render.kustomize.resource import Resource, ResourceSet
from argosy.render.kustomize.transform.fieldspecs import (
    METADATA_LABELS,
    VOLUME_CLAIM_LABELS,
    Configuration,
    FieldSpec,
    Setter,
    Specs,
    change,
    union,
)
from argosy.render.kustomize.transform.images import set_images
from argosy.render.kustomize.transform.openapi import Schemas
from argosy.render.kustomize.transform.scalars import text_of

Read = Callable[[str], bytes]
_NEVER_RENAMED = (
    Gvk("", "", "CustomResourceDefinition"),
    Gvk("apiregistration.k8s.io", "", "APIService"),
    Gvk("", "", "Namespace"),
)


Step = tuple[str, Callable[[], None]]
"""The name of Kustomize's transformer, and its function."""


def transformations(
    resources: ResourceSet, kustomization: Kustomization, configuration: Configuration, read: Read, schemas: Schemas
) -> Iterator[Step]:
    """One step for each transformer that the kustomization configures; they must run one after another.

    Rarely used ones are imported on demand: a command that renders a small kustomization starts faster.
    """
    if files := kustomization.items("patchesStrategicMerge"):
        from argosy.render.kustomize.transform.patches import apply_strategic_files

        yield "PatchStrategicMergeTransformer", lambda: apply_strategic_files(resources, files, read, schemas)
    for index, patch in enumerate(kustomization.items("patches")):
        from argosy.render.kustomize.transform.patches import apply_patch

        yield "PatchTransformer", partial(apply_patch, resources, patch, f"patches[{index}]", read, schemas)
    if namespace := kustomization.text("namespace"):
        yield "NamespaceTransformer", lambda: set_namespace(resources, namespace, configuration.namespace)
    if prefix := kustomization.text("namePrefix"):
        yield "PrefixTransformer", lambda: add_prefix(resources, prefix, configuration.name_prefix)
    if suffix := kustomization.text("nameSuffix"):
        yield "SuffixTransformer", lambda: add_suffix(resources, suffix, configuration.name_suffix)
    yield from _labels(resources, kustomization, configuration)
    if annotations := kustomization.mapping("commonAnnotations"):
        yield "AnnotationsTransformer", lambda: set_entries(resources, annotations, configuration.common_annotations)
    for index, patch in enumerate(kustomization.items("patchesJson6902")):
        from argosy.render.kustomize.transform.patches import apply_json_patch_to

        yield (
            "PatchJson6902Transformer",
            partial(apply_json_patch_to, resources, patch, f"patchesJson6902[{index}]", read),
        )
    for index, entry in enumerate(kustomization.items("replicas")):
        yield (
            "ReplicaCountTransformer",
            partial(set_replicas, resources, entry, f"replicas[{index}]", configuration.replicas),
        )
    for index, image in enumerate(kustomization.images):
        yield "ImageTagTransformer", partial(set_images, resources, image, f"images[{index}]", configuration.images)
    if replacements := kustomization.items("replacements"):
        from argosy.render.kustomize.transform.replacements import apply_replacements

        yield "ReplacementTransformer", lambda: apply_replacements(resources, replacements, read)


def _labels(resources: ResourceSet, kustomization: Kustomization, configuration: Configuration) -> Iterator[Step]:
    """`labels`, each a transformer; `commonLabels` is one too, even if it is empty and the others are not."""
    entries, common = kustomization.items("labels"), kustomization.mapping("commonLabels")
    for entry in entries:
        specs = _label_specs(entry, configuration)
        yield "LabelTransformer", partial(set_entries, resources, entry.get("pairs") or {}, specs)
    if entries or common:
        yield "LabelTransformer", lambda: set_entries(resources, common, configuration.common_labels)


def set_namespace(
    resources: ResourceSet, namespace: str, specs: Specs, *, unset_only: bool = False, subjects: str = "defaultOnly"
) -> None:
    if not namespace:
        return

    def chosen(value: JsonValue) -> JsonValue:
        return value if unset_only and value else namespace

    for resource in resources:
        if resource.keeps_namespace:
            continue
        resource.remember_id()
        if not resource.gvk.is_cluster_scoped:
            resource.metadata["namespace"] = chosen(resource.metadata.get("namespace"))
        if resource.gvk.kind in ("RoleBinding", "ClusterRoleBinding"):
            _set_subject_namespaces(resource, chosen, subjects)
        change(resource.obj, _namespace_specs(resource, specs), resource.gvk, chosen, creates=True)
    resources.renamed()


def _namespace_specs(resource: Resource, specs: Specs) -> Specs:
    is_core = resource.obj.get("apiVersion") == "v1"
    return tuple(
        spec
        for spec in specs
        if spec.path not in ("metadata/namespace", "subjects/namespace") and (is_core or spec.path != "metadata/name")
    )


def _set_subject_namespaces(resource: Resource, chosen: Setter, mode: str) -> None:
    for subject in resource.obj.get("subjects") or ():
        if mode == "allServiceAccounts":
            meant = subject.get("kind") == "ServiceAccount"
        else:
            meant = mode != "none" and subject.get("name") == "default"
        if meant:
            subject["namespace"] = chosen(subject.get("namespace"))


def add_prefix(resources: ResourceSet, prefix: str, specs: Specs) -> None:
    if prefix:
        _rename(resources, specs, lambda name: prefix + name, lambda resource: resource.prefixes.append(prefix))


def add_suffix(resources: ResourceSet, suffix: str, specs: Specs) -> None:
    if suffix:
        _rename(resources, specs, lambda name: name + suffix, lambda resource: resource.suffixes.append(suffix))


def _rename(
    resources: ResourceSet, specs: Specs, change_name: Callable[[str], str], note: Callable[[Resource], None]
) -> None:
    for resource in resources:
        original = resource.original_id.gvk
        if any(original.is_selected_by(gvk) for gvk in _NEVER_RENAMED):
            continue
        for spec in specs:
            if not spec.selects(original):
                continue
            if spec.path == "metadata/name":
                resource.remember_id()
                note(resource)
            change(resource.obj, (spec,), resource.gvk, lambda value: change_name(text_of(value)), creates=False)
    resources.renamed()


def _label_specs(entry: JsonObject, configuration: Configuration) -> Specs:
    own = tuple(FieldSpec.parse(raw, "labels.fields") for raw in entry.get("fields") or ())
    specs = union(own, configuration.labels)
    if entry.get("includeSelectors"):
        return union(specs, configuration.common_labels)
    claims = entry.get("includeVolumeClaimTemplates")
    if entry.get("includeTemplates"):
        templates = configuration.template_labels
        if claims is not None:  # before this field existed, claim templates were included
            templates = tuple(spec for spec in templates if spec not in VOLUME_CLAIM_LABELS)
        specs = union(specs, templates)
    if claims:
        specs = union(specs, configuration.claim_labels)
    return union(specs, (METADATA_LABELS,))


def set_entries(resources: ResourceSet, entries: Mapping[str, str], specs: Specs) -> None:
    """Labels or annotations: adds the entries to every map that a specification names."""
    if not entries:
        return

    def add(value: JsonValue) -> JsonValue:
        if value is not None and not isinstance(value, dict):
            raise ToolError(f"cannot add labels or annotations to {value!r}: expected a map")
        return {**(value or {}), **entries}

    for resource in resources:
        change(resource.obj, specs, resource.gvk, add, creates=True)


def set_replicas(resources: ResourceSet, entry: JsonObject, where: str, specs: Specs) -> None:
    name, count = entry.get("name"), entry.get("count") or 0
    found = [
        (spec, resource)
        for spec in specs
        for resource in resources
        if any(one.name == name and spec.selects(one.gvk) for one in resource.ids())
    ]
    for spec, resource in found:
        change(resource.obj, (spec,), resource.gvk, partial(_constant, count), creates=True)
    if not found:
        kinds = ", ".join(dict.fromkeys(spec.kind for spec in specs))
        raise ToolError(f"{where}: resource with name {name!r} does not match a config of {kinds}")


def _constant(value: JsonValue, _: JsonValue) -> JsonValue:
    return value
