"""What others may ask of rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from argosy.machinery.objects import JsonObject
from argosy.sources.port import Tree

SourceType = Literal["Helm", "Kustomize", "Directory", "Plugin"]


class RenderError(Exception):
    """The manifests could not be made; the text is for the user and names the file or field at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """Everything a rendering may depend on. `source` is one Application source as JSON (spec/argo-cd-engine.md 1.2)."""

    source: JsonObject
    tree: Tree
    revision: str
    app_name: str
    """The instance name: with the namespace in front when the Application lies outside the control plane."""
    release_name: str
    """Default Helm release name: the Application's name."""
    namespace: str
    project: str = "default"
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    refs: Mapping[str, Tree] = field(default_factory=dict)
    """`$ref` value-file sources by name."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Keys of argocd-cm that matter here: kustomize.buildOptions, helm.enable, ..."""
    use_cache: bool = True
    plugins: tuple[JsonObject, ...] = ()
    """The operator's ConfigManagementPlugin documents."""
    generate_paths: str = ""
    """What the Application says its manifests depend on, for tools whose inputs cannot be noted one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """`manifests` in the order they were produced, without tracking metadata; shared with the cache: never mutate."""

    source_type: SourceType
    manifests: tuple[JsonObject, ...]
    digest: str
    """Identifies the manifests' content: equal digest, equal manifests."""
    from_cache: bool = False
    warnings: tuple[str, ...] = ()
    """What is odd about the source, for its owner."""


class Renderer(Protocol):
    async def render(self, request: RenderRequest) -> Rendered:
        """Raises RenderError, or a sources.port.SourceError met while reading the tree."""
        ...
