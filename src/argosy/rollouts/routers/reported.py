"""The new version's share of the traffic in the routers' current objects, for display. Pure.

It does not matter who wrote an object: manual changes count, too. Most kinds have a list of targets, each with a
name and a weight; NGINX and Ambassador have a weight on the canary's own object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers import alb, ambassador, app_mesh, nginx
from argosy.rollouts.routers.istio.resources import DESTINATION_RULES, istio_of
from argosy.rollouts.routers.versions import MAPPINGS

_NAMES: Final = ("name", "service", "serviceName", "ServiceName", "host", "subset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The weights in one object, in percent of its total; `place` names the part of the object, empty if it has one."""

    kind: str
    name: str
    place: str = ""
    canary: int
    stable: int


def reported(rollout: Rollout, objects: Mapping[tuple[Resource, Key], JsonObject]) -> list[Reported]:
    """`objects`: from `needs.objects_of`."""
    canary, stable = _targets(rollout)
    found: list[Reported] = []
    for (resource, key), obj in sorted(objects.items(), key=lambda item: (item[0][0].kind, item[0][1])):
        if resource == INGRESSES:
            found += _ingress(rollout, key.name, obj, canary, stable)
        elif resource == MAPPINGS:
            found += _mapping(rollout, key.name, obj)
        elif resource != DESTINATION_RULES:
            found += _weighted(resource.kind, key.name, obj.get("spec"), canary, stable)
    return found


def _targets(rollout: Rollout) -> tuple[set[str], set[str]]:
    """The names of the new and the stable version in the routers' objects."""
    spec = rollout.spec.strategy.canary
    if spec is None:
        return set(), set()
    canary, stable = {spec.canary_service}, {spec.stable_service}
    if spec.ping_pong is not None:
        pair = spec.ping_pong.ping_service, spec.ping_pong.pong_service
        first, second = pair if rollout.status.canary.stable_ping_pong != "pong" else pair[::-1]
        canary, stable = {second}, {first}
    istio = istio_of(rollout)
    if istio is not None and istio.destination_rule is not None:
        canary.add(istio.destination_rule.canary_subset_name)
        stable.add(istio.destination_rule.stable_subset_name)
    if app_mesh.app_mesh_of(rollout) is not None:
        canary_node, stable_node = app_mesh.node_names(rollout)
        canary.add(canary_node)
        stable.add(stable_node)
    return canary - {""}, stable - {""}


def _ingress(rollout: Rollout, name: str, obj: JsonObject, canary: set[str], stable: set[str]) -> Iterator[Reported]:
    notes = obj["metadata"].get("annotations") or {}
    settings = nginx.nginx_of(rollout)
    if settings is not None and name in {nginx.canary_name(rollout, one) for one in nginx.stable_ingresses(rollout)}:
        prefix = settings.annotation_prefix or nginx.PREFIX
        weight, whole = (
            _number(notes.get(f"{prefix}/canary-weight")),
            _number(notes.get(f"{prefix}/canary-weight-total")),
        )
        share = round(100 * weight / whole) if whole else weight
        yield Reported(kind="Ingress", name=name, canary=share, stable=100 - share)
    if alb.alb_of(rollout) is not None:
        text = notes.get(f"{alb.annotation_prefix(rollout)}/actions.{alb.action_service(rollout)}")
        try:
            action = orjson.loads(text) if isinstance(text, str) else None
        except orjson.JSONDecodeError:
            return
        groups = _lowered(action)
        yield from _weighted("Ingress", name, groups, canary, stable)


def _lowered(value: Any) -> Any:
    """ALB's JSON capitalizes names."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lowered(item) for name, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def _mapping(rollout: Rollout, name: str, obj: JsonObject) -> Iterator[Reported]:
    if name in {ambassador.canary_mapping_name(one) for one in ambassador.mappings(rollout)}:
        weight = _number((obj.get("spec") or {}).get("weight"))
        yield Reported(kind="Mapping", name=name, canary=weight, stable=100 - weight)


def _weighted(
    kind: str, name: str, value: Any, canary: set[str], stable: set[str], place: str = ""
) -> Iterator[Reported]:
    """Every list of targets that contains one of ours."""
    if isinstance(value, dict):
        here = f"{place} {value['name']}".strip() if isinstance(value.get("name"), str) else place
        for item in value.values():
            yield from _weighted(kind, name, item, canary, stable, here)
    elif isinstance(value, list):
        ours = [(_role(one, canary, stable), _number(one.get("weight"))) for one in value if isinstance(one, dict)]
        if any(role == "canary" for role, _ in ours):
            yield _of(kind, name, place, ours)
            return
        for item in value:
            yield from _weighted(kind, name, item, canary, stable, place)


def _of(kind: str, name: str, place: str, ours: list[tuple[str, int]]) -> Reported:
    whole = sum(weight for _, weight in ours)

    def share(role: str) -> int:
        weight = sum(each for one, each in ours if one == role)
        return round(100 * weight / whole) if whole else 0

    return Reported(kind=kind, name=name, place=place, canary=share("canary"), stable=share("stable"))


def _role(target: JsonObject, canary: set[str], stable: set[str]) -> str:
    """By its own name, or the name of the object that it refers to."""
    inner = [one for one in (target.get("destination"), target.get("virtualNodeRef")) if isinstance(one, dict)]
    names = {str(one[field]).split(".")[0] for one in (target, *inner) for field in _NAMES if one.get(field)}
    return "canary" if names & canary else "stable" if names & stable else ""


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
