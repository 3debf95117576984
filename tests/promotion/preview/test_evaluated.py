"""A Promotion's expressions as they evaluate: what people see of them, and that no Secret is in it."""

from __future__ import annotations

import json
from pathlib import Path

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, SECRETS
from argosy.promotion.preview.evaluated import Evaluated, evaluated, masked, objects_for
from argosy.promotion.settings import Settings
from tests.kit.promotion import PromotionWorld
from tests.promotion.test_stories import DIRECT, template


def shown(world: PromotionWorld, name: str, *, without_stage: bool = False) -> Evaluated:
    promotion = world.get(PROMOTIONS, Key("demo", name))
    assert promotion is not None
    piece = world.get(FREIGHT, Key("demo", promotion["spec"]["freight"]))
    assert piece is not None
    client = world.cluster.client("kubernetes-admin", ("system:masters",))
    objects = world.run(objects_for(client, Settings(), "demo"))
    stage = None if without_stage else read(Stage, world.stage("test"))
    return evaluated(objects, Settings(), read(Promotion, promotion), stage, read(Freight, piece))


def make(world: PromotionWorld, *steps: JsonObject, variables: list[JsonObject] | None = None) -> str:
    world.write("repo", {"README.md": "x\n"})
    world.project()
    world.warehouse("w", world.repository("repo"))
    spec = template(*steps)
    spec["spec"]["vars"] = variables or []
    world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": spec})
    (freight,) = world.freight()
    name = world.promote("test", freight)
    world.pass_time(30)
    return name


def test_variables_and_configurations_are_shown_as_they_evaluate(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        name = make(
            world,
            {"uses": "compose-output", "as": "tag", "config": {"tag": "${{ vars.prefix }}-1"}},
            {
                "uses": "compose-output",
                "as": "next",
                "vars": [{"name": "own", "value": "${{ outputs.tag.tag }}!"}],
                "config": {"all": "${{ vars.own }} in ${{ ctx.stage }}", "number": "${{ 1 + 1 }}"},
            },
            {"uses": "compose-output", "as": "never", "if": "${{ ctx.stage == 'prod' }}", "config": {"a": "b"}},
            variables=[{"name": "prefix", "value": "v"}],
        )
        found = shown(world, name)

        assert found.variables == {"prefix": "v"}
        assert [one.alias for one in found.steps] == ["tag", "next", "never"]
        assert found.steps[0].config == {"tag": "v-1"}
        assert found.steps[1].variables == {"prefix": "v", "own": "v-1!"}
        assert found.steps[1].config == {"all": "v-1! in test", "number": 2}
        assert [one.skipped for one in found.steps] == [False, False, True]


def test_what_cannot_be_evaluated_says_why_and_the_others_are_shown(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        name = make(
            world,
            {"uses": "compose-output", "as": "one", "config": {"a": "${{ outputs.absent.x.y }}"}},
            {"uses": "compose-output", "as": "two", "config": {"a": "${{ ctx.project }}"}},
        )
        found = shown(world, name)

        assert found.steps[0].problem
        assert found.steps[0].config == {}
        assert found.steps[1].config == {"a": "demo"}


def test_no_value_of_a_secret_is_shown_whatever_is_made_of_it(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        secret = {"name": "creds", "namespace": "demo", "labels": {"kargo.akuity.io/cred-type": "generic"}}
        name = make(
            world,
            {
                "uses": "compose-output",
                "as": "one",
                "config": {
                    "plain": "${{ secret('creds').token }}",
                    "turned": "${{ lower(secret('creds').token) + toBase64(secret('creds').token) }}",
                    "length": "${{ len(secret('creds').token) }}",
                },
            },
        )
        obj = {"apiVersion": "v1", "kind": "Secret", "metadata": secret, "stringData": {"token": "Hush-77"}}
        world.run(world.kubectl.create(SECRETS, obj))
        found = shown(world, name)

        assert found.steps[0].config["plain"] == "***"
        assert found.steps[0].config["length"] == 3
        assert "hush" not in json.dumps(found.steps[0].config).lower()


def test_a_promotion_whose_stage_is_gone_says_so(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path) as world:
        name = make(world, {"uses": "compose-output", "as": "one", "config": {"a": "b"}})
        assert "the Stage test is gone" in shown(world, name, without_stage=True).problem


def test_a_masked_secret_has_its_keys_alone() -> None:
    secret = {"metadata": {"name": "a"}, "data": {"x": "c2VjcmV0"}, "stringData": {"y": "secret"}}
    assert masked(secret) == {"metadata": {"name": "a"}, "data": {"x": "Kioq", "y": "Kioq"}}
