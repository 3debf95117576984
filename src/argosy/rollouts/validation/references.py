"""What a Rollout refers to: Services, templates of analyses, and the objects of routers. Section 10, "References"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.resources import HASH_LABEL, MANAGED_BY
from argosy.rollouts.validation.analyses import analysis_errors
from argosy.rollouts.validation.errors import FieldError, invalid
from argosy.rollouts.validation.routers import missing_objects, wrong_objects

Objects = Mapping[tuple[Resource, Key], JsonObject]
_Check = Callable[[], Iterator[FieldError]]


def first_wrong_reference(
    rollout: Rollout,
    services: Mapping[str, Service],
    templates: Mapping[tuple[str, bool], JsonObject],
    objects: Objects,
) -> str:
    """The text of the first error; empty if valid. Missing objects are reported before invalid ones."""
    checks: Sequence[_Check] = (
        lambda: _missing_services(rollout, services),
        lambda: analysis_errors(rollout, templates, missing=True),
        lambda: missing_objects(rollout, objects),
        lambda: _service_errors(rollout, services),
        lambda: analysis_errors(rollout, templates, missing=False),
        lambda: wrong_objects(rollout, objects),
    )
    return next((str(error) for check in checks for error in check()), "")


def wrong_references(rollout: Rollout, services: Mapping[str, Service], objects: Objects) -> Iterator[FieldError]:
    """Errors of the Services and routers' objects that exist."""
    for field, name in named_services(rollout):
        if name in services:
            yield from service_errors(rollout, services[name], field)
    yield from wrong_objects(rollout, objects)


def named_services(rollout: Rollout) -> list[tuple[str, str]]:
    """(field, name), in the order in which they are checked."""
    canary, blue_green = rollout.spec.strategy.canary, rollout.spec.strategy.blue_green
    base, found = "spec.strategy", []
    if blue_green is not None:
        found = [("blueGreen.activeService", blue_green.active_service)]
        found.append(("blueGreen.previewService", blue_green.preview_service))
    elif canary is not None:
        found = [("canary.stableService", canary.stable_service), ("canary.canaryService", canary.canary_service)]
        if canary.ping_pong is not None:
            found.append(("canary.pingPong.pingService", canary.ping_pong.ping_service))
            found.append(("canary.pingPong.pongService", canary.ping_pong.pong_service))
    return [(f"{base}.{field}", name) for field, name in found if name]


def _missing_services(rollout: Rollout, services: Mapping[str, Service]) -> Iterator[FieldError]:
    for field, name in named_services(rollout):
        if name not in services:
            yield invalid(field, name, f'service "{name}" not found')


def _service_errors(rollout: Rollout, services: Mapping[str, Service]) -> Iterator[FieldError]:
    for field, name in named_services(rollout):
        yield from service_errors(rollout, services[name], field)


def service_errors(rollout: Rollout, service: Service, field: str) -> Iterator[FieldError]:
    """It must select pods of the template, and no other Rollout may manage it."""
    name = service.metadata.name
    labels = ((rollout.spec.template or {}).get("metadata") or {}).get("labels") or {}
    for key, value in service.spec.selector.items():
        if key != HASH_LABEL and labels.get(key) != value:
            yield invalid(field, name, f'Service "{name}" has unmatch label "{key}" in rollout')
    if service.metadata.annotations.get(MANAGED_BY, rollout.name) != rollout.name:
        yield invalid(field, name, f'Service "{name}" is managed by another Rollout')
