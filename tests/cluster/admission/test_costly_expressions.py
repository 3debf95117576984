"""Policies and conditions that are too expensive for the loop run in a thread, with the same result."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from tests.kit.world import World

ADMISSION = "admissionregistration.k8s.io"
POLICIES = Resource(ADMISSION, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False)
BINDINGS = Resource(
    ADMISSION, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", namespaced=False
)
HOOKS = Resource(ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", namespaced=False)
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
TEN = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
RULES = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]


def costly(verdict: str, loops: int) -> str:
    """Of 10 ** loops steps."""
    text = verdict
    for number in range(loops):
        text = f"{TEN}.all(x{number}, {text})"
    return text


def policy(expression: str, action: str) -> list[tuple[Resource, JsonObject]]:
    kinds = {"apiVersion": f"{ADMISSION}/v1", "metadata": {"name": "p"}}
    spec = {"matchConstraints": {"resourceRules": RULES}, "validations": [{"expression": expression}]}
    return [
        (POLICIES, {**kinds, "kind": POLICIES.kind, "spec": spec}),
        (BINDINGS, {**kinds, "kind": BINDINGS.kind, "spec": {"policyName": "p", "validationActions": [action]}}),
    ]


def hook(condition: str) -> JsonObject:
    webhook = {
        "name": "w.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": RULES,
        "matchConditions": [{"name": "c", "expression": condition}],
    }
    return {
        "apiVersion": f"{ADMISSION}/v1",
        "kind": HOOKS.kind,
        "metadata": {"name": "w"},
        "webhooks": [webhook],
    }


def config_map(name: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


@pytest.fixture
def world() -> Any:
    with World() as made:
        yield made


def handed_over(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    handed: list[Any] = []
    external = world.clock.external

    async def seen(work: Any, **more: Any) -> Any:
        handed.append(work)
        return await external(work, **more)

    monkeypatch.setattr(world.clock, "external", seen)
    return handed


@pytest.mark.parametrize(("loops", "elsewhere"), [(1, 0), (5, 1)])
@pytest.mark.parametrize("verdict", ["true", "object.metadata.name != 'a'"])
def test_a_policy_decides_the_same_wherever_it_is_judged(
    loops: int, elsewhere: int, verdict: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for resource, obj in policy(costly(verdict, loops), "Deny"):
        world.run(world.client.create(resource, obj))
    handed = handed_over(world, monkeypatch)
    if verdict == "true":
        world.run(world.client.create(CONFIG_MAPS, config_map("a")))
        assert len(handed) == elsewhere
        return
    with pytest.raises(StatusError, match="denied request"):
        world.run(world.client.create(CONFIG_MAPS, config_map("a")))


def test_a_condition_of_a_webhook_decides_the_same_outside_the_loop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(world.client.create(HOOKS, hook(costly("object.metadata.name == 'asked'", 5))))
    handed = handed_over(world, monkeypatch)
    world.run(world.client.create(CONFIG_MAPS, config_map("other")))
    assert not handed  # the first step decides
    with pytest.raises(StatusError, match="failed calling webhook"):
        world.run(world.client.create(CONFIG_MAPS, config_map("asked")))
    assert handed
