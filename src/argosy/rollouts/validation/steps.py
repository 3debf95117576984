"""The steps of a canary. Section 10, "Steps"."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.rollouts import Canary, CanaryStep, Rollout
from argosy.apis.rollouts.steps import RunArgument, StringMatch
from argosy.apis.rollouts.templates import TemplateError
from argosy.machinery.objects import JsonObject
from argosy.rollouts.analyses.arguments import metadata_field
from argosy.rollouts.arithmetic.durations import pause_seconds
from argosy.rollouts.arithmetic.limits import largest_weight
from argosy.rollouts.revisions.step_json import view_json
from argosy.rollouts.validation.errors import FieldError, invalid, required

_ONE_KIND = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause"
_ONE_MATCH = "StringMatch match value must have exactly one of the following: exact, regex, prefix"
_NO_MATCH = "StringMatch value missed, match value must have one of the following: exact, regex, prefix"
_KINDS = (
    ("Experiment", "experiment"),
    ("Pause", "pause"),
    ("SetWeight", "set_weight"),
    ("Analysis", "analysis"),
    ("SetCanaryScale", "set_canary_scale"),
    ("SetHeaderRoute", "set_header_route"),
    ("SetMirrorRoute", "set_mirror_route"),
    ("Plugin", "plugin"),
)
_EXCLUSIVE = _KINDS[:4]


def step_errors(rollout: Rollout, canary: Canary, step: CanaryStep, base: str, index: int) -> list[FieldError]:
    path = f"{base}.steps[{index}]"
    return [
        *_kind_errors(step, path),
        *_value_errors(rollout, canary, step, base, path),
        *_header_route_errors(canary, step, path),
        *_mirror_route_errors(canary, step, path),
        *_managed_route_errors(canary, step, base, path),
        *_experiment_errors(canary, step, path),
        *_argument_errors(rollout, step, path),
    ]


def _kind_errors(step: CanaryStep, path: str) -> list[FieldError]:
    given = {name: getattr(step, attribute) is not None for name, attribute in _KINDS}
    found = []
    if sum(given[name] for name, _ in _EXCLUSIVE) > 1:
        shown = ("Experiment", "Pause", "SetWeight", "Analysis")
        value = " ".join(f"step.{name}: {str(given[name]).lower()}" for name in shown)
        found.append(invalid(path, value, _ONE_KIND))
    if not any(given.values()):
        value = " ".join(f"step.{name}: true" for name in given)  # upstream prints whether each is nil
        found.append(invalid(path, value, _ONE_KIND))
    return found


def _value_errors(rollout: Rollout, canary: Canary, step: CanaryStep, base: str, path: str) -> list[FieldError]:
    most, found = largest_weight(rollout), []
    if step.set_weight is not None and not 0 <= step.set_weight <= most:
        found.append(invalid(f"{path}.setWeight", step.set_weight, f"SetWeight needs to be between 0 and {most}"))
    if step.pause is not None and (seconds := pause_seconds(step.pause)) < 0:
        found.append(invalid(f"{path}.pause.duration", seconds, "Duration needs to be greater than 0"))
    if step.set_canary_scale is not None and canary.traffic_routing is None:
        found.append(required(f"{base}.trafficRouting", "SetCanaryScale requires TrafficRouting to be set"))
    return found


def _header_route_errors(canary: Canary, step: CanaryStep, path: str) -> list[FieldError]:
    route, routing = step.set_header_route, canary.traffic_routing
    if route is None:
        return []
    path = f"{path}.setHeaderRoute"
    if routing is None or not (routing.istio or routing.alb or routing.apisix or routing.plugins):
        text = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix"
        return [invalid(path, view_json(route), text)]
    check = _alb_match_errors if routing.alb is not None else _match_errors
    return [error for at, match in enumerate(route.match) for error in check(match.header_value, f"{path}.match[{at}]")]


def _mirror_route_errors(canary: Canary, step: CanaryStep, path: str) -> list[FieldError]:
    route, routing = step.set_mirror_route, canary.traffic_routing
    if route is None:
        return []
    path, found = f"{path}.setMirrorRoute", []
    if routing is None or not (routing.istio or routing.plugins):
        text = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins"
        found.append(invalid(path, view_json(route), text))
    for at, match in enumerate(route.match):
        for value in (match.method, match.path, match.method):
            found += _match_errors(value, f"{path}.match[{at}]") if value is not None else []
    return found


def _given(match: StringMatch) -> JsonObject:
    parts = {"exact": match.exact, "prefix": match.prefix, "regex": match.regex}
    return {name: value for name, value in parts.items() if value}


def _match_errors(match: StringMatch | None, path: str) -> list[FieldError]:
    if match is None:
        return [invalid(path, None, _NO_MATCH)]
    given = _given(match)
    if len(given) == 1:
        return []
    return [invalid(path, given, _ONE_MATCH if given else _NO_MATCH)]


def _alb_match_errors(match: StringMatch | None, path: str) -> list[FieldError]:
    if match is None:
        return [invalid(path, None, _NO_MATCH)]
    if set(given := _given(match)) == {"exact"}:
        return []
    return [invalid(path, given, "SetHeaderRoute match value invalid. ALB supports 'exact' value only")]


def _managed_route_errors(canary: Canary, step: CanaryStep, base: str, path: str) -> list[FieldError]:
    routing = canary.traffic_routing
    routes = {"setHeaderRoute": step.set_header_route, "setMirrorRoute": step.set_mirror_route}
    if routing is None or not any(route is not None for route in routes.values()):
        return []
    if routing.managed_routes is None:
        field = "spec.strategy.canary.trafficRouting.managedRoutes"
        return [required(f"{base}.trafficRouting.managedRoutes", f"Rollout has missing field '{field}'")]
    known = {route.name for route in routing.managed_routes}
    text = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes"
    return [
        invalid(f"{path}.{name}", route.name, text)
        for name, route in routes.items()
        if route is not None and route.name not in known
    ]


def _experiment_errors(canary: Canary, step: CanaryStep, path: str) -> list[FieldError]:
    if step.experiment is None:
        return []
    routing, found = canary.traffic_routing, []
    for at, template in enumerate(step.experiment.templates):
        field = f"{path}.experiment.templates[{at}].weight"
        if template.weight is None:
            continue
        if routing is None:
            text = "Experiment template weight cannot be set unless TrafficRouting is enabled"
            found.append(invalid(field, template.weight, text))
        elif not (routing.alb or routing.smi or routing.istio or routing.plugins):
            text = (
                "Experiment template weight is only available for TrafficRouting with "
                "SMI, ALB, Istio and Plugins at this time"
            )
            found.append(invalid(field, template.weight, text))
    return found


def _argument_errors(rollout: Rollout, step: CanaryStep, path: str) -> list[FieldError]:
    args: list[RunArgument] = []
    if step.experiment is not None:
        args += [arg for analysis in step.experiment.analyses for arg in analysis.args]
    args += step.analysis.args if step.analysis is not None else ()
    return [_unknown_field(args, path) for arg in args if not _has_known_field(rollout, arg)]


def _has_known_field(rollout: Rollout, arg: RunArgument) -> bool:
    field = arg.value_from.field_ref if arg.value_from is not None else None
    if field is None or not field.field_path.startswith("metadata"):
        return True
    try:
        metadata_field(rollout, field.field_path)
    except TemplateError:
        return False
    return True


def _unknown_field(args: Sequence[RunArgument], path: str) -> FieldError:
    text = "Analyses arguments must refer to valid object metadata supported by downwardAPI"
    return invalid(f"{path}.analyses", [view_json(arg) for arg in args], text)
