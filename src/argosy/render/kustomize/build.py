"""`kustomize build`: a directory with a kustomization becomes manifests.

Own implementation over `render.files`: it runs on any tree without a checkout, records exactly what it read, and is
checked against the real program (tests/render/kustomize). Remote bases are requested through the workspace.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import yaml
from argosy.render.files import ToolError, Workspace
from argosy.render.kustomize.generators import absorb, content_hash, generate
from argosy.render.kustomize.model import FILE_NAMES, Kustomization
from argosy.render.kustomize.origins import Origin, annotate, by_configuration, note_transformation
from argosy.render.kustomize.place import Place, told_both
from argosy.render.kustomize.reading import resources_of
from argosy.render.kustomize.remotes import is_url, repository_of
from argosy.render.kustomize.resource import Resource, ResourceSet
from argosy.render.kustomize.transform.configurations import load_configurations
from argosy.render.kustomize.transform.definitions import load_definitions
from argosy.render.kustomize.transform.fieldspecs import EMPTY, Configuration
from argosy.render.kustomize.transform.openapi import Schemas
from argosy.render.kustomize.transform.ordering import in_order
from argosy.render.kustomize.transform.references import mend_references
from argosy.render.kustomize.transform.scalars import plain, text_of
from argosy.render.kustomize.transform.transformers import transformations
from argosy.render.kustomize.transform.variables import bind_variables, resolve_variables

Overrides = Callable[[JsonObject], JsonObject]
"""Edits of the top kustomization file before it is read (an Application's kustomize block)."""
Inflate = Callable[[Place, Kustomization, JsonObject, str], Sequence[Resource]]
"""The resources of one `helmCharts` entry; its last argument is the namespace set by the kustomizations above."""

MANAGED_BY = "app.kubernetes.io/managed-by"
VERSION = "kustomize-v5.8.1"
"""The version that we follow, as the program reports it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The supported flags of `kustomize build`."""

    reorder: str = ""
    """`none` or `legacy`; the kustomization's `sortOptions` take precedence."""
    files_outside: bool = False
    managed_by: bool = False
    inflate: Inflate | None = None
    """None when `--enable-helm` is off."""


def build(
    workspace: Workspace, path: str, options: Options | None = None, *, overrides: Overrides | None = None
) -> list[JsonObject]:
    """Manifests of the kustomization in `path`. Raises ToolError naming the wrong file."""
    options = options or Options()
    place = Place(workspace, workspace.files, "", options.files_outside)
    top = _Build(options).run(
        Place(workspace, workspace.files, place.resolve(path or "."), options.files_outside), overrides
    )
    resources, configuration = top.resources, top.configuration
    _add_hashes(resources)
    mend_references(resources, configuration)
    resolve_variables(resources, top.variables, configuration.var_references)
    resources.keep(lambda resource: not _is_local(resource))
    _label_builder(resources, top.kustomization, options)
    for resource in resources:
        _finish_annotations(resource)
    annotate(resources, top.kustomization.build_metadata)
    ordered = in_order(resources, top.kustomization, options.reorder)
    return [_as_json(resource) for resource in ordered]


def _as_json(resource: Resource) -> JsonObject:
    obj = plain(resource.obj)
    assert isinstance(obj, dict)
    return obj


def _add_hashes(resources: ResourceSet) -> None:
    for resource in resources:
        if resource.needs_hash:
            resource.remember_id()
            resource.metadata["name"] = f"{resource.name}-{content_hash(resource.obj)}"
    resources.renamed()


def _is_local(resource: Resource) -> bool:
    annotations = resource.metadata.get("annotations") or {}
    value = annotations.get("config.kubernetes.io/local-config")
    return value is not None and text_of(value) != "false"


def _label_builder(resources: ResourceSet, kustomization: Kustomization, options: Options) -> None:
    if options.managed_by or "managedByLabel" in kustomization.build_metadata:
        for resource in resources:
            resource.metadata["labels"] = {**(resource.metadata.get("labels") or {}), MANAGED_BY: VERSION}


def _finish_annotations(resource: Resource) -> None:
    """Annotations are strings, whatever was written; an empty map is dropped."""
    found = resource.metadata.get("annotations")
    if isinstance(found, dict):
        found = {name: text_of(value) for name, value in found.items()}
        found = {name: value for name, value in found.items() if not name.startswith("internal.config.kubernetes.io/")}
        resource.metadata["annotations"] = found
    if not found:
        resource.metadata.pop("annotations", None)


class _Accumulated:
    """The result of one kustomization and everything below it."""

    def __init__(self, kustomization: Kustomization) -> None:
        self.kustomization = kustomization
        self.resources = ResourceSet()
        self.configuration = EMPTY
        self.variables: dict[str, JsonObject] = {}

    def configure(self, configuration: Configuration) -> None:
        self.configuration = self.configuration.merged(configuration)

    def absorb(self, other: _Accumulated) -> None:
        self.resources.extend(other.resources)
        self.configure(other.configuration)
        self.add_variables(list(other.variables.values()), other.kustomization.where)

    def add_variables(self, variables: Sequence[JsonObject], where: str) -> None:
        for variable in variables:
            name = str(variable.get("name") or "")
            if name in self.variables:
                raise ToolError(f"{where}: var {name!r} already encountered")
            self.variables[name] = variable


@dataclass(frozen=True, slots=True)
class _Result:
    kustomization: Kustomization
    resources: ResourceSet
    configuration: Configuration
    variables: dict[str, JsonObject]


@dataclass(frozen=True, slots=True)
class _Above:
    """What a kustomization passes down to those that it includes."""

    metadata: frozenset[str]
    origin: Origin | None
    namespace: str = ""

    def at(self, entry: str, namespace: str) -> _Above:
        origin = self.origin.at(entry) if self.origin is not None else None
        return _Above(self.metadata, origin, namespace or self.namespace)


class _Build:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.schemas = Schemas()

    def run(self, place: Place, overrides: Overrides | None) -> _Result:
        kustomization = self._load(place, overrides)
        metadata = kustomization.build_metadata
        above = _Above(metadata, Origin() if kustomization.items("buildMetadata") else None)
        found = self._accumulate(_Accumulated(kustomization), kustomization, place, above)
        return _Result(kustomization, found.resources, found.configuration, found.variables)

    def _load(self, place: Place, overrides: Overrides | None = None) -> Kustomization:
        found = [name for name in FILE_NAMES if place.kind_of(name) == "file"]
        if not found:
            names = "', '".join(FILE_NAMES)
            raise ToolError(f"unable to find one of '{names}' in directory '{place.path or '.'}'")
        if len(found) > 1:
            raise ToolError(f"Found multiple kustomization files under: {place.path or '.'}: {', '.join(found)}")
        where = place.resolve(found[0])
        try:
            warn = self._warner(place, where)
            document = next(yaml.load_all(place.read(found[0]), repeated=warn), None)
        except yaml.YamlError as error:
            raise ToolError(f"{where}: {error}") from None
        if overrides is not None:
            document = overrides(document if isinstance(document, dict) else {})
        kustomization = Kustomization(document, where)
        self.schemas.choose(kustomization, place.read, is_top=place.from_ is None)
        return kustomization

    def _warner(self, place: Place, where: str) -> Callable[[str], None]:
        return lambda fault: place.workspace.warn(f"{where}: {fault}; the last one counts")

    def _accumulate(
        self, result: _Accumulated, kustomization: Kustomization, place: Place, above: _Above
    ) -> _Accumulated:
        self._add_resources(result, kustomization.resources, kustomization, place, above)
        result.configure(load_configurations(kustomization.items("configurations"), place.read))
        result.configure(load_definitions(kustomization.items("crds"), place.read))
        self._generate(result, kustomization, place, above)
        for component in kustomization.items("components"):
            self._add_component(result, component, kustomization, place, above)
        self._transform(result, kustomization, place, above)
        bind_variables(result.resources, kustomization.items("vars"), kustomization.where)
        result.add_variables(kustomization.items("vars"), kustomization.where)
        return result

    def _add_resources(
        self, result: _Accumulated, entries: Sequence[str], kustomization: Kustomization, place: Place, above: _Above
    ) -> None:
        for entry in entries:
            data, problem = place.fetched_file(entry)
            if data is None and problem == "" and not _is_remote(entry) and place.kind_of(entry) == "file":
                data = place.read(entry)
            if data is not None:
                try:
                    found = resources_of(data, entry if _is_remote(entry) else place.resolve(entry))
                except ToolError as error:
                    if not _is_remote(entry):
                        raise
                    problem = str(error)
                else:
                    self._append(result, found, entry, above)
                    continue
            self._add_base(result, entry, kustomization, place, above, problem)

    def _append(self, result: _Accumulated, found: Sequence[Resource], entry: str, above: _Above) -> None:
        for resource in found:
            if above.origin is not None:
                resource.origin = above.origin.at(entry)
            result.resources.append(resource)

    def _add_base(
        self,
        result: _Accumulated,
        entry: str,
        kustomization: Kustomization,
        place: Place,
        above: _Above,
        problem: str,
    ) -> None:
        if not _is_remote(entry) and not place.kind_of(entry):
            raise ToolError(f"accumulating resources: {place.path or '.'}: no such file or directory: {entry!r}")
        with told_both(problem):
            inner = place.below(entry)
            base = self._load(inner)
            if base.kind == "Component":
                raise ToolError(
                    f"{base.where}: expected kind 'Kustomization', components belong in `components`, got 'Component'"
                )
            below = above.at(entry, kustomization.text("namespace"))
        result.absorb(self._accumulate(_Accumulated(base), base, inner, below))

    def _add_component(
        self, result: _Accumulated, entry: str, kustomization: Kustomization, place: Place, above: _Above
    ) -> None:
        inner = place.below(entry)
        component = self._load(inner)
        if component.kind != "Component":
            raise ToolError(f"{component.where}: expected kind 'Component', got {component.kind!r}")
        self._accumulate(result, component, inner, above.at(entry, kustomization.text("namespace")))

    def _generate(self, result: _Accumulated, kustomization: Kustomization, place: Place, above: _Above) -> None:
        file = kustomization.where.rpartition("/")[2]
        for kind, resource in generate(kustomization, place.read):
            self._absorb(result, [resource], above.origin and above.origin.configured(file, kind))
        charts = kustomization.charts
        if charts and self.options.inflate is None:
            raise ToolError(f"{kustomization.where}: helmCharts: must specify --enable-helm in kustomize.buildOptions")
        for chart in charts:
            assert self.options.inflate is not None
            found = self.options.inflate(place, kustomization, chart, above.namespace)
            self._absorb(result, found, above.origin and above.origin.configured(file, "HelmChartInflationGenerator"))
        for config in self._configs(kustomization.items("generators"), kustomization, place, above):
            from argosy.render.kustomize.plugins import run_generator

            made = run_generator(config, place, kustomization, self.options.inflate)
            self._absorb(result, made, by_configuration(config))

    def _absorb(self, result: _Accumulated, found: Sequence[Resource], origin: Origin | None) -> None:
        for resource in found:
            resource.origin = resource.origin or origin
        absorb(result.resources, found)

    def _transform(self, result: _Accumulated, kustomization: Kustomization, place: Place, above: _Above) -> None:
        file, configuration = kustomization.where.rpartition("/")[2], result.configuration
        for kind, run in transformations(result.resources, kustomization, configuration, place.read, self.schemas):
            run()
            result.resources.keep(lambda resource: bool(resource.obj))
            if above.origin is not None:
                note_transformation(result.resources, above.origin.configured(file, kind))
        for config in self._configs(kustomization.items("transformers"), kustomization, place, above):
            from argosy.render.kustomize.plugins import run_transformer

            run_transformer(config, result.resources, place, self.schemas)
            result.resources.keep(lambda resource: bool(resource.obj))
            if (origin := by_configuration(config)) is not None:
                note_transformation(result.resources, origin)
        for config in self._configs(kustomization.items("validators"), kustomization, place, above):
            from argosy.render.kustomize.plugins import run_transformer

            before = [copy.deepcopy(resource.obj) for resource in result.resources]
            run_transformer(config, result.resources, place, self.schemas)
            if before != [resource.obj for resource in result.resources]:
                raise ToolError(f"{kustomization.where}: validator {config.name!r} shouldn't modify the resource map")

    def _configs(
        self, entries: Sequence[str], kustomization: Kustomization, place: Place, above: _Above
    ) -> list[Resource]:
        """Configurations of generators and transformers: inline YAML, files, or kustomizations, which are built too."""
        gathered = _Accumulated(kustomization)
        paths: list[str] = []
        for entry in entries:
            try:
                found = resources_of(entry, kustomization.where)
            except ToolError:
                if "\n" in entry:
                    raise
                paths.append(entry)
                continue
            self._append(gathered, found, kustomization.where.rpartition("/")[2], above)
        self._add_resources(gathered, paths, kustomization, place, above)
        return list(gathered.resources)


def _is_remote(entry: str) -> bool:
    return is_url(entry) or repository_of(entry) is not None
