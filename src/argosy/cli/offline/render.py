"""`argosy render PATH`: the manifests of a directory by the same tools as the controllers', with no cluster.

Remote bases and charts of other repositories are not fetched: what they would bring is named in the error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import write_objects
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.render.local import LocalWorkspace, rendered_here
from argosy.render.port import RenderError, RenderRequest
from argosy.sources.directory import directory_tree
from argosy.sources.port import SourceError


def run(options: argparse.Namespace) -> int:
    name = options.app_name or options.path.absolute().name
    request = request_of(
        options.path,
        source_of(options),
        root=options.root,
        app_name=name,
        release_name=options.release_name or name,
        namespace=options.namespace,
        kube_version=options.kube_version,
        settings={"kustomize.buildOptions": build_options(options)},
    )
    write_objects(sys.stdout, rendered(request, programs=options.enable_exec), options.output)
    return Exit.OK


def request_of(
    path: Path,
    source: JsonObject,
    *,
    root: Path | None = None,
    app_name: str,
    release_name: str,
    namespace: str,
    kube_version: str = "",
    settings: Mapping[str, str] | None = None,
) -> RenderRequest:
    """The renderer's request for a directory and an Application's source, with `settings` of argocd-cm.

    Raises CommandError.
    """
    directory = path.absolute()
    if not directory.is_dir():
        raise CommandError(f"{path}: not a directory: give one with YAML, a kustomization or a chart")
    root = (root or _work_tree(directory)).absolute()
    if not directory.is_relative_to(root):
        raise CommandError(f"--root {root}: {directory} is not inside")
    try:
        tree = directory_tree(root, allow_links_out=True)
    except SourceError as error:
        raise CommandError(str(error)) from None
    return RenderRequest(
        source={**source, "repoURL": str(root), "path": directory.relative_to(root).as_posix()},
        tree=tree,
        revision="0" * 40,
        app_name=app_name,
        release_name=release_name,
        namespace=namespace,
        kube_version=kube_version,
        settings=settings or {},
    )


def build_options(options: argparse.Namespace) -> str:
    """Kustomize's options from the flags, in the form of `kustomize.buildOptions`."""
    return f"{'--enable-helm ' if options.enable_helm else ''}{options.build_options}"


def rendered(request: RenderRequest, *, programs: bool = False) -> Sequence[JsonObject]:
    """Renders in this process, because the directory is the user's own. Raises CommandError.

    `programs` allows the functions that a kustomization names to run.
    """
    try:
        return rendered_here(request, _with_programs(request) if programs else None)
    except (RenderError, SourceError, ValueError) as error:
        raise CommandError(str(error)) from None


def _with_programs(request: RenderRequest) -> LocalWorkspace:
    from argosy.render.plugins.programs import ProgramWorkspace

    return ProgramWorkspace(Path(str(request.source["repoURL"])), request.tree, request.refs)


def source_of(options: argparse.Namespace) -> JsonObject:
    """The source of --source, with the flags applied."""
    source = _given(options.source) if options.source else {}
    helm = dict(source.get("helm") or {})
    if options.values:
        helm["valueFiles"] = [*(helm.get("valueFiles") or ()), *options.values]
    if options.set:
        helm["parameters"] = [*(helm.get("parameters") or ()), *map(_parameter, options.set)]
    if options.release_name:
        helm["releaseName"] = options.release_name
    changed: JsonObject = {"helm": helm} if helm else {}
    if options.image:
        kustomize = source.get("kustomize") or {}
        changed["kustomize"] = {**kustomize, "images": [*(kustomize.get("images") or ()), *options.image]}
    if options.recurse:
        changed["directory"] = {**(source.get("directory") or {}), "recurse": True}
    return {**source, **changed}


def _parameter(text: str) -> JsonObject:
    name, found, value = text.partition("=")
    if not found or not name:
        raise CommandError(f"--set {text!r}: give NAME=VALUE")
    return {"name": name, "value": value}


def _given(file: Path) -> JsonObject:
    try:
        found = load(file.read_bytes())
    except OSError as error:
        raise CommandError(f"--source {file}: {error.strerror}") from None
    except YamlError as error:
        raise CommandError(f"--source {file}: {error}") from None
    if not isinstance(found, dict):
        raise CommandError(f"--source {file}: must hold one mapping, spec.source of an Application")
    spec = found.get("spec") if found.get("kind") == "Application" else None
    return dict((spec or {}).get("source") or {}) if spec else found


def _work_tree(directory: Path) -> Path:
    """The Git work tree around the directory, so that neighbouring bases are found; else the directory itself."""
    return next((place for place in (directory, *directory.parents) if (place / ".git").exists()), directory)
