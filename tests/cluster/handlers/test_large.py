"""What takes long is judged in a thread: large objects, and rules that cost more than one turn of the loop may take."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.machinery.structural.cel import Budget, CallTooCostly, program
from argosy.machinery.structural.turns import TooLongHere, in_one_turn
from tests.kit.engine import DEFINITIONS
from tests.kit.world import World

THINGS = Resource("example.com", "v1", "things", "Thing")
RULE = "self.a.all(x, self.a.all(y, x + y >= 0))"


def definition() -> JsonObject:
    numbers = {"type": "array", "maxItems": 400, "items": {"type": "integer"}}
    rules = [{"rule": RULE, "message": "no sum may be negative"}]
    spec = {"type": "object", "properties": {"a": numbers}, "x-kubernetes-validations": rules}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    group = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions}
    metadata = {"name": "things.example.com"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": group,
    }


def thing(name: str, *numbers: int) -> JsonObject:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": metadata, "spec": {"a": list(numbers)}}


@pytest.mark.parametrize(("count", "elsewhere"), [(3, 0), (300, 1)])
@pytest.mark.parametrize("last", [1, -1000])
def test_costly_rules_are_judged_outside_the_loop_with_the_same_verdict(
    count: int, elsewhere: int, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with World() as world:
        world.run(world.client.create(DEFINITIONS, definition()))
        world.pass_time(5)
        handed: list[Any] = []
        external = world.clock.external

        async def seen(work: Any, **more: Any) -> Any:
            handed.append(work)
            return await external(work, **more)

        monkeypatch.setattr(world.clock, "external", seen)
        obj = thing("t", *range(count), last)
        if last > 0:
            world.run(world.client.create(THINGS, obj))
        else:
            with pytest.raises(StatusError, match="no sum may be negative"):
                world.run(world.client.create(THINGS, obj))
        # A sum that is negative is found with the first number: then little was spent.
        assert len(handed) == (elsewhere if last > 0 else 0)


def test_what_is_too_long_for_a_turn_says_so_and_is_no_verdict() -> None:
    numbers = {"self": {"a": list(range(300))}}
    with in_one_turn(), pytest.raises(TooLongHere):
        program(RULE).evaluate(numbers, Budget())
    assert program(RULE).evaluate(numbers, Budget()) is True


def test_several_rules_share_one_turn() -> None:
    numbers = {"self": {"a": list(range(60))}}
    with in_one_turn():
        assert program(RULE).evaluate(numbers, Budget()) is True
        with pytest.raises(TooLongHere):
            for _ in range(10):
                program(RULE).evaluate(numbers, Budget())


def test_an_evaluation_beyond_its_own_limit_is_refused_as_ever() -> None:
    with pytest.raises(CallTooCostly):
        program(RULE).evaluate({"self": {"a": list(range(600))}}, Budget())
