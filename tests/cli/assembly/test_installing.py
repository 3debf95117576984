"""What is installed before the controllers start, however the API server is just then."""

from __future__ import annotations

import copy
from collections import Counter

import pytest

from argosy.apis import crds
from argosy.cli.assembly.installing import ATTEMPTS, install, resource_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.verbs import verbs
from tests.kit.world import NAMESPACES, World

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}
CONFLICT = StatusError(409, "Conflict", "the object has been modified")
AWAY = StatusError(503, "ServiceUnavailable", "away")


class Refusing(WrappingClient):
    """Each write meets the next of `answers` before it is taken; "lost" takes it and says nothing."""

    answers: list[Exception | str]
    asked: Counter[str]

    async def write(self, request: Write) -> JsonObject:
        self.asked[request.verb] += 1
        found = self.answers.pop(0) if self.answers else ""
        if isinstance(found, Exception):
            raise found
        answer = await super().write(request)
        if found == "lost":
            raise TimeoutError
        return answer


def installed(*answers: Exception | str) -> tuple[int, bool]:
    """How often it was asked, and whether the namespace is there."""
    with World() as world:
        client = Refusing(world.client)
        client.answers, client.asked = list(answers), Counter()
        try:
            world.run(install(verbs(client), [NAMESPACE], "test", world.clock, world.rng))
        finally:
            found = [obj["metadata"]["name"] for obj in world.run(world.client.list(NAMESPACES)).items]
        return client.asked["apply"], "argocd" in found


@pytest.mark.parametrize("answers", [[CONFLICT], [AWAY, AWAY], [ConnectionResetError()], ["lost"], [CONFLICT, "lost"]])
def test_what_may_pass_is_tried_again(answers: list[Exception | str]) -> None:
    assert installed(*answers) == (len(answers) + 1, True)


@pytest.mark.parametrize("answer", [AWAY, CONFLICT])
def test_it_is_not_tried_for_ever(answer: StatusError) -> None:
    with pytest.raises(StatusError) as refusal:
        installed(*[answer] * (ATTEMPTS + 5))
    assert refusal.value is answer


def test_a_refusal_is_reported_at_once() -> None:
    with pytest.raises(StatusError, match="forbidden"):
        installed(StatusError(403, "Forbidden", "forbidden"), AWAY)


def test_a_chart_takes_definitions_over_and_keeps_them() -> None:
    """As `helm install --take-ownership` does by server-side apply, without forcing."""
    (definition,) = crds("sealed-secrets")
    resource = resource_of(definition)
    name = definition["metadata"]["name"]
    theirs = copy.deepcopy(definition)
    theirs["metadata"]["annotations"] = {"meta.helm.sh/release-name": "sealed-secrets"}
    theirs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] = "as the chart says it"
    with World() as world:
        world.run(install(world.client, [definition], "argosy", world.clock, world.rng))
        world.run(world.client.apply(resource, theirs, field_manager="helm"))
        before = world.run(world.client.read(resource, name))
        world.run(install(world.client, [definition], "argosy", world.clock, world.rng))
        assert world.run(world.client.read(resource, name)) == before
