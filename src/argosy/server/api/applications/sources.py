"""Where an Application's manifests come from: each of its sources, or what its hydrator reads and writes. Pure."""

from __future__ import annotations

from typing import TypedDict

from argosy.machinery.objects import JsonObject


class SourceShown(TypedDict):
    """`revision`: what it was last compared with; `ref`: the name by which other sources use its files."""

    repository: str
    path: str
    chart: str
    targetRevision: str
    revision: str
    ref: str
    name: str


class HydrationShown(TypedDict):
    """`dry` is rendered into `branch`, from where `path` is deployed. `phase` and what follows are of the last run."""

    dry: SourceShown
    branch: str
    path: str
    phase: str
    message: str
    startedAt: str
    finishedAt: str
    dryRevision: str
    hydratedRevision: str


def sources_shown(app: JsonObject) -> list[SourceShown]:
    """Empty for an Application that is hydrated."""
    spec, sync = app.get("spec") or {}, (app.get("status") or {}).get("sync") or {}
    if spec.get("sourceHydrator"):
        return []
    sources = spec.get("sources") or [spec.get("source") or {}]
    revisions = [str(one) for one in sync.get("revisions") or ()] or [str(sync.get("revision") or "")]
    padded = [*revisions, *[""] * len(sources)]
    return [_shown(source, revision) for source, revision in zip(sources, padded, strict=False)]


def _shown(source: JsonObject, revision: str) -> SourceShown:
    return {
        "repository": str(source.get("repoURL") or ""),
        "path": str(source.get("path") or ""),
        "chart": str(source.get("chart") or ""),
        "targetRevision": str(source.get("targetRevision") or "HEAD"),
        "revision": revision,
        "ref": str(source.get("ref") or ""),
        "name": str(source.get("name") or ""),
    }


def hydration_shown(app: JsonObject) -> HydrationShown | None:
    """None without a hydrator."""
    hydrator = (app.get("spec") or {}).get("sourceHydrator")
    if not hydrator:
        return None
    state = ((app.get("status") or {}).get("sourceHydrator") or {}).get("currentOperation") or {}
    sync = hydrator.get("syncSource") or {}
    target = (hydrator.get("hydrateTo") or {}).get("targetBranch") or sync.get("targetBranch")
    revision = str(state.get("drySHA") or "")
    return {
        "dry": _shown(hydrator.get("drySource") or {}, revision),
        "branch": str(target or ""),
        "path": str(sync.get("path") or ""),
        "phase": str(state.get("phase") or ""),
        "message": str(state.get("message") or ""),
        "startedAt": str(state.get("startedAt") or ""),
        "finishedAt": str(state.get("finishedAt") or ""),
        "dryRevision": revision,
        "hydratedRevision": str(state.get("hydratedSHA") or ""),
    }
