"""The table of tools. Each is loaded when first used, in the worker: one imports a Go run time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, cast

from argosy.render.files import Tool

TOOLS: Final[Mapping[str, str]] = {
    "Directory": "argosy.render.directories.directory:generate",
    "Helm": "argosy.render.helm.generate:generate",
    "Kustomize": "argosy.render.kustomize.generate:generate",
    "Plugin": "argosy.render.plugins.plugin:generate",
}
"""Source type -> `module:function`, a `render.files.Tool`."""


def load_tool(name: str) -> Tool:
    """Raises KeyError for a name that is not in the table."""
    module, _, function = TOOLS[name].partition(":")
    return cast("Callable[..., object]", getattr(import_module(module), function))  # type: ignore[return-value]
