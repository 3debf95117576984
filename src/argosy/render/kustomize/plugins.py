"""Generators and transformers configured in files of their own: Kustomize's built-in ones.

`generators`, `transformers` and `validators` name resources; one of apiVersion `builtin` configures a transformer as a
field of the kustomization would. Others run code of the repository (functions.py), and are refused by controllers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.render.files import ToolError
from argosy.render.kustomize.functions import function_of, transform
from argosy.render.kustomize.generators import generate_one
from argosy.render.kustomize.model import Kustomization
from argosy.render.kustomize.place import Place
from argosy.render.kustomize.resource import Resource, ResourceSet
from argosy.render.kustomize.shapes import CHART, GENERATOR, REPLACEMENT, ListOf, shaped
from argosy.render.kustomize.transform.fieldspecs import FieldSpec, Specs
from argosy.render.kustomize.transform.images import set_images
from argosy.render.kustomize.transform.openapi import Schemas
from argosy.render.kustomize.transform.patches import apply_json_patch_to, apply_patch, apply_strategic_files
from argosy.render.kustomize.transform.replacements import apply_replacements
from argosy.render.kustomize.transform.scalars import text_of
from argosy.render.kustomize.transform.transformers import (
    add_prefix,
    add_suffix,
    set_entries,
    set_namespace,
    set_replicas,
)

Read = Callable[[str], bytes]
Inflate = Callable[[Place, Kustomization, JsonObject, str], Sequence[Resource]]
_SUBJECTS: Final = ("defaultOnly", "none", "allServiceAccounts")
_META: Final = ("apiVersion", "kind", "metadata")


def run_generator(
    config: Resource, place: Place, kustomization: Kustomization, inflate: Inflate | None
) -> list[Resource]:
    kind = config.gvk.kind if config.obj.get("apiVersion") == "builtin" else ""
    arguments = {key: value for key, value in config.obj.items() if key not in _META}
    if kind in ("ConfigMapGenerator", "SecretGenerator"):
        known = {"name": config.name, "namespace": config.namespace}
        fields = {**GENERATOR, "type": "string"} if kind == "SecretGenerator" else GENERATOR
        given = {key: value for key, value in arguments.items() if key in fields}
        for key in set(arguments) - set(given):
            place.workspace.warn(f"{kind} {config.name}: field {key!r} has no effect in a generator's own file")
        named = {**{key: value for key, value in known.items() if value}, **shaped(given, fields, kind)}
        return [generate_one(kind.removesuffix("Generator"), named, place.read)]
    if kind == "HelmChartInflationGenerator":
        if inflate is None:
            raise ToolError(f"{config.name}: {kind}: must specify --enable-helm in kustomize.buildOptions")
        home = arguments.pop("chartHome", None)
        arguments.pop("configHome", None)
        chart = shaped(arguments, CHART, kind)
        return list(inflate(place, kustomization, {**chart, "chartHome": home} if home else chart, ""))
    if kind == "IAMPolicyGenerator":
        return [_policy(config)]
    if (function := function_of(config)) is not None:
        return function.run(place, [])
    raise _refusal(config)


def run_transformer(config: Resource, resources: ResourceSet, place: Place, schemas: Schemas) -> None:
    """In place. Raises ToolError if it is neither a built-in transformer nor a function that may run."""
    kind = config.gvk.kind
    if config.obj.get("apiVersion") != "builtin" or kind not in _RUNNERS:
        if (function := function_of(config)) is None:
            raise _refusal(config)
        transform(function, place, resources)
        return
    specs = tuple(FieldSpec.parse(spec, kind) for spec in config.obj.get("fieldSpecs") or ())
    _RUNNERS[kind](_Run(config, resources, specs, place.read, schemas))


class _Run:
    """One configured transformer."""

    def __init__(self, config: Resource, resources: ResourceSet, specs: Specs, read: Read, schemas: Schemas) -> None:
        self.config = config
        self.raw = config.obj
        self.resources = resources
        self.specs = specs
        self.read = read
        self.schemas = schemas
        self.where = f"{config.gvk.kind} {config.name}"

    def text(self, field: str) -> str:
        return text_of(self.raw.get(field))

    def map(self, field: str) -> JsonObject:
        value = self.raw.get(field) or {}
        if not isinstance(value, dict):
            raise ToolError(f"{self.where}: {field}: should be a map, got {str(value)[:60]!r}")
        return value

    def namespace(self) -> None:
        subjects = self.text("setRoleBindingSubjects") or "defaultOnly"
        if subjects not in _SUBJECTS:
            raise ToolError(
                f"{self.where}: setRoleBindingSubjects: {subjects!r} should be one of {', '.join(_SUBJECTS)}"
            )
        unset_only = bool(self.raw.get("unsetOnly"))
        set_namespace(self.resources, self.config.namespace, self.specs, unset_only=unset_only, subjects=subjects)

    def prefix(self) -> None:
        add_prefix(self.resources, self.text("prefix"), self.specs)

    def suffix(self) -> None:
        add_suffix(self.resources, self.text("suffix"), self.specs)

    def affixes(self) -> None:
        self.prefix()
        self.suffix()

    def labels(self) -> None:
        set_entries(self.resources, self.map("labels"), self.specs)

    def annotations(self) -> None:
        set_entries(self.resources, self.map("annotations"), self.specs)

    def images(self) -> None:
        image = self.map("imageTag")
        image = {key: text_of(value) for key, value in image.items() if value is not None}
        set_images(self.resources, image, self.where, self.specs)

    def replicas(self) -> None:
        replica = self.map("replica")
        if not isinstance(replica.get("count"), int):
            raise ToolError(f"{self.where}: replica.count: {replica.get('count')!r} should be an integer")
        set_replicas(self.resources, replica, self.where, self.specs)

    def patch(self) -> None:
        apply_patch(self.resources, self.raw, self.where, self.read, self.schemas)

    def strategic(self) -> None:
        patches = [self.text("patches")] if self.raw.get("patches") else []
        apply_strategic_files(self.resources, [*(self.raw.get("paths") or ()), *patches], self.read, self.schemas)

    def json(self) -> None:
        entry = {"target": self.map("target"), "path": self.raw.get("path"), "patch": self.raw.get("jsonOp")}
        apply_json_patch_to(self.resources, entry, self.where, self.read)

    def replacements(self) -> None:
        entries = shaped(self.raw.get("replacements") or [], ListOf(REPLACEMENT), f"{self.where}: replacements")
        apply_replacements(self.resources, entries, self.read)

    def hashes(self) -> None:
        """Runs at the end of every build."""


_RUNNERS: Final[Mapping[str, Callable[[_Run], None]]] = {
    "NamespaceTransformer": _Run.namespace,
    "PrefixTransformer": _Run.prefix,
    "SuffixTransformer": _Run.suffix,
    "PrefixSuffixTransformer": _Run.affixes,
    "LabelTransformer": _Run.labels,
    "AnnotationsTransformer": _Run.annotations,
    "ImageTagTransformer": _Run.images,
    "ReplicaCountTransformer": _Run.replicas,
    "PatchTransformer": _Run.patch,
    "PatchStrategicMergeTransformer": _Run.strategic,
    "PatchJson6902Transformer": _Run.json,
    "ReplacementTransformer": _Run.replacements,
    "HashTransformer": _Run.hashes,
}


def _policy(config: Resource) -> Resource:
    """Maps a Kubernetes service account to a Google one."""
    raw: Any = config.obj
    if raw.get("cloud") != "gke":
        raise ToolError(f"{config.name}: IAMPolicyGenerator: cloud provider {raw.get('cloud')!r} should be gke")
    account, service = raw.get("kubernetesService") or {}, raw.get("serviceAccount") or {}
    target = f"{service.get('name') or ''}@{service.get('projectId') or ''}.iam.gserviceaccount.com"
    metadata: JsonObject = {"annotations": {"iam.gke.io/gcp-service-account": target}, "name": account.get("name")}
    if account.get("namespace"):
        metadata["namespace"] = account["namespace"]
    return Resource({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


def _refusal(config: Resource) -> ToolError:
    what = f"{config.obj.get('apiVersion')} {config.gvk.kind}"
    return ToolError(
        f"{what}: external plugins disabled; unable to load external plugin {config.name!r} (only apiVersion builtin)"
    )
