"""ValidatingAdmissionPolicies and matchConditions, on a real cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from tests.vectors.behaviours.admission import CREATED_CONFIG_MAPS
from tests.vectors.behaviours.objects import ADMISSION, CONFIG_MAPS, NAMESPACES, SECRETS, config_map
from tests.vectors.behaviours.world import Answer, World, run_in_world

TEXT = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: "


async def bind(world: World, policy: Any, **binding: Any) -> None:
    constraints = {"resourceRules": [CREATED_CONFIG_MAPS]}
    body = {"metadata": {"name": "p"}, "spec": {"matchConstraints": constraints, **policy}}
    await world.make(f"{ADMISSION}/validatingadmissionpolicies", body)
    spec = {"policyName": "p", "validationActions": ["Deny"], **binding}
    await world.make(f"{ADMISSION}/validatingadmissionpolicybindings", {"metadata": {"name": "b"}, "spec": spec})


async def create(world: World, **metadata: Any) -> Answer:
    return await world.send("POST", CONFIG_MAPS, config_map(data={"k": "v"}, **metadata))


MISSING = "object.spec.nothing"
FAILS = f"{MISSING} == 1"
DENY = [{"expression": "false", "message": "no"}]
EVE = [{"expression": "request.userInfo.username == 'eve'", "message": "eve only"}]
NAMED_B = [{**CREATED_CONFIG_MAPS, "resourceNames": ["b"]}]


def when(*expressions: str) -> dict[str, Any]:
    """A policy that denies under these conditions."""
    conditions = [{"name": f"c{index}", "expression": text} for index, text in enumerate(expressions)]
    return {"validations": DENY, "matchConditions": conditions}


@pytest.mark.parametrize(
    ("policy", "binding", "said"),
    [
        ({"validations": DENY}, {}, "no"),
        ({"validations": [{"expression": " 1 > 2 "}]}, {}, "failed expression: 1 > 2"),
        ({"validations": [{"expression": "false", "messageExpression": "'by ' + object.metadata.name"}]}, {}, "by a"),
        (
            {"validations": [{"expression": "false", "messageExpression": MISSING, "message": "m"}]},
            {},
            "m",
        ),
        ({"validations": EVE}, {}, "eve only"),
        ({"validations": [{"expression": "oldObject != null", "message": "old"}]}, {}, "old"),
        (
            {
                "variables": [
                    {"name": "n", "expression": "size(object.data)"},
                    {"name": "two", "expression": "variables.n + 1"},
                ],
                "validations": [{"expression": "variables.two > 2", "message": "few"}],
            },
            {},
            "few",
        ),
        ({"validations": DENY, "failurePolicy": "Ignore"}, {}, "no"),
        ({"validations": [{"expression": FAILS}], "failurePolicy": "Ignore"}, {}, None),
        (when("object.metadata.name == 'b'"), {}, None),
        (when("request.operation == 'CREATE'"), {}, "no"),
        (when(FAILS, "false"), {}, None),
        ({"validations": DENY}, {"validationActions": ["Audit"]}, None),
        ({"validations": DENY}, {"matchResources": {"objectSelector": {"matchLabels": {"x": "y"}}}}, None),
        (
            {"validations": DENY},
            {"matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}},
            "no",
        ),
        ({"validations": DENY}, {"matchResources": {"excludeResourceRules": [CREATED_CONFIG_MAPS]}}, None),
        ({"validations": DENY}, {"matchResources": {"resourceRules": NAMED_B}}, None),
    ],
)
def test_a_bound_policy_says_no_or_nothing(policy: Any, binding: Any, said: str | None) -> None:
    async def check(world: World) -> None:
        await bind(world, policy, **binding)
        answer = await create(world)
        if said is None:
            answer.ok(201)
        else:
            message = answer.refused(422, "Invalid")["message"]
            assert message == f'configmaps "a" is forbidden: {TEXT}{said}'

    run_in_world(check)


def test_an_expression_that_fails_denies_unless_failures_are_ignored() -> None:
    async def check(world: World) -> None:
        await bind(world, {"validations": [{"expression": FAILS}]})
        (await create(world)).refused(422, "Invalid", f"{TEXT}expression '{FAILS}' resulted in error: ")

    run_in_world(check)


def test_a_policy_that_warns_lets_pass() -> None:
    async def check(world: World) -> None:
        await bind(world, {"validations": DENY}, validationActions=["Warn"])
        answer = await create(world)
        answer.ok(201)
        assert answer.warnings == ["299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no\""]

    run_in_world(check)


def test_a_policy_without_binding_and_a_binding_without_policy_do_nothing() -> None:
    async def check(world: World) -> None:
        await bind(world, {"validations": DENY})
        await world.delete(f"{ADMISSION}/validatingadmissionpolicies/p")
        (await create(world)).ok(201)

    run_in_world(check)


@pytest.mark.parametrize(("missing", "code"), [("Allow", 201), ("Deny", 422)])
def test_parameters_come_from_the_objects_of_the_binding(missing: str, code: int) -> None:
    async def check(world: World) -> None:
        kind = {"apiVersion": "v1", "kind": "Secret"}
        rule = {"expression": "!(object.metadata.name in params.data)", "message": "listed"}
        reference = {"name": "names", "namespace": "default", "parameterNotFoundAction": missing}
        await bind(world, {"paramKind": kind, "validations": [rule]}, paramRef=reference)
        assert (await create(world)).status == code
        await world.make(SECRETS, {"metadata": {"name": "names"}, "stringData": {"evil": "1"}})
        denied = await world.send("POST", CONFIG_MAPS, config_map("evil"))
        denied.refused(422, "Invalid", "listed")
        await world.make(CONFIG_MAPS, config_map("good"))

    run_in_world(check)


def test_a_policy_covers_every_way_to_write_and_no_policies() -> None:
    async def check(world: World) -> None:
        rules = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}]
        mine = "!has(object.metadata.labels) || object.metadata.labels['team'] == 'us'"
        rule = {"expression": f"object == null || {mine}", "message": "not ours"}
        await bind(world, {"matchConstraints": {"resourceRules": rules}, "validations": [rule]})
        theirs = {"team": "them"}
        (await create(world, labels=theirs)).refused(422, "Invalid", "not ours")
        await world.make(CONFIG_MAPS, config_map())
        for how in ("merge", "strategic"):
            (await world.patch(f"{CONFIG_MAPS}/a", {"metadata": {"labels": theirs}}, how)).refused(422, "Invalid")
        applied = config_map(labels=theirs)
        (await world.apply(f"{CONFIG_MAPS}/a", applied, "m")).refused(422, "Invalid")
        (await world.send("POST", NAMESPACES, {"metadata": {"name": "n", "labels": theirs}})).refused(422, "Invalid")
        (await world.delete(f"{CONFIG_MAPS}/a")).ok()
        (await world.delete(f"{ADMISSION}/validatingadmissionpolicies/p")).ok()

    run_in_world(check)


@pytest.mark.parametrize(("expression", "asked"), [("object.metadata.name == 'a'", 1), ("object == null", 0)])
def test_a_webhook_is_asked_only_when_its_conditions_hold(expression: str, asked: int) -> None:
    async def check(world: World) -> None:
        calls: list[Any] = []

        async def allow(request: ProxyRequest) -> ProxyResponse:
            calls.append(json.loads(request.body)["request"])
            response = {"response": {"uid": calls[-1]["uid"], "allowed": True}}
            return ProxyResponse(status=200, body=json.dumps(response).encode())

        world.cluster.service_handlers.add_service("default", "hook", "", allow)
        hook = {
            "name": "hook.example.com",
            "clientConfig": {"service": {"namespace": "default", "name": "hook"}},
            "rules": [CREATED_CONFIG_MAPS],
            "matchConditions": [{"name": "c", "expression": expression}],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        place = f"{ADMISSION}/validatingwebhookconfigurations"
        await world.make(place, {"metadata": {"name": "h"}, "webhooks": [hook]})
        (await create(world)).ok(201)
        assert len(calls) == asked

    run_in_world(check)
