"""What a kustomization does to every resource, in Kustomize's fixed order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.fieldspecs import METADATA_LABELS, Configuration, FieldSpec, Setter, Specs, change
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.images import set_images
from argosy.render.kustomize.model import Kustomization
from argosy.render.kustomize.patches import Schemas, apply_json_patches, apply_patches, apply_strategic_files
from argosy.render.kustomize.replacements import apply_replacements
from argosy.render.kustomize.resource import Resource, ResourceSet

Read = Callable[[str], bytes]
_NEVER_RENAMED = (
    Gvk("apiextensions.k8s.io", "", "CustomResourceDefinition"),
    Gvk("apiregistration.k8s.io", "", "APIService"),
    Gvk("", "", "Namespace"),
)


def transform(
    resources: ResourceSet, kustomization: Kustomization, configuration: Configuration, read: Read, schemas: Schemas
) -> None:
    apply_strategic_files(resources, kustomization.items("patchesStrategicMerge"), read, schemas)
    apply_patches(resources, kustomization.items("patches"), read, schemas)
    set_namespace(resources, kustomization.text("namespace"), configuration.namespace)
    add_prefix(resources, kustomization.text("namePrefix"), configuration.name_prefix)
    add_suffix(resources, kustomization.text("nameSuffix"), configuration.name_suffix)
    for entry in kustomization.items("labels"):
        set_entries(resources, entry.get("pairs") or {}, _label_specs(entry, configuration))
    set_entries(resources, kustomization.mapping("commonLabels"), configuration.common_labels)
    set_entries(resources, kustomization.mapping("commonAnnotations"), configuration.common_annotations)
    apply_json_patches(resources, kustomization.items("patchesJson6902"), read)
    set_replicas(resources, kustomization.items("replicas"), configuration.replicas)
    set_images(resources, kustomization.images, configuration.images)
    apply_replacements(resources, kustomization.items("replacements"), read)


def set_namespace(
    resources: ResourceSet, namespace: str, specs: Specs, *, unset_only: bool = False, subjects: str = "defaultOnly"
) -> None:
    if not namespace:
        return

    def chosen(value: JsonValue) -> JsonValue:
        return value if unset_only and value else namespace

    for resource in resources:
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
        if any(resource.gvk.is_selected_by(gvk) for gvk in _NEVER_RENAMED):
            continue
        for spec in specs:
            if not resource.gvk.is_selected_by(spec.gvk):
                continue
            if spec.path == "metadata/name":
                resource.remember_id()
                note(resource)
            change(resource.obj, (spec,), resource.gvk, lambda value: change_name(str(value or "")), creates=False)
    resources.renamed()


def _label_specs(entry: JsonObject, configuration: Configuration) -> Specs:
    own = tuple(FieldSpec.parse(raw, "labels.fields") for raw in entry.get("fields") or ())
    specs = (*own, *configuration.labels)
    if entry.get("includeSelectors"):
        return tuple(dict.fromkeys((*specs, *configuration.common_labels)))
    if entry.get("includeTemplates"):
        specs = (*specs, *configuration.template_labels)
    if entry.get("includeVolumeClaimTemplates"):
        specs = (*specs, *configuration.volume_claim_labels)
    return tuple(dict.fromkeys((*specs, METADATA_LABELS)))


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


def set_replicas(resources: ResourceSet, entries: list[JsonObject], specs: Specs) -> None:
    for index, entry in enumerate(entries):
        name, count = entry.get("name"), entry.get("count")
        if not isinstance(count, int) or isinstance(count, bool):
            raise ToolError(f"replicas[{index}].count: {count!r} should be an integer")
        found = [
            (spec, resource)
            for spec in specs
            for resource in resources
            if any(one.name == name and one.gvk.is_selected_by(spec.gvk) for one in resource.ids())
        ]
        for spec, resource in found:
            change(resource.obj, (spec,), resource.gvk, partial(_constant, count), creates=True)
        if not found:
            kinds = ", ".join(dict.fromkeys(spec.kind for spec in specs))
            raise ToolError(f"replicas[{index}]: resource with name {name!r} does not match a config of {kinds}")


def _constant(value: JsonValue, _: JsonValue) -> JsonValue:
    return value
