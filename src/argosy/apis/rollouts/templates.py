"""Analysis templates, several and nested, merged into the spec of one run. Section 11.1.

Pure, and in no capability: rollouts, experiments and promotion create runs from it. Errors have the messages that
Rollouts users see in a condition; their attributes name the subject, for capabilities with other terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from argosy.machinery.objects import JsonObject


class TemplateError(ValueError):
    """The templates or arguments do not fit together."""


class Twins(TemplateError):
    """Two parts have one name. `part`: metrics, dryRun or measurementRetention."""

    def __init__(self, part: str, name: str) -> None:
        self.part, self.name = part, name
        super().__init__(f"{_TWINS[part]} have the same name '{name}'")


class Disagreement(TemplateError):
    """An argument has two values."""

    def __init__(self, name: str, values: tuple[str, str]) -> None:
        self.name, self.values = name, values
        one, other = values
        super().__init__(f"Argument `{name}` specified multiple times with different values: '{one}', '{other}'")


class Unresolved(TemplateError):
    """An argument has no value."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"args.{name} was not resolved")


class TemplateMissing(TemplateError):
    """A referenced template does not exist."""

    def __init__(self, name: str, *, cluster_scope: bool) -> None:
        self.name, self.cluster_scope = name, cluster_scope
        kind = "ClusterAnalysisTemplate" if cluster_scope else "AnalysisTemplate"
        super().__init__(f"{kind} '{name}' not found")


Find = Callable[[str, bool], JsonObject | None]
"""(name, whether cluster-scoped) -> the template."""
Unite = Callable[[JsonObject, JsonObject], JsonObject]
"""Two arguments of one name, the first without a value -> the one that counts."""
_TWINS: Final = {
    "metrics": "two metrics",
    "dryRun": "two Dry-Run metric rules",
    "measurementRetention": "two Measurement Retention metric rules",
}


def gathered(references: Iterable[JsonObject], find: Find) -> tuple[list[JsonObject], list[JsonObject]]:
    """(templates, cluster templates) including those they refer to, each once, in order. Raises TemplateMissing."""
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
    unite: Unite = lambda old, new: new,
) -> JsonObject:
    """The spec of a run: it stays valid when templates change. Raises TemplateError."""
    merged = merged_templates(templates, cluster_templates, unite)
    parts = {
        "metrics": merged.get("metrics"),
        "dryRun": unique("dryRun", [*dry_run, *(merged.get("dryRun") or ())]),
        "measurementRetention": unique(
            "measurementRetention", [*retention, *(merged.get("measurementRetention") or ())]
        ),
        "args": merged_args(args, merged.get("args") or ()),
    }
    return {name: value for name, value in parts.items() if value}


def merged_templates(
    templates: Sequence[JsonObject], cluster_templates: Sequence[JsonObject], unite: Unite = lambda old, new: new
) -> JsonObject:
    """Metrics, dry runs, retentions and arguments of all. Raises TemplateError."""
    specs = [template.get("spec") or {} for template in (*templates, *cluster_templates)]
    metrics = [metric for spec in specs for metric in spec.get("metrics") or ()]
    _refuse_twins("metrics", (str(metric.get("name") or "") for metric in metrics))
    parts = {
        "metrics": metrics,
        **{
            part: unique(part, [rule for spec in specs for rule in spec.get(part) or ()])
            for part in ("dryRun", "measurementRetention")
        },
        "args": _args_of(specs, unite),
    }
    return {name: value for name, value in parts.items() if value}


def unique(part: str, rules: list[JsonObject]) -> list[JsonObject]:
    _refuse_twins(part, (str(rule.get("metricName") or "") for rule in rules))
    return rules


def _refuse_twins(part: str, names: Iterable[str]) -> None:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise Twins(part, name)
        known.add(name)


def _args_of(specs: Sequence[JsonObject], unite: Unite) -> list[JsonObject]:
    found: dict[str, JsonObject] = {}
    for arg in (arg for spec in specs for arg in spec.get("args") or ()):
        name = str(arg.get("name") or "")
        old, new = (found.get(name) or {}).get("value"), arg.get("value")
        if old is not None and new is not None and old != new:
            raise Disagreement(name, (str(old), str(new)))
        if name not in found:
            found[name] = arg
        elif old is None:
            found[name] = unite(found[name], arg)
    return list(found.values())


def merged_args(incoming: Sequence[JsonObject], template: Sequence[JsonObject]) -> list[JsonObject]:
    """The template's arguments with the given values. Raises TemplateError for one without a value."""
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
            raise Unresolved(str(arg.get("name")))
    return found
