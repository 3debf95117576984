"""Microseconds of the pure functions that every write passes through, on a 2 KB Deployment.

Run: python bench/machinery.py. Each figure is the best of five rounds.
"""

from __future__ import annotations

import copy
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from argosy.cluster.kinds.registry import builtin_kinds
from argosy.machinery.patches.jsonpatch import apply_json_patch
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.patches.strategic import strategic_merge
from argosy.machinery.server_side_apply import fieldset, typed
from argosy.machinery.server_side_apply.apply import apply
from argosy.machinery.server_side_apply.ownership import track_update

NOW = datetime(2024, 1, 1, tzinfo=UTC)
NODE = next(kind for kind in builtin_kinds() if kind.resource.plural == "deployments").schema


def _container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example.com/{name}:1.2.3",
        "args": ["--verbose", "--port=8080"],
        "env": [{"name": f"E{index}", "value": str(index)} for index in range(4)],
        "ports": [{"containerPort": 8080, "protocol": "TCP", "name": "http"}],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "imagePullPolicy": "IfNotPresent",
    }


def _deployment() -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "labels": {"app": "x"}, "annotations": {"a/b": "c"}},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {
                "metadata": {"labels": {"app": "x"}},
                "spec": {
                    "containers": [_container("web"), _container("side"), _container("log")],
                    "volumes": [{"name": "data", "emptyDir": {}}],
                    "tolerations": [{"key": "t", "operator": "Exists"}],
                },
            },
        },
    }


def _print(label: str, run: Callable[[], Any]) -> None:
    rounds = 300
    best = min(timeit.repeat(run, number=rounds, repeat=5)) / rounds * 1e6
    print(f"{label:<48} {best:8.1f} µs")


def main() -> None:
    config = _deployment()
    more: Any = {"node": NODE, "force": True, "subresource": "", "api_version": "apps/v1", "now": NOW}
    live, _ = apply(None, config, manager="m1", **more)
    print(
        f"object: {len(orjson.dumps(config))} bytes, {len(list(fieldset.paths(typed.field_set(config, NODE))))} paths"
    )
    changed = copy.deepcopy(live)
    changed["spec"]["template"]["spec"]["containers"][1]["image"] = "other:2"
    update: Any = {"node": NODE, "manager": "u", "subresource": "", "api_version": "apps/v1", "now": NOW}
    _print("ownership of an update (unshared copies)", lambda: track_update(live, changed, **update))
    patch = {"spec": {"replicas": 4}}
    shared = merge_patch(live, patch)
    _print("ownership of a patch (shared branches)", lambda: track_update(live, shared, **update))
    _print("merge patch", lambda: merge_patch(live, patch))
    smp = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "n:2"}]}}}}
    _print("strategic merge patch", lambda: strategic_merge(live, smp, NODE))
    operations = [{"op": "replace", "path": "/spec/replicas", "value": 5}]
    _print("JSON patch", lambda: apply_json_patch(live, operations))
    _print("apply, no change", lambda: apply(live, copy_of, manager="m1", **more))
    edited = copy.deepcopy(config)
    edited["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    _print("apply, one field changed", lambda: apply(live, edited, manager="m1", **more))
    del edited["spec"]["template"]["spec"]["containers"][2]
    _print("apply, one container dropped", lambda: apply(live, edited, manager="m1", **more))
    _print("field set of the whole object", lambda: typed.field_set(config, NODE))


copy_of = _deployment()

if __name__ == "__main__":
    main()
