"""The tool: an Application's Kustomize source as manifests (spec/argo-cd-engine-2.md 11.5)."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from typing import Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import Job, ToolError, Workspace
from argosy.render.kustomize.build import Options, build
from argosy.render.kustomize.charts import Charts
from argosy.render.kustomize.overrides import edited

_VALUES: Final[dict[str, tuple[str, ...]]] = {
    "--load-restrictor": ("LoadRestrictionsRootOnly", "LoadRestrictionsNone", ""),
    "--reorder": ("legacy", "none"),
    "--helm-kube-version": (),
    "--helm-api-versions": (),
}
"""Options with a value, and the allowed values; an empty list allows any."""
_SWITCHES: Final = ("--enable-helm", "--enable-alpha-plugins", "--enable-managedby-label")


def generate(workspace: Workspace, job: Job) -> Sequence[JsonValue]:
    """Raises ToolError as `build` does, and for unknown build options."""
    flags = build_options(_options_text(job))

    def with_edits(raw: JsonObject) -> JsonObject:
        return edited(raw, job.options, lambda path: _is_directory(workspace, job.path, path))

    return build(workspace, job.path, _options(workspace, job, flags), overrides=with_edits if job.options else None)


def _options(workspace: Workspace, job: Job, flags: dict[str, list[str]]) -> Options:
    def last(name: str) -> str:
        return flags[name][-1] if name in flags else ""

    versions = flags.get("--helm-api-versions", ())
    charts = Charts(workspace, job, kube_version=last("--helm-kube-version"), api_versions=versions)
    return Options(
        reorder=last("--reorder"),
        files_outside=last("--load-restrictor") == "LoadRestrictionsNone",
        managed_by=last("--enable-managedby-label") == "true",
        inflate=charts.inflate if "true" in (last("--enable-helm"), last("--enable-alpha-plugins")) else None,
    )


def _options_text(job: Job) -> str:
    """Options of the version that the source names, which must be configured though one Kustomize renders all."""
    version = str(job.options.get("version") or "")
    if version and not any(f"kustomize.{what}.{version}" in job.settings for what in ("version", "path")):
        raise ToolError(f"kustomize version {version} is not registered")
    own = job.settings.get(f"kustomize.buildOptions.{version}") if version else ""
    return own or job.settings.get("kustomize.buildOptions") or ""


def build_options(text: str) -> dict[str, list[str]]:
    """`--enable-helm --load-restrictor LoadRestrictionsNone` as a map; each option with all its values."""
    flags: dict[str, list[str]] = {}
    words = shlex.split(text)
    while words:
        name, separator, value = words.pop(0).partition("=")
        name = f"-{name}" if name.startswith("-") and not name.startswith("--") and len(name) > 2 else name
        if name in _SWITCHES:
            value = value if separator else "true"
            if value not in ("true", "false"):
                raise ToolError(f"kustomize.buildOptions: {name}: {value!r} should be true or false")
        elif name in _VALUES:
            value = value if separator else words.pop(0) if words else ""
            if (allowed := _VALUES[name]) and value not in allowed:
                raise ToolError(
                    f"kustomize.buildOptions: {name}: illegal value {value!r}, legal are {', '.join(allowed)}"
                )
        else:
            known = ", ".join(sorted((*_VALUES, *_SWITCHES)))
            raise ToolError(f"kustomize.buildOptions: unknown option {name!r}, expected one of {known}")
        flags.setdefault(name, []).append(value)
    return flags


def _is_directory(workspace: Workspace, path: str, component: str) -> bool:
    entry = workspace.files.stat(posixpath.normpath(posixpath.join(path, component)))
    return entry is not None and entry.kind == "dir"
