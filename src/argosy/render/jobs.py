"""Builds a job from a request, its source's override files and its environment, including the choice of tool.

Nothing here waits or starts anything, and little is imported: `argosy render` starts with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.render.detect import detect
from argosy.render.environment import (
    environment_of,
    substitute_directory,
    substitute_helm,
    substitute_kustomize,
    substitute_plugin,
)
from argosy.render.files import DIRECTORY_LIMIT, Job
from argosy.render.overrides import with_overrides
from argosy.render.plugins.definitions import DEFINITIONS
from argosy.render.port import RenderError, RenderRequest, SourceType
from argosy.sources.paths import normalise, shown
from argosy.sources.port import Tree

_SETTINGS: Final = {
    "Directory": (DIRECTORY_LIMIT, "jsonnet.enable"),
    "Helm": ("helm.valuesFileSchemes",),
    "Kustomize": ("kustomize.buildOptions",),
    "Plugin": (),
}

KindOf = Callable[[str], str]
"""What a path of the source's tree leads to: `file`, `dir` or "" for nothing. Raises SourceError."""


def job_of(request: RenderRequest, kind_of: KindOf) -> tuple[Job, SourceType]:
    """Raises RenderError in upstream's wording, or Rejected for a path outside the root."""
    path = _application_path(request.source, kind_of)
    source = with_overrides(request.source, path, request.app_name, request.tree, lambda file: kind_of(file) == "file")
    source_type = detect(source, _names(request.tree, path), request.settings)
    return _job(request, source, source_type, path), source_type


def _application_path(source: JsonObject, kind_of: KindOf) -> str:
    """Normalised."""
    given = str(source.get("path") or "")
    path = normalise(given)
    kind = kind_of(path)
    if kind == "dir":
        return path
    raise RenderError(f"{shown(given)}: app path {'is not a directory' if kind else 'does not exist'}")


def _names(tree: Tree, path: str) -> list[str]:
    return [entry.name for entry in tree.list(path) if entry.kind != "dir"]


def _job(request: RenderRequest, source: JsonObject, source_type: SourceType, path: str) -> Job:
    environment = environment_of(request)
    options = source.get(source_type.lower()) or {}
    if not isinstance(options, dict):
        raise RenderError(f"source.{source_type.lower()}: must be an object")
    if source_type == "Plugin":
        options = {"plugin": substitute_plugin(options, environment), DEFINITIONS: list(request.plugins)}
    elif source_type == "Helm":
        options = substitute_helm(options, environment)
    elif source_type == "Kustomize":
        options = substitute_kustomize(options, environment)
    elif source_type == "Directory":
        options = substitute_directory(options, environment)
    return Job(
        tool=source_type,
        path=path,
        options=options,
        namespace=str(options.get("namespace") or "") or request.namespace
        if source_type == "Helm"
        else request.namespace,
        release_name=request.release_name,
        app_name=request.app_name,
        kube_version=str(options.get("kubeVersion") or "") or request.kube_version,
        api_versions=tuple(options.get("apiVersions") or ()) or request.api_versions,
        environment=environment if source_type == "Plugin" else {},
        settings=_settings(source_type, options, request.settings),
    )


def _settings(source_type: SourceType, options: JsonObject, given: Mapping[str, str]) -> dict[str, str]:
    """The options that this rendering depends on: one of another tool, or version, must not cause a new rendering."""
    names = list(_SETTINGS[source_type])
    if source_type == "Kustomize" and (version := options.get("version")):
        names += [f"kustomize.{what}.{version}" for what in ("version", "path", "buildOptions")]
    return {name: given[name] for name in names if name in given}
