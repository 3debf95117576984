"""An Application's spec as decisions read it: with defaults, without empty blocks (spec 1.1)."""

from __future__ import annotations

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import ApplicationSpec, ApplicationStatus
from argosy.apis.argoproj.source import Source, SourceHydrator
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject

TOOLS = ("helm", "kustomize", "directory", "plugin")


def spec_of(app: JsonObject) -> ApplicationSpec:
    """Normalised."""
    return read(ApplicationSpec, normalised(read(Application, app).spec.raw))


def status_of(app: JsonObject) -> ApplicationStatus:
    return read(Application, app).status


def normalised(spec: JsonObject) -> JsonObject:
    """The given spec is not changed."""
    made = {**spec, "project": spec.get("project") or "default"}
    if not made.get("syncPolicy"):
        made.pop("syncPolicy", None)
    if isinstance(made.get("source"), dict):
        made["source"] = _source(made["source"])
    if made.get("sources"):
        made["sources"] = [_source(source) for source in made["sources"]]
    return made


def sources_of(spec: ApplicationSpec) -> list[Source]:
    """In the form for rendering, in order; `sources` wins over `source`, the hydrator's sync source over both."""
    if hydrator := hydrator_of(spec):
        sync = hydrator.sync_source
        target = {"path": sync.path, "targetRevision": sync.target_branch}
        return [read(Source, {"repoURL": sync.repo_url or hydrator.dry_source.repo_url, **target})]
    return list(spec.all_sources)


def hydrator_of(spec: ApplicationSpec) -> SourceHydrator | None:
    """None for an empty block, which requests nothing."""
    return spec.source_hydrator if spec.source_hydrator and spec.source_hydrator.raw else None


def is_multi(spec: ApplicationSpec) -> bool:
    return bool(spec.sources) and not hydrator_of(spec)


def source_fields(spec: ApplicationSpec) -> JsonObject:
    """`source` or `sources`, as the status repeats them."""
    found = [source.raw for source in sources_of(spec)]
    if is_multi(spec):
        return {"sources": found}
    return {"source": found[0]} if found else {}


def spec_errors(spec: ApplicationSpec) -> list[str]:
    """Errors of the sources themselves, as InvalidSpecError texts."""
    if hydrator := hydrator_of(spec):
        return _hydrator_errors(hydrator)
    if not spec.all_sources:
        return ["spec.source.repoURL and either spec.source.path or spec.source.chart are required"]
    errors = []
    for source in spec.all_sources:
        if not source.repo_url:
            errors.append("spec.source.repoURL is required")
        elif not (source.path or source.chart or source.ref) and not _is_oci(source):
            errors.append("spec.source.repoURL and either spec.source.path or spec.source.chart are required")
        used = [name for name in TOOLS if source.raw.get(name)]
        if len(used) > 1:
            errors.append(f"multiple application sources defined: {','.join(name.capitalize() for name in used)}")
    return errors


def _hydrator_errors(hydrator: SourceHydrator) -> list[str]:
    place, errors = "spec.sourceHydrator", []
    if not hydrator.dry_source.repo_url:
        errors.append(f"{place}.drySource.repoURL is required")
    if not hydrator.sync_source.target_branch:
        errors.append(f"{place}.syncSource.targetBranch is required")
    if hydrator.hydrate_to is not None and not hydrator.hydrate_to.target_branch:
        errors.append(f"when {place}.hydrateTo is set, {place}.hydrateTo.targetBranch is required")
    return errors


def _is_oci(source: Source) -> bool:
    return source.repo_url.startswith("oci://")


def _source(source: JsonObject) -> JsonObject:
    return {name: value for name, value in source.items() if name not in TOOLS or _is_set(value)}


def _is_set(value: object) -> bool:
    """Whether any value below is not empty, false or zero."""
    if isinstance(value, dict):
        return any(_is_set(item) for item in value.values())
    return value is True if isinstance(value, bool) else value not in (None, "", [], 0)
