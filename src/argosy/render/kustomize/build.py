"""`kustomize build`: a directory with a kustomization becomes manifests.

Own implementation over `render.files`: it runs on any tree without a checkout, notes exactly what it read, and is
checked against the real program (tests/render/kustomize). Remote bases are asked for through the workspace.
"""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Callable, Sequence

import re2

from argosy.machinery import yaml
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import Files, ToolError, Workspace
from argosy.render.kustomize.configurations import DEFAULTS, load_configurations
from argosy.render.kustomize.fieldspecs import Configuration
from argosy.render.kustomize.generators import absorb, content_hash, generate
from argosy.render.kustomize.model import FILE_NAMES, Kustomization
from argosy.render.kustomize.ordering import in_order
from argosy.render.kustomize.patches import Schemas
from argosy.render.kustomize.plugins import run_generator, run_transformer
from argosy.render.kustomize.references import mend_references
from argosy.render.kustomize.resource import Resource, ResourceSet
from argosy.render.kustomize.transformers import transform
from argosy.render.kustomize.variables import resolve_variables

Overrides = Callable[[JsonObject], JsonObject]
"""Edits of the top kustomization file before it is read (an Application's kustomize block)."""
Inflate = Callable[[Files, str, Kustomization], Sequence[JsonObject]]
"""Helm charts of a kustomization; absent when `--enable-helm` is off."""

_REMOTE = re2.compile(r"^([a-z+]+://|git@|github\.com[/:]|gitlab\.com[/:]|bitbucket\.org[/:]|[^/]+@[^/]+:)")
_MAX_DEPTH = 64


def build(
    workspace: Workspace,
    path: str,
    schemas: Schemas,
    *,
    overrides: Overrides | None = None,
    inflate: Inflate | None = None,
) -> list[JsonObject]:
    """Manifests of the kustomization in `path`. Raises ToolError naming the file at fault."""
    builder = _Builder(workspace, schemas, inflate)
    top = builder.accumulate(workspace.files, path, (), overrides=overrides)
    resources, configuration = top.resources, top.configuration
    _add_hashes(resources)
    mend_references(resources, configuration)
    resolve_variables(resources, top.variables, configuration.var_references)
    resources.keep(lambda resource: not _is_local(resource))
    _label_builder(resources, top.kustomization)
    return [resource.obj for resource in in_order(resources, top.kustomization.mapping("sortOptions"))]


def _add_hashes(resources: ResourceSet) -> None:
    for resource in resources:
        if resource.needs_hash:
            resource.remember_id()
            resource.metadata["name"] = f"{resource.name}-{content_hash(resource.obj)}"
    resources.renamed()


def _is_local(resource: Resource) -> bool:
    annotations = resource.metadata.get("annotations") or {}
    value = annotations.get("config.kubernetes.io/local-config")
    return value is not None and str(value) != "false"


def _label_builder(resources: ResourceSet, kustomization: Kustomization) -> None:
    if "managedByLabel" in kustomization.items("buildMetadata"):
        for resource in resources:
            labels = resource.metadata.setdefault("labels", {})
            labels["app.kubernetes.io/managed-by"] = "kustomize-v5.8.1"


class _Accumulated:
    """What one kustomization and all below it came to."""

    def __init__(self, kustomization: Kustomization, resources: ResourceSet, configuration: Configuration) -> None:
        self.kustomization = kustomization
        self.resources = resources
        self.configuration = configuration
        self.variables: list[JsonObject] = []

    def absorb(self, other: _Accumulated) -> None:
        self.resources.extend(other.resources)
        self.configuration = self.configuration.merged(other.configuration)
        names = {variable.get("name") for variable in self.variables}
        for variable in other.variables:
            if variable.get("name") in names:
                raise ToolError(f"{other.kustomization.where}: var {variable.get('name')!r} already encountered")
            self.variables.append(variable)


class _Builder:
    def __init__(self, workspace: Workspace, schemas: Schemas, inflate: Inflate | None) -> None:
        self.workspace = workspace
        self.schemas = schemas
        self.inflate = inflate

    def accumulate(
        self,
        files: Files,
        path: str,
        above: tuple[tuple[int, str], ...],
        *,
        into: _Accumulated | None = None,
        overrides: Overrides | None = None,
    ) -> _Accumulated:
        """`above` are the directories being read, to find cycles; `into` is the parent of a Component."""
        path = posixpath.normpath(path) if path else ""
        path = "" if path == "." else path
        place = (id(files), path)
        if place in above or len(above) > _MAX_DEPTH:
            raise ToolError(f"cycle detected: {path or '.'} is already being read")
        kustomization = self._load(files, path, overrides)
        self._check_kind(kustomization, is_component=into is not None)
        read = _reader(files, path)
        configuration = load_configurations(kustomization.items("configurations"), read)
        result = into or _Accumulated(kustomization, ResourceSet(), DEFAULTS)
        result.configuration = result.configuration.merged(configuration)
        above = (*above, place)
        self._add_resources(result, kustomization.resources, files, path, above)
        self._generate(result, kustomization, files, path)
        for component in kustomization.items("components"):
            self._add_component(result, component, files, path, above)
        transform(result.resources, kustomization, result.configuration, read, self.schemas)
        self._run_transformers(result, kustomization, files, path, above)
        self._add_variables(result, kustomization)
        return result

    def _load(self, files: Files, path: str, overrides: Overrides | None) -> Kustomization:
        found = [name for name in FILE_NAMES if (entry := files.stat(_join(path, name))) and entry.kind == "file"]
        if not found:
            names = "', '".join(FILE_NAMES)
            raise ToolError(f"unable to find one of '{names}' in directory '{path or '.'}'")
        if len(found) > 1:
            raise ToolError(f"Found multiple kustomization files under: {path or '.'}: {', '.join(found)}")
        where = _join(path, found[0])
        raw = _parse(files.read(where), where)
        if len(raw) > 1:
            raise ToolError(f"{where}: invalid Kustomization: expected one YAML document")
        document = raw[0] if raw else None
        if overrides is not None:
            document = overrides(document if isinstance(document, dict) else {})
        return Kustomization(document, where)

    def _check_kind(self, kustomization: Kustomization, *, is_component: bool) -> None:
        if is_component != (kustomization.kind == "Component"):
            wanted = "'Component'" if is_component else "'Kustomization', components belong in `components`"
            raise ToolError(f"{kustomization.where}: expected kind {wanted}, got {kustomization.kind!r}")

    def _add_resources(
        self, result: _Accumulated, entries: Sequence[str], files: Files, path: str, above: tuple[tuple[int, str], ...]
    ) -> None:
        for entry in entries:
            if _REMOTE.match(entry):
                remote, inside = self._remote(entry)
                result.absorb(self.accumulate(remote, inside, above))
                continue
            where = _resolve(path, entry)
            found = files.stat(where)
            if found is None:
                raise ToolError(f"accumulating resources: {path or '.'}: no such file or directory: {entry!r}")
            if found.kind == "dir":
                result.absorb(self.accumulate(files, where, above))
            else:
                result.resources.extend(_resources_of(files.read(where), where))

    def _remote(self, url: str) -> tuple[Files, str]:
        """`https://host/repo//path?ref=v1` -> the repository's files and the path in them."""
        location, _, query = url.partition("?")
        scheme, separator, rest = location.rpartition("://")
        repository, _, inside = rest.partition("//")
        if not inside and ".git/" in repository:
            repository, _, inside = repository.partition(".git/")
            repository += ".git"
        elif not inside:
            repository, inside = _split_forge(repository)
        return self.workspace.remote(f"{scheme}{separator}{repository}" + (f"?{query}" if query else "")), inside

    def _generate(self, result: _Accumulated, kustomization: Kustomization, files: Files, path: str) -> None:
        read = _reader(files, path)
        absorb(result.resources, generate(kustomization, read))
        charts = [*kustomization.items("helmCharts"), *kustomization.items("helmChartInflationGenerator")]
        if charts:
            if self.inflate is None:
                raise ToolError(
                    f"{kustomization.where}: helmCharts: must specify --enable-helm in kustomize.buildOptions"
                )
            absorb(result.resources, [Resource(obj) for obj in self.inflate(files, path, kustomization)])
        for config in self._configs(kustomization.items("generators"), files, path, ()):
            absorb(result.resources, [run_generator(config, read)])

    def _add_component(
        self, result: _Accumulated, entry: str, files: Files, path: str, above: tuple[tuple[int, str], ...]
    ) -> None:
        if _REMOTE.match(entry):
            remote, inside = self._remote(entry)
            self.accumulate(remote, inside, above, into=result)
        else:
            self.accumulate(files, _resolve(path, entry), above, into=result)

    def _run_transformers(
        self,
        result: _Accumulated,
        kustomization: Kustomization,
        files: Files,
        path: str,
        above: tuple[tuple[int, str], ...],
    ) -> None:
        read = _reader(files, path)
        for config in self._configs(kustomization.items("transformers"), files, path, above):
            run_transformer(config, result.resources, result.configuration, read, self.schemas)
        for config in self._configs(kustomization.items("validators"), files, path, above):
            before = [copy.deepcopy(resource.obj) for resource in result.resources]
            run_transformer(config, result.resources, result.configuration, read, self.schemas)
            if before != [resource.obj for resource in result.resources]:
                raise ToolError(f"{kustomization.where}: validator {config.name!r} shouldn't modify the resource map")

    def _configs(
        self, entries: Sequence[str], files: Files, path: str, above: tuple[tuple[int, str], ...]
    ) -> list[Resource]:
        """Configurations of generators and transformers: inline YAML, files, or kustomizations."""
        gathered = _Accumulated(Kustomization({"resources": []}, path), ResourceSet(), DEFAULTS)
        for entry in entries:
            if "\n" in entry or entry.startswith("{"):
                gathered.resources.extend(_resources_of(entry.encode(), path))
            else:
                self._add_resources(gathered, [entry], files, path, above)
        return list(gathered.resources)

    def _add_variables(self, result: _Accumulated, kustomization: Kustomization) -> None:
        known = {variable.get("name") for variable in result.variables}
        for variable in kustomization.items("vars"):
            if variable.get("name") in known:
                raise ToolError(f"{kustomization.where}: var {variable.get('name')!r} already encountered")
            result.variables.append(variable)


def _split_forge(repository: str) -> tuple[str, str]:
    """`github.com/owner/name/a/b` has its path after the third part, as forges lay out their URLs."""
    parts = repository.split("/")
    return "/".join(parts[:3]), "/".join(parts[3:])


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _resolve(path: str, entry: str) -> str:
    """Within the root: whoever reads the result refuses a path that leaves it."""
    if entry.startswith("/"):
        raise ToolError(f"{path or '.'}: {entry!r} is an absolute path, expected one relative to the kustomization")
    joined = posixpath.normpath(_join(path, entry))
    return "" if joined == "." else joined


def _reader(files: Files, path: str) -> Callable[[str], bytes]:
    return lambda name: files.read(_resolve(path, name))


def _parse(data: bytes, where: str) -> list[JsonValue]:
    try:
        return [document for document in yaml.load_all(data) if document is not None]
    except yaml.YamlError as error:
        raise ToolError(f"{where}: {error}") from None


def _resources_of(data: bytes, where: str) -> list[Resource]:
    found: list[Resource] = []
    for document in _parse(data, where):
        found.extend(_expanded(document, where))
    return found


def _expanded(document: JsonValue, where: str) -> list[Resource]:
    """One document; a List gives its items."""
    if not isinstance(document, dict) or not document.get("kind"):
        raise ToolError(f"{where}: expected a Kubernetes object with a kind, got {str(document)[:60]!r}")
    kind = str(document["kind"])
    if kind.endswith("List") and isinstance(document.get("items"), list):
        return [one for item in document["items"] for one in _expanded(item, where)]
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not (metadata.get("name") or metadata.get("generateName")):
        raise ToolError(f"{where}: missing metadata.name in object {kind}")
    if not document.get("apiVersion"):
        raise ToolError(f"{where}: missing apiVersion in object {kind} {metadata.get('name')!r}")
    # Anchors and aliases share parts; each resource is changed in place, so it needs its own.
    return [Resource(copy.deepcopy(document))]
