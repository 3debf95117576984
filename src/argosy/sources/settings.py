"""The operator's settings for fetching: `argocd-cmd-params-cm` and the process's environment, read once at the start.

The ConfigMap's key wins over the variable that upstream's installation derives from it. An invalid value counts
as absent. Pure (spec/argo-cd-engine-2.md 11 and 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from argosy.machinery import duration, quantity
from argosy.sources.archive import ArchiveLimits
from argosy.sources.oci import LAYERS

GIGABYTE: Final = 1024 * 1024 * 1024
UNLIMITED: Final = 1 << 62
HELM_SIZE: Final = "reposerver.helm.manifest.max.extracted.size"
OCI_SIZE: Final = "reposerver.oci.manifest.max.extracted.size"
_TRUE: Final = ("1", "t", "true")
_FALSE: Final = ("0", "f", "false", "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    submodules: bool = True
    allow_links_out: bool = False
    list_seconds: float = 15.0
    fetch_bytes: int = 2 * GIGABYTE
    verify_signatures: bool = True
    charts: ArchiveLimits = field(default_factory=ArchiveLimits)
    artifacts: ArchiveLimits = field(default_factory=ArchiveLimits)
    media_types: tuple[str, ...] = LAYERS


def source_settings(parameters: Mapping[str, str], environment: Mapping[str, str]) -> SourceSettings:
    def given(key: str, variable: str) -> str:
        return (parameters.get(key) or environment.get(variable) or "").strip()

    def size(key: str, variable: str, default: int) -> int:
        return _bytes(given(key, variable)) or default

    def archive(key: str, variable: str, switch: str, switch_variable: str) -> ArchiveLimits:
        off = given(switch, switch_variable).lower() in _TRUE
        return ArchiveLimits(total=UNLIMITED if off else size(key, variable, GIGABYTE), setting=key)

    kinds = given("reposerver.oci.layer.media.types", "ARGOCD_REPO_SERVER_OCI_LAYER_MEDIA_TYPES")
    modules = given("reposerver.enable.git.submodule", "ARGOCD_GIT_MODULES_ENABLED")
    links = given("reposerver.allow.oob.symlinks", "ARGOCD_REPO_SERVER_ALLOW_OUT_OF_BOUNDS_SYMLINKS")
    return SourceSettings(
        submodules=modules.lower() not in _FALSE,
        allow_links_out=links.lower() in _TRUE,
        list_seconds=_seconds(given("reposerver.git.request.timeout", "ARGOCD_GIT_REQUEST_TIMEOUT")) or 15.0,
        fetch_bytes=size("reposerver.git.max.fetch.size", "ARGOSY_GIT_MAX_FETCH_SIZE", 2 * GIGABYTE),
        verify_signatures=environment.get("ARGOCD_GPG_ENABLED", "").strip().lower() not in ("false", "no"),
        charts=archive(
            HELM_SIZE,
            "ARGOCD_REPO_SERVER_HELM_MANIFEST_MAX_EXTRACTED_SIZE",
            "reposerver.disable.helm.manifest.max.extracted.size",
            "ARGOCD_REPO_SERVER_DISABLE_HELM_MANIFEST_MAX_EXTRACTED_SIZE",
        ),
        artifacts=archive(
            OCI_SIZE,
            "ARGOCD_REPO_SERVER_OCI_MANIFEST_MAX_EXTRACTED_SIZE",
            "reposerver.disable.oci.manifest.max.extracted.size",
            "ARGOCD_REPO_SERVER_DISABLE_OCI_MANIFEST_MAX_EXTRACTED_SIZE",
        ),
        media_types=tuple(kind.strip() for kind in kinds.split(",") if kind.strip()) or LAYERS,
    )


def _bytes(text: str) -> int:
    """A Kubernetes quantity; 0 when it is absent or invalid."""
    try:
        return max(0, quantity.whole_units(text)) if text else 0
    except quantity.QuantityError:
        return 0


def _seconds(text: str) -> float:
    """A Go duration, or a bare number of seconds; 0 when it is absent or invalid."""
    try:
        return max(0.0, float(text) if text.replace(".", "", 1).isdigit() else duration.parse(text).total_seconds())
    except duration.DurationError:
        return 0.0
