"""ValidatingAdmissionPolicies get the warnings of a type check in their status, as from Kubernetes' own controller."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.catalog import Catalog
from argosy.cluster.kinds import builtin_kinds
from argosy.cluster.kinds.validation.policy_types import _affordable, kinds_named
from argosy.machinery.objects import JsonObject
from tests.kit.workloads import World, play

APPS: JsonObject = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["deployments", "replicasets", "deployments/scale"],
}
PODS: JsonObject = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


def policy(*expressions: str, rule: JsonObject = PODS, **spec: Any) -> JsonObject:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": text} for text in expressions],
            **spec,
        },
    }


async def checked(world: World, given: JsonObject) -> JsonObject:
    await world.create(given)
    await world.wait(1)
    status: JsonObject = world.get("ValidatingAdmissionPolicy", "p")["status"]
    assert status["observedGeneration"] == 1
    return status


def test_a_field_that_does_not_exist_is_shown_for_each_kind() -> None:
    async def scenario(world: World) -> None:
        status = await checked(world, policy("object.replicas > 1", rule=APPS))
        wrong = "ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n"
        warning = f"apps/v1, Kind=Deployment: {wrong}\napps/v1, Kind=ReplicaSet: {wrong}"
        expected = [{"fieldRef": "spec.validations[0].expression", "warning": warning}]
        assert status["typeChecking"] == {"expressionWarnings": expected}

    play(scenario)


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.containers.all(c, c.image.startsWith('registry.example/') && !has(c.securityContext.privileged))",
        "oldObject == null || object.metadata.labels['a'] == oldObject.metadata.labels['a']",
        "object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
        "object.spec.containers[0].resources.limits['cpu'] == '1'",
        "request.userInfo.username == 'eve' && authorizer.group('').resource('pods').check('get').allowed()",
        "namespaceObject.metadata.name == 'a'",
    ],
)
def test_what_fits_the_types_gets_no_warning(expression: str) -> None:
    async def scenario(world: World) -> None:
        assert (await checked(world, policy(expression)))["typeChecking"] == {}

    play(scenario)


def test_a_variable_has_the_type_of_its_expression_and_messages_are_checked_too() -> None:
    async def scenario(world: World) -> None:
        given = policy("variables.first.imagee != ''")
        given["spec"]["variables"] = [{"name": "first", "expression": "object.spec.containers[0]"}]
        given["spec"]["validations"][0]["messageExpression"] = "'no ' + object.spec.nodeNam"
        warnings = (await checked(world, given))["typeChecking"]["expressionWarnings"]
        assert [one["fieldRef"].rpartition(".")[2] for one in warnings] == ["expression", "messageExpression"]
        assert "undefined field 'imagee'" in warnings[0]["warning"]
        assert "undefined field 'nodeNam'" in warnings[1]["warning"]

    play(scenario)


@pytest.mark.parametrize("field", ["apiGroups", "apiVersions", "resources"])
def test_kinds_that_are_not_named_in_full_are_not_checked(field: str) -> None:
    async def scenario(world: World) -> None:
        status = await checked(world, policy("object.nothing == 1", rule={**PODS, field: ["*"]}))
        assert status["typeChecking"] == {}

    play(scenario)


APPS_PLURALS = "controllerrevisions daemonsets deployments replicasets statefulsets"
CORE_PLURALS = "configmaps endpoints events limitranges nodes pods podtemplates secrets services"


@pytest.mark.parametrize(
    ("rules", "count", "missing"),
    [
        ((("", CORE_PLURALS), ("apps", APPS_PLURALS)), 14, ""),  # neither rule has ten
        ((("", f"{CORE_PLURALS} serviceaccounts"), ("apps", APPS_PLURALS)), 10, "Deployment"),
        ((("", f"{CORE_PLURALS} serviceaccounts replicationcontrollers"),), 10, "Service"),  # the last plural
    ],
)
def test_the_tenth_kind_of_a_rule_is_the_last_one(rules: Any, count: int, missing: str) -> None:
    async def scenario(world: World) -> None:
        given = policy("object.nothing == 1")
        given["spec"]["matchConstraints"]["resourceRules"] = [
            {**PODS, "apiGroups": [group], "resources": plurals.split()} for group, plurals in rules
        ]
        (warning,) = (await checked(world, given))["typeChecking"]["expressionWarnings"]
        kinds = [line.split("Kind=")[1].split(":")[0] for line in warning["warning"].splitlines() if "Kind=" in line]
        assert len(kinds) == count
        assert missing not in kinds

    play(scenario)


@pytest.mark.parametrize(("count", "kinds"), [(1, 5), (100, 5), (110, 4), (10_000, 1)])
def test_long_policies_are_checked_against_fewer_kinds_so_that_the_loop_is_not_held(count: int, kinds: int) -> None:
    expressions = ["object.nothing == 1"] * count
    catalog = Catalog(builtin_kinds())
    rules = [{**PODS, "apiGroups": ["apps"], "resources": APPS_PLURALS.split()}]
    spec = {"matchConstraints": {"resourceRules": rules}, "validations": [{"expression": one} for one in expressions]}
    assert len(_affordable(kinds_named(spec, catalog), spec)) == kinds


def test_a_change_of_the_policy_is_checked_again() -> None:
    async def scenario(world: World) -> None:
        await checked(world, policy("object.nothing == 1"))
        better = {"spec": {"validations": [{"expression": "object.spec.hostNetwork != true"}]}}
        await world.patch("ValidatingAdmissionPolicy", "p", better)
        await world.wait(1)
        status = world.get("ValidatingAdmissionPolicy", "p")["status"]
        assert status == {"observedGeneration": 2, "typeChecking": {}}

    play(scenario)
