"""The container images that an object runs."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject

WORKLOAD_PATHS = (("spec",), ("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"))


def images_of(obj: JsonObject, *, with_init: bool = False) -> list[str]:
    """In the order of the containers, without duplicates. `with_init`: of init containers, too."""
    found: list[str] = []
    for path in WORKLOAD_PATHS:
        at: object = obj
        for name in path:
            at = at.get(name) if isinstance(at, dict) else None
        if isinstance(at, dict):
            for name in ("initContainers", "containers") if with_init else ("containers",):
                containers = at.get(name)
                listed = containers if isinstance(containers, list) else ()
                found += [str(c["image"]) for c in listed if isinstance(c, dict) and c.get("image")]
    return list(dict.fromkeys(found))
