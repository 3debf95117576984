"""Bodies sent to a real server and what it stored: defaults, allocated values and emission in one comparison."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject

from .vectors import IGNORED_METADATA, created, needs_vectors, steps

TOKEN_VOLUME = re.compile(r"kube-api-access-.*")
DEFAULT_SECONDS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def without_admission_extras(obj: JsonObject) -> JsonObject:
    """Pods get no token volume and no tolerations here (kinds sheet 2.4, advised options); nor LimitRanger's values."""
    spec = obj["spec"]
    spec["volumes"] = [volume for volume in spec.get("volumes") or () if not TOKEN_VOLUME.fullmatch(volume["name"])]
    for name in ("containers", "initContainers"):
        for container in spec.get(name) or ():
            mounts = [item for item in container.get("volumeMounts") or () if not TOKEN_VOLUME.fullmatch(item["name"])]
            container["volumeMounts"] = mounts
            if not mounts:
                del container["volumeMounts"]
    spec["tolerations"] = [item for item in spec.get("tolerations") or () if item.get("key") not in DEFAULT_SECONDS]
    for name in ("volumes", "tolerations"):
        if not spec[name]:
            del spec[name]
    if "kubernetes.io/limit-ranger" in (obj["metadata"].pop("annotations", None) or {}):
        obj["spec"]["containers"][0]["resources"] = {}
        obj["status"]["qosClass"] = "BestEffort"
    return obj


def comparable(obj: JsonObject) -> JsonObject:
    """Without handler metadata; cluster addresses and uids become words."""
    text = json.dumps(obj)
    text = re.sub(r'"10\.(43|96)\.\d+\.\d+"', '"{address}"', text)
    text = re.sub(r'"(\{uid:\d+\}|00000000-0000-4000-8000-000000000001)"', '"{uid}"', text)
    found: JsonObject = json.loads(re.sub(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', '"{time}"', text))
    metadata = {
        key: value
        for key, value in found["metadata"].items()
        if key not in (*IGNORED_METADATA, "namespace", "generation")
    }
    return {**found, "metadata": metadata}


def cases() -> list[Any]:
    return [pytest.param(step, id=step["name"]) for step in steps("defaults") if step["response"]["status"] == 201]


@needs_vectors
@pytest.mark.parametrize("step", cases())
def test_a_created_object_is_stored_as_a_real_server_stores_it(step: JsonObject) -> None:
    body, wanted = copy.deepcopy(step["request"]["body"]), copy.deepcopy(step["response"]["body"])
    if wanted["kind"] == "Pod":
        wanted = without_admission_extras(wanted)
    if wanted["kind"] == "Node":  # the taint is TaintNodesByCondition's, and no simulated node starts unready
        wanted["spec"].pop("taints")

    obj, causes = created(body)

    assert causes == []
    assert comparable(obj) == comparable(wanted)
