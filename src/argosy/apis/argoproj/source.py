"""Where an application's manifests come from; used by Application, its operations and its history alike."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.schema import Doc, FreeObject, IntOrText, Name, Object, Rules, schema

NotRoot = Rules({"minLength": 1, "pattern": r"^.{2,}|[^./]$"})
"""A path other than the root."""


@schema
class NamedValue:
    """A name and its value."""

    name: str
    value: str


@schema
class JsonnetVariable:
    """A variable handed to Jsonnet."""

    name: str
    value: str
    code: Annotated[bool, Doc("The value is Jsonnet, not text.")] = False


@schema
class Jsonnet:
    """How Jsonnet files of a directory are evaluated."""

    ext_vars: Annotated[tuple[JsonnetVariable, ...], Doc("External variables.")] = ()
    libs: Annotated[tuple[str, ...], Doc("Library folders, relative to the repository.")] = ()
    tlas: Annotated[tuple[JsonnetVariable, ...], Doc("Top-level arguments.")] = ()


@schema
class Directory:
    """A folder of plain manifests."""

    disable_extension_filter: Annotated[bool, Doc("Read every file, whatever its name ends in.")] = False
    exclude: Annotated[str, Doc("Glob of paths to leave out.")] = ""
    include: Annotated[str, Doc("Glob of paths to read.")] = ""
    jsonnet: Jsonnet | None = None
    recurse: Annotated[bool, Doc("Read folders below, too.")] = False


@schema
class HelmFileParameter:
    """A Helm value that is a file's content."""

    name: str = ""
    path: str = ""


@schema
class HelmParameter:
    """A Helm value set by name."""

    force_string: Annotated[bool, Doc("Keep the value as text.")] = False
    name: str = ""
    value: str = ""


@schema
class Helm(Object):
    """Options of a Helm chart."""

    api_versions: Annotated[tuple[str, ...], Doc("API versions offered to the chart instead of the cluster's.")] = ()
    file_parameters: tuple[HelmFileParameter, ...] = ()
    ignore_missing_value_files: Annotated[bool, Doc("A value file that is not there is no error.")] = False
    kube_version: Annotated[str, Doc("Kubernetes version offered to the chart.")] = ""
    namespace: Annotated[str, Doc("Release namespace; default: the destination's.")] = ""
    parameters: tuple[HelmParameter, ...] = ()
    pass_credentials: Annotated[bool, Doc("Send the repository's credentials to other hosts as well.")] = False
    release_name: Annotated[str, Doc("Default: the application's name.")] = ""
    skip_crds: bool = False
    skip_schema_validation: bool = False
    skip_tests: bool = False
    value_files: Annotated[tuple[str, ...], Doc("Value files, later ones win.")] = ()
    values: Annotated[str, Doc("Values as YAML text.")] = ""
    values_object: Annotated[FreeObject | None, Doc("Values as an object; wins over `values`.")] = None
    version: Annotated[str, Doc("Ignored: there is one Helm.")] = ""


@schema
class KustomizeTarget:
    """Which objects a patch is for."""

    annotation_selector: str = ""
    group: str = ""
    kind: str = ""
    label_selector: str = ""
    name: str = ""
    namespace: str = ""
    version: str = ""


@schema
class KustomizePatch:
    """A patch of the built objects."""

    options: dict[str, bool] | None = None
    patch: str = ""
    path: str = ""
    target: KustomizeTarget | None = None


@schema
class KustomizeReplicas:
    """A replica count by name."""

    count: Annotated[IntOrText, Doc("A number, or a number as text.")]
    name: str


@schema
class Kustomize:
    """Overrides of a kustomization."""

    api_versions: tuple[str, ...] = ()
    common_annotations: dict[str, str] | None = None
    common_annotations_envsubst: Annotated[bool, Doc("Substitute build variables in annotation values.")] = False
    common_labels: dict[str, str] | None = None
    components: tuple[str, ...] = ()
    force_common_annotations: bool = False
    force_common_labels: bool = False
    ignore_missing_components: bool = False
    images: Annotated[tuple[str, ...], Doc("Image overrides: [old=]new[:tag][@digest].")] = ()
    kube_version: str = ""
    label_include_templates: bool = False
    label_without_selector: bool = False
    name_prefix: str = ""
    name_suffix: str = ""
    namespace: str = ""
    patches: tuple[KustomizePatch, ...] = ()
    replicas: tuple[KustomizeReplicas, ...] = ()
    version: str = ""


@schema
class PluginParameter:
    """A parameter of a plug-in: text, list or map."""

    array: tuple[str, ...] = ()
    map: dict[str, str] | None = None
    name: str = ""
    string: str = ""


@schema
class Plugin:
    """A config-management plug-in."""

    env: tuple[NamedValue, ...] = ()
    name: str = ""
    parameters: tuple[PluginParameter, ...] = ()


@schema
class Source(Object):
    """One source of manifests."""

    chart: Annotated[str, Doc("Chart name in a Helm repository.")] = ""
    directory: Directory | None = None
    helm: Helm | None = None
    kustomize: Kustomize | None = None
    name: str = ""
    path: Annotated[str, Doc("Folder in the repository.")] = ""
    plugin: Plugin | None = None
    ref: Annotated[str, Doc("Name by which other sources' value files refer to this one.")] = ""
    repo_url: Annotated[str, Name("repoURL"), Doc("Git, Helm or OCI repository.")]
    tag_prefix: Annotated[str, Doc("Only tags with this prefix count for version constraints.")] = ""
    target_revision: Annotated[str, Doc("Branch, tag, commit or version constraint; empty is HEAD.")] = ""


@schema
class DrySource(Object):
    """What the hydrator renders from."""

    directory: Directory | None = None
    helm: Helm | None = None
    kustomize: Kustomize | None = None
    path: str
    plugin: Plugin | None = None
    repo_url: Annotated[str, Name("repoURL")]
    target_revision: str


@schema
class HydrateTo:
    """Where the hydrator pushes for review."""

    target_branch: str


@schema
class SyncSource(Object):
    """Where hydrated manifests are synced from."""

    path: Annotated[str, NotRoot]
    repo_url: Annotated[str, Name("repoURL")] = ""
    target_branch: str


@schema
class SourceHydrator(Object):
    """A dry source and the branch that holds its rendering."""

    dry_source: DrySource
    hydrate_to: HydrateTo | None = None
    sync_source: SyncSource
