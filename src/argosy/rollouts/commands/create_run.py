"""Creates an AnalysisRun from a template by hand. Section 13, "create analysisrun"."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.rollouts.templates import Find, gathered, run_spec
from argosy.machinery.objects import JsonObject
from argosy.rollouts.resources import INSTANCE_ID


def new_run(
    template: JsonObject,
    find: Find,
    args: Sequence[JsonObject],
    namespace: str,
    *,
    name: str = "",
    generate_name: str = "",
    instance_id: str = "",
) -> JsonObject:
    """Named as requested, or after its template. Raises TemplateError, also for an argument without a value."""
    inner, wide = gathered((template.get("spec") or {}).get("templates") or (), find)
    spec = run_spec([template, *inner], wide, args)
    metadata: JsonObject = {"namespace": namespace}
    if name:
        metadata["name"] = name
    else:
        metadata["generateName"] = generate_name or f"{template['metadata']['name']}-"
    if instance_id:
        metadata["labels"] = {INSTANCE_ID: instance_id}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": metadata, "spec": spec}
