"""The tool: an Application's Kustomize source as manifests (spec/argo-cd-engine-2.md 11.5)."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import Job, ToolError, Workspace
from argosy.render.kustomize.build import build
from argosy.render.kustomize.charts import Charts
from argosy.render.kustomize.overrides import edited
from argosy.render.kustomize.schemas import built_in_schema

_ACCEPTED_OPTIONS = frozenset(("--enable-helm", "--enable-alpha-plugins", "--load-restrictor", "--reorder"))


def generate(workspace: Workspace, job: Job) -> Sequence[JsonValue]:
    """Raises ToolError as `build` does, and for build options that are not known."""
    flags = build_options(_options_text(job))

    def with_edits(raw: JsonObject) -> JsonObject:
        return edited(raw, job.options, lambda path: _is_directory(workspace, job.path, path))

    inflate = Charts(workspace, job).inflate if "--enable-helm" in flags else None
    overrides = with_edits if job.options else None
    return build(workspace, job.path, built_in_schema, overrides=overrides, inflate=inflate)


def _options_text(job: Job) -> str:
    """Of the version that the source names, which must be configured though one Kustomize renders all of them."""
    version = str(job.options.get("version") or "")
    if version and not any(f"kustomize.{what}.{version}" in job.settings for what in ("version", "path")):
        raise ToolError(f"kustomize version {version} is not registered")
    own = job.settings.get(f"kustomize.buildOptions.{version}") if version else ""
    return own or job.settings.get("kustomize.buildOptions") or ""


def build_options(text: str) -> dict[str, str]:
    """`--enable-helm --load-restrictor LoadRestrictionsNone` as a map; files outside the root stay out of reach."""
    flags: dict[str, str] = {}
    words = shlex.split(text)
    while words:
        name, separator, value = words.pop(0).partition("=")
        if name not in _ACCEPTED_OPTIONS:
            known = ", ".join(sorted(_ACCEPTED_OPTIONS))
            raise ToolError(f"kustomize.buildOptions: unknown option {name!r}, expected one of {known}")
        if not separator and words and not words[0].startswith("-"):
            value = words.pop(0)
        flags[name] = value
    return flags


def _is_directory(workspace: Workspace, path: str, component: str) -> bool:
    entry = workspace.files.stat(posixpath.normpath(posixpath.join(path, component)))
    return entry is not None and entry.kind == "dir"
