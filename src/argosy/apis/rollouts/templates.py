"""Analysis templates, several and nested, merged into the spec of one run. Section 11.1.

Pure, and in no room: rollouts and experiments make runs of it. Errors are the texts that users see in a condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from argosy.machinery.objects import JsonObject


class TemplateError(ValueError):
    """The templates or arguments do not fit together."""


class TemplateMissing(TemplateError):
    """A template that is named is not there."""

    def __init__(self, name: str, *, cluster_scope: bool) -> None:
        self.name, self.cluster_scope = name, cluster_scope
        kind = "ClusterAnalysisTemplate" if cluster_scope else "AnalysisTemplate"
        super().__init__(f"{kind} '{name}' not found")


Find = Callable[[str, bool], JsonObject | None]
"""(name, whether cluster-scoped) -> the template."""


def gathered(references: Iterable[JsonObject], find: Find) -> tuple[list[JsonObject], list[JsonObject]]:
    """(templates, cluster templates) with those that they name, each once, in order. Raises TemplateMissing."""
    found: dict[tuple[bool, str], JsonObject] = {}
    _gather(references, find, found)
    return [one for (wide, _), one in found.items() if not wide], [one for (wide, _), one in found.items() if wide]


def _gather(references: Iterable[JsonObject], find: Find, found: dict[tuple[bool, str], JsonObject]) -> None:
    for reference in references:
        name, wide = str(reference.get("templateName") or ""), bool(reference.get("clusterScope"))
        if (wide, name) in found:
            continue
        template = find(name, wide)
        if template is None:
            raise TemplateMissing(name, cluster_scope=wide)
        found[wide, name] = template
        _gather((template.get("spec") or {}).get("templates") or (), find, found)


def run_spec(
    templates: Sequence[JsonObject],
    cluster_templates: Sequence[JsonObject],
    args: Sequence[JsonObject],
    dry_run: Sequence[JsonObject] = (),
    retention: Sequence[JsonObject] = (),
) -> JsonObject:
    """The spec of a run: it stays valid when templates change. Raises TemplateError."""
    merged = merged_templates(templates, cluster_templates)
    parts = {
        "metrics": merged.get("metrics"),
        "dryRun": unique([*dry_run, *(merged.get("dryRun") or ())], "two Dry-Run metric rules"),
        "measurementRetention": unique(
            [*retention, *(merged.get("measurementRetention") or ())], "two Measurement Retention metric rules"
        ),
        "args": merged_args(args, merged.get("args") or ()),
    }
    return {name: value for name, value in parts.items() if value}


def merged_templates(templates: Sequence[JsonObject], cluster_templates: Sequence[JsonObject]) -> JsonObject:
    """Metrics, dry runs, retentions and arguments of all. Raises TemplateError."""
    specs = [template.get("spec") or {} for template in (*templates, *cluster_templates)]
    metrics = [metric for spec in specs for metric in spec.get("metrics") or ()]
    _refuse_twins((str(metric.get("name") or "") for metric in metrics), "two metrics have the same name '{}'")
    parts = {
        "metrics": metrics,
        "dryRun": unique([rule for spec in specs for rule in spec.get("dryRun") or ()], "two Dry-Run metric rules"),
        "measurementRetention": unique(
            [rule for spec in specs for rule in spec.get("measurementRetention") or ()],
            "two Measurement Retention metric rules",
        ),
        "args": _args_of(specs),
    }
    return {name: value for name, value in parts.items() if value}


def unique(rules: list[JsonObject], what: str) -> list[JsonObject]:
    names = (str(rule.get("metricName") or "") for rule in rules)
    _refuse_twins(names, f"{what} have the same name '{{}}'")
    return rules


def _refuse_twins(names: Iterable[str], text: str) -> None:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise TemplateError(text.format(name))
        known.add(name)


def _args_of(specs: Sequence[JsonObject]) -> list[JsonObject]:
    found: dict[str, JsonObject] = {}
    for arg in (arg for spec in specs for arg in spec.get("args") or ()):
        name = str(arg.get("name") or "")
        old, new = (found.get(name) or {}).get("value"), arg.get("value")
        if old is not None and new is not None and old != new:
            raise TemplateError(f"Argument `{name}` specified multiple times with different values: '{old}', '{new}'")
        if old is None:
            found[name] = arg
    return list(found.values())


def merged_args(incoming: Sequence[JsonObject], template: Sequence[JsonObject]) -> list[JsonObject]:
    """The template's arguments with the values that come in. Raises TemplateError for one without a value."""
    found = [dict(arg) for arg in template]
    for arg in incoming:
        for known in found:
            if known.get("name") != arg.get("name"):
                continue
            if arg.get("value") is not None:
                known["value"] = arg["value"]
            elif arg.get("valueFrom") is not None:
                known["valueFrom"] = arg["valueFrom"]
            break
    for arg in found:
        if arg.get("value") is None and arg.get("valueFrom") is None:
            raise TemplateError(f"args.{arg.get('name')} was not resolved")
    return found
