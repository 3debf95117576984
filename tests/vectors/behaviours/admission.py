"""M: admission."""

from __future__ import annotations

import json
from typing import Any

from argosy.cluster.ports import ProxyRequest, ProxyResponse

from .objects import ADMISSION, CONFIG_MAPS, config_map
from .table import proves
from .world import World

CREATED_CONFIG_MAPS = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["configmaps"],
}


@proves("M01")
async def a_webhook_refuses_in_its_own_words(world: World) -> None:
    asked: list[Any] = []

    async def deny(request: ProxyRequest) -> ProxyResponse:
        asked.append(json.loads(request.body)["request"])
        status = {"code": 418, "message": "no tea here"}
        response = {"uid": asked[-1]["uid"], "allowed": False, "status": status}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        return ProxyResponse(status=200, body=json.dumps(review).encode(), content_type="application/json")

    world.cluster.service_handlers.add_service("default", "hook", "", deny)
    hook = {
        "name": "tea.example.com",
        "clientConfig": {"service": {"namespace": "default", "name": "hook"}},
        "rules": [CREATED_CONFIG_MAPS],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    await world.make(f"{ADMISSION}/validatingwebhookconfigurations", {"metadata": {"name": "h"}, "webhooks": [hook]})
    answer = await world.send("POST", CONFIG_MAPS, config_map())
    assert answer.status == 418
    assert answer.json["message"] == 'admission webhook "tea.example.com" denied the request: no tea here'
    assert (asked[0]["operation"], asked[0]["object"]["metadata"]["name"]) == ("CREATE", "a")
    assert await world.is_gone(f"{CONFIG_MAPS}/a")


async def _policy(world: World, name: str, **validation: str) -> None:
    spec = {"matchConstraints": {"resourceRules": [CREATED_CONFIG_MAPS]}, "validations": [validation]}
    await world.make(f"{ADMISSION}/validatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec})
    binding = {"policyName": name, "validationActions": ["Deny"]}
    place = f"{ADMISSION}/validatingadmissionpolicybindings"
    await world.make(place, {"metadata": {"name": f"{name}-bound"}, "spec": binding})


@proves("M04")
async def a_bound_policy_denies(world: World) -> None:
    await _policy(world, "small", expression="size(object.data) < 3", message="too much data")
    await _policy(world, "named", expression="object.metadata.name != 'x'", message="not x", reason="Forbidden")
    await world.pass_time()
    many = dict.fromkeys("abc", "1")
    denied = await world.send("POST", CONFIG_MAPS, config_map(data=many))
    text = "ValidatingAdmissionPolicy 'small' with binding 'small-bound' denied request: too much data"
    denied.refused(422, "Invalid", text)
    forbidden = await world.send("POST", CONFIG_MAPS, config_map("x", data={"a": "1"}))
    text = "ValidatingAdmissionPolicy 'named' with binding 'named-bound' denied request: not x"
    forbidden.refused(403, "Forbidden", text)
    await world.make(CONFIG_MAPS, config_map(data={"a": "1"}))
