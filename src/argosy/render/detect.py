"""Which tool renders a source (spec/argo-cd-engine-2.md 11.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.render.port import RenderError, SourceType

BLOCKS: Final[Mapping[str, SourceType]] = {
    "helm": "Helm",
    "kustomize": "Kustomize",
    "directory": "Directory",
    "plugin": "Plugin",
}
KUSTOMIZATION_NAMES: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


def explicit_type(source: JsonObject) -> SourceType | None:
    """The tool whose block the source has; an empty `plugin` counts, and lets plug-ins be discovered.

    Raises RenderError when it has several.
    """
    found = [block for block in BLOCKS if source.get(block) or (block == "plugin" and source.get(block) is not None)]
    if len(found) > 1:
        raise RenderError(f"multiple application sources defined: {','.join(BLOCKS[block] for block in found)}")
    return BLOCKS[found[0]] if found else None


def detect(source: JsonObject, names: Iterable[str], settings: Mapping[str, str]) -> SourceType:
    """The source's tool; `names` are those of the files in the application's path."""
    chosen = explicit_type(source) or ("Helm" if source.get("chart") else _by_files(names))
    return "Directory" if not enabled(chosen, settings) else chosen


def enabled(tool: SourceType, settings: Mapping[str, str]) -> bool:
    return settings.get(f"{tool.lower()}.enable", "true").strip().lower() != "false"


def _by_files(names: Iterable[str]) -> SourceType:
    """The last marker file in lexical order decides, as in upstream's walk."""
    found: SourceType = "Directory"
    for name in sorted(names):
        if name.endswith("Chart.yaml"):
            found = "Helm"
        elif name in KUSTOMIZATION_NAMES:
            found = "Kustomize"
    return found
