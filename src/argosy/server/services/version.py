"""version.VersionService: versions of the server and its tools; details for signed-in users."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from argosy import __version__
from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call, Route, nothing
from argosy.server.context import ServerContext

EMULATED: Final = "v3.6.0"
"""The release of Argo CD that this API corresponds to: clients compare it with their own."""
HELM: Final = "v4.2.3"
KUSTOMIZE: Final = "v5.8.1"


def version_routes(context: ServerContext) -> dict[str, Route]:
    async def answer(call: Call) -> JsonObject:
        found: JsonObject = {"Version": f"{EMULATED}+argosy.{__version__}"}
        if not call.caller.signed_in and not context.configuration.anonymous:
            return found
        return {
            **found,
            "BuildDate": "2026-11-01T00:00:00Z",
            "GoVersion": f"none (Python {platform.python_version()})",
            "Compiler": "gc",  # scripts expect this value; GoVersion names the real platform
            "Platform": f"{platform.system().lower()}/{ARCHITECTURES.get(platform.machine(), platform.machine())}",
            "KustomizeVersion": KUSTOMIZE,
            "HelmVersion": HELM,
            "JsonnetVersion": f"v{_installed('jsonnet')}",
        }

    return {"version.VersionService/Version": Route(needs=nothing(), unary=answer)}


ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "0.0.0"
