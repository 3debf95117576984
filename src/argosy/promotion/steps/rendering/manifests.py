"""Shared by the rendering steps: renders a directory in a confined worker, and writes manifests as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import go_yaml
from argosy.promotion.steps.kind import Run, StepFault
from argosy.promotion.steps.workspace import writable
from argosy.render.port import RenderError, RenderRequest
from argosy.sources.directory import directory_tree
from argosy.sources.port import SourceError


async def rendered(run: Run, source: JsonObject, **more: Any) -> Sequence[JsonObject]:
    """Raises StepFault. `source` is an Application's source: its path, and options of its tool."""
    try:
        request = RenderRequest(
            source=source,
            tree=directory_tree(run.directory),
            revision=run.job.promotion,
            app_name=run.job.promotion,
            release_name=more.pop("release_name", run.job.promotion),
            namespace=more.pop("namespace", run.job.project),
            use_cache=False,
            **more,
        )
        found: Sequence[JsonObject] = (await run.tools.renderer.render(request)).manifests
    except (RenderError, SourceError) as error:
        raise StepFault(str(error)) from None
    return found


async def write(run: Run, manifests: Sequence[JsonObject], name_of: Callable[[JsonObject], str]) -> None:
    """One stream in `outPath` if that is a YAML file, else one file per resource in that directory."""
    path = run.job.config["outPath"]

    def work() -> None:
        place = writable(run.directory, path)
        if path.endswith((".yaml", ".yml")):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(_stream(manifests), "utf-8")
            return
        place.mkdir(parents=True, exist_ok=True)
        files: dict[str, list[JsonObject]] = {}
        for manifest in manifests:
            files.setdefault(name_of(manifest), []).append(manifest)
        for name, documents in files.items():
            writable(run.directory, f"{path}/{name}").write_text(_stream(documents), "utf-8")

    await run.tools.in_thread(work)


def _stream(manifests: Sequence[JsonObject]) -> str:
    return go_yaml.dump_all(manifests, compact=True)


def words(manifest: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Group, kind, namespace and name, in lower case and safe within a file's name."""
    metadata = manifest.get("metadata") or {}
    group = str(manifest.get("apiVersion") or "").rpartition("/")[0]
    found = (group, manifest.get("kind"), metadata.get("namespace"), metadata.get("name"))
    group, kind, namespace, name = (str(part or "").lower().replace("/", "_") for part in found)
    return group, kind, namespace, name
