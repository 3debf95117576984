"""The port for rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from argosy.machinery.objects import JsonObject
from argosy.sources.port import Tree

SourceType = Literal["Helm", "Kustomize", "Directory", "Plugin"]


class RenderError(Exception):
    """The manifests could not be rendered; the message is for the user and names the wrong file or field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """Everything a rendering may depend on. `source` is one Application source as JSON (spec/argo-cd-engine.md 1.2)."""

    source: JsonObject
    tree: Tree
    revision: str
    app_name: str
    """The instance name: prefixed with the namespace if the Application is outside the control plane's."""
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
    """The paths that the Application's manifests depend on, for tools whose inputs cannot be recorded individually."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """`manifests` in the order they were produced, without tracking metadata; shared with the cache: never mutate."""

    source_type: SourceType
    manifests: tuple[JsonObject, ...]
    digest: str
    """Identifies the manifests' content: equal digest, equal manifests."""
    from_cache: bool = False
    warnings: tuple[str, ...] = ()
    """Warnings about the source, for its owner."""


class Renderer(Protocol):
    async def render(self, request: RenderRequest) -> Rendered:
        """Raises RenderError, or a sources.port.SourceError from reading the tree."""
        ...
