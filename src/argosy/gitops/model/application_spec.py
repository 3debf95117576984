"""An Application's spec as every decision reads it: defaults in place, empty blocks gone (spec 1.1)."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject

TOOLS = ("helm", "kustomize", "directory", "plugin")


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


def sources_of(spec: JsonObject) -> list[JsonObject]:
    """In order; `sources` wins over `source`, the hydrator's sync source over both."""
    if hydrator := spec.get("sourceHydrator"):
        dry, sync = hydrator.get("drySource") or {}, hydrator.get("syncSource") or {}
        target = {"path": sync.get("path") or "", "targetRevision": sync.get("targetBranch") or ""}
        return [{"repoURL": sync.get("repoURL") or dry.get("repoURL") or "", **target}]
    if spec.get("sources"):
        return list(spec["sources"])
    return [spec["source"]] if spec.get("source") else []


def is_multi(spec: JsonObject) -> bool:
    return bool(spec.get("sources")) and not spec.get("sourceHydrator")


def source_fields(spec: JsonObject) -> JsonObject:
    """`source` or `sources`, as status repeats them."""
    found = sources_of(spec)
    if is_multi(spec):
        return {"sources": found}
    return {"source": found[0]} if found else {}


def spec_errors(spec: JsonObject) -> list[str]:
    """What is wrong with the sources themselves, as InvalidSpecError texts."""
    if spec.get("sourceHydrator"):
        return _hydrator_errors(spec["sourceHydrator"])
    found = sources_of(spec)
    if not found:
        return ["spec.source.repoURL and either spec.source.path or spec.source.chart are required"]
    errors = []
    for source in found:
        if not source.get("repoURL"):
            errors.append("spec.source.repoURL is required")
        elif not any(source.get(name) for name in ("path", "chart", "ref")) and not _is_oci(source):
            errors.append("spec.source.repoURL and either spec.source.path or spec.source.chart are required")
        used = [name for name in TOOLS if source.get(name)]
        if len(used) > 1:
            errors.append(f"multiple application sources defined: {','.join(name.capitalize() for name in used)}")
    return errors


def _hydrator_errors(hydrator: JsonObject) -> list[str]:
    place, staged = "spec.sourceHydrator", hydrator.get("hydrateTo")
    errors = []
    if not (hydrator.get("drySource") or {}).get("repoURL"):
        errors.append(f"{place}.drySource.repoURL is required")
    if not (hydrator.get("syncSource") or {}).get("targetBranch"):
        errors.append(f"{place}.syncSource.targetBranch is required")
    if staged is not None and not staged.get("targetBranch"):
        errors.append(f"when {place}.hydrateTo is set, {place}.hydrateTo.targetBranch is required")
    return errors


def _is_oci(source: JsonObject) -> bool:
    return str(source.get("repoURL") or "").startswith("oci://")


def _source(source: JsonObject) -> JsonObject:
    return {name: value for name, value in source.items() if name not in TOOLS or _is_set(value)}


def _is_set(value: object) -> bool:
    """Whether anything below is other than empty, false or nothing."""
    if isinstance(value, dict):
        return any(_is_set(item) for item in value.values())
    return value is True if isinstance(value, bool) else value not in (None, "", [], 0)
