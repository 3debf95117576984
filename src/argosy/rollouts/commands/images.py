"""set image: changes the image of one container, or of all. Section 13."""

from __future__ import annotations

import copy

from argosy.machinery.objects import JsonObject

EVERY = "*"


class NoSuchContainer(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f'unable to find container named "{name}"')


def with_image(workload: JsonObject, container: str, image: str) -> JsonObject:
    """A copy of a Rollout or Deployment. Raises NoSuchContainer."""
    changed, found = copy.deepcopy(workload), False
    spec = ((changed.get("spec") or {}).get("template") or {}).get("spec") or {}
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for one in spec.get(kind) or ():
            if container in (one.get("name"), EVERY):
                one["image"], found = image, True
    if not found:
        raise NoSuchContainer(container)
    return changed
