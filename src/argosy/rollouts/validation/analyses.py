"""The templates of a Rollout's analyses: they exist, can be combined, and terminate by themselves where they must."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.steps import BackgroundAnalysis, RolloutAnalysis
from argosy.apis.rollouts.templates import TemplateError, TemplateMissing, gathered, run_spec
from argosy.machinery.objects import JsonObject
from argosy.rollouts.analyses.arguments import run_arguments
from argosy.rollouts.validation.errors import FieldError, invalid

Templates = Mapping[tuple[str, bool], JsonObject]
_ARGUMENT = re.compile(r"\{\{\s*args\.([^}\s]+)\s*\}\}")
_DUMMY = "dummy-value"


def analyses_of(rollout: Rollout) -> list[tuple[str, RolloutAnalysis | BackgroundAnalysis, bool]]:
    """(field, analysis, whether it runs in the background), in the order in which they are checked."""
    canary, blue_green = rollout.spec.strategy.canary, rollout.spec.strategy.blue_green
    found: list[tuple[str, RolloutAnalysis | BackgroundAnalysis, bool]] = []
    if blue_green is not None:
        for name, analysis in (
            ("prePromotionAnalysis", blue_green.pre_promotion_analysis),
            ("postPromotionAnalysis", blue_green.post_promotion_analysis),
        ):
            if analysis is not None:
                found.append((f"spec.strategy.blueGreen.{name}.templates", analysis, False))
    elif canary is not None:
        for index, step in enumerate(canary.steps):
            if step.analysis is not None:
                found.append((f"spec.strategy.canary.steps[{index}].analysis.templates", step.analysis, False))
        if canary.analysis is not None:
            found.append(("spec.strategy.canary.analysis.templates", canary.analysis, True))
    return found


def analysis_errors(rollout: Rollout, templates: Templates, *, missing: bool) -> Iterator[FieldError]:
    """Only missing templates, or only invalid ones."""
    for field, analysis, background in analyses_of(rollout):
        references = [reference.raw for reference in analysis.templates]
        try:
            plain, wide = gathered(references, lambda name, wide: templates.get((name, wide)))
        except TemplateMissing as error:
            nested = error.name not in {reference.template_name for reference in analysis.templates}
            yield invalid("spec.templates" if nested else field, error.name, str(error))
            return
        if not missing:
            yield from _merge_errors(rollout, analysis, plain, wide, field)
            for template in (*plain, *wide):
                yield from template_errors(rollout, template, field, background=background)


def _merge_errors(
    rollout: Rollout,
    analysis: RolloutAnalysis | BackgroundAnalysis,
    plain: Sequence[JsonObject],
    wide: Sequence[JsonObject],
    field: str,
) -> Iterator[FieldError]:
    names = " ".join(str(template["metadata"].get("name")) for template in (*plain, *wide))
    try:
        args = run_arguments(analysis.args, rollout, latest="dummy-new-hash", stable="dummy-stable-hash")
    except TemplateError:
        args = [{"name": arg.name, "value": ""} for arg in analysis.args]
    try:
        run_spec(plain, wide, args, analysis.dry_run, analysis.measurement_retention)
    except TemplateError as error:
        yield invalid(field, f"templateNames: [{names}]", str(error))


def template_errors(rollout: Rollout, template: JsonObject, field: str, *, background: bool) -> Iterator[FieldError]:
    """One template: its metrics terminate by themselves. For a background run its arguments are checked instead."""
    name, spec = str((template.get("metadata") or {}).get("name") or ""), template.get("spec") or {}
    if background:
        yield from _background_errors(rollout, name, spec, field)
        return
    try:
        metrics = [_with_dummies(metric, spec.get("args") or ()) for metric in spec.get("metrics") or ()]
    except TemplateError as error:
        yield invalid(field, name, f"AnalysisTemplate {name}: {error}")
        return
    for metric in metrics:
        if _is_endless(metric):
            text = (
                f"AnalysisTemplate {name} has metric {metric.get('name')} which runs indefinitely. "
                f"Invalid value for count: {_count_text(metric)}"
            )
            yield invalid(field, name, text)


def _count_text(metric: JsonObject) -> str:
    return "<nil>" if metric.get("count") is None else str(metric["count"])


def _is_endless(metric: JsonObject) -> bool:
    count = metric.get("count")
    try:
        number = int(count) if count is not None else 0
    except (TypeError, ValueError):
        number = 0
    return number == 0 and bool(metric.get("interval"))


def _with_dummies(metric: JsonObject, args: Sequence[JsonObject]) -> JsonObject:
    """The metric with its arguments filled in, as far as they are known before it runs."""
    values: dict[str, str] = {}
    for arg in args:
        if arg.get("valueFrom") is not None and arg.get("value") is not None:
            raise TemplateError(f"arg '{arg.get('name')}' has both Value and ValueFrom fields")
        value = arg.get("value")
        values[str(arg.get("name"))] = _DUMMY if value is None or arg.get("valueFrom") is not None else str(value)

    def fill(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise TemplateError(f"failed to resolve {{{{args.{found[1]}}}}}")
        return json.dumps(values[found[1]])[1:-1]

    filled: JsonObject = json.loads(_ARGUMENT.sub(fill, json.dumps(metric)))
    return filled


def _background_errors(rollout: Rollout, name: str, spec: JsonObject, field: str) -> Iterator[FieldError]:
    canary = rollout.spec.strategy.canary
    analysis = canary.analysis if canary is not None else None
    for arg in spec.get("args") or ():
        if arg.get("value") is not None or arg.get("valueFrom") is not None:
            continue
        if analysis is None or analysis.raw.get("args") is None:
            yield invalid(field, name, "missing analysis arguments in rollout spec")
        elif arg.get("name") not in {given.name for given in analysis.args}:
            yield invalid(field, name, str(arg.get("name")))
