"""Watches: what is there, what changes, the sign of life, the version that is too old, the right that ends."""

from __future__ import annotations

import base64
import json

from tests.kit.kargo_api import KargoApi
from tests.kit.promotion import PromotionWorld

STAGES = "/v1beta1/projects/demo/stages"


def told(event: str) -> tuple[str, str]:
    found = json.loads(event.removeprefix("data: "))
    return found["type"], found["object"]["metadata"]["name"]


def test_a_watch_begins_with_what_is_there_and_continues_with_what_changes(
    world: PromotionWorld, api: KargoApi
) -> None:
    first = api.events(f"{STAGES}?watch=true", count=2)
    assert [told(one) for one in first] == [("ADDED", "prod"), ("ADDED", "test")]
    assert "managedFields" not in first[0]
    assert "kind" not in json.loads(first[0].removeprefix("data: "))["object"]


def test_from_a_version_only_changes_come(world: PromotionWorld, api: KargoApi) -> None:
    version = api.call("GET", STAGES)[1]["metadata"]["resourceVersion"]
    api.call("POST", f"{STAGES}/test/refresh")
    assert told(api.events(f"{STAGES}?watch=true&resourceVersion={version}", count=1)[0]) == ("MODIFIED", "test")


def test_a_version_that_is_too_old_is_an_event_that_says_so(api: KargoApi) -> None:
    (event,) = api.events(f"{STAGES}?watch=true&resourceVersion=999999999", count=1)
    assert event.startswith("event: error\ndata: ")


def test_what_does_not_match_is_left_out(api: KargoApi) -> None:
    assert [told(one) for one in api.events(f"{STAGES}/prod?watch=true", count=1)] == [("ADDED", "prod")]
    version = api.call("GET", STAGES)[1]["metadata"]["resourceVersion"]
    (quiet,) = api.events(f"{STAGES}?watch=true&freightOrigins=other&resourceVersion={version}", count=1)
    assert quiet == ": keepalive\n\n"


def test_a_quiet_watch_gives_a_sign_of_life_after_thirty_seconds(world: PromotionWorld, api: KargoApi) -> None:
    version = api.call("GET", STAGES)[1]["metadata"]["resourceVersion"]
    began = world.clock.monotonic()
    (event,) = api.events(f"{STAGES}?watch=true&resourceVersion={version}", count=1)
    assert event == ": keepalive\n\n"
    assert world.clock.monotonic() - began == 30.0


def test_one_that_is_not_there_is_not_watched(api: KargoApi) -> None:
    assert api.call("GET", f"{STAGES}/absent?watch=true")[0] == 404


def test_a_watch_ends_within_five_seconds_of_its_right(world: PromotionWorld, api: KargoApi) -> None:
    metadata = {"name": "watcher", "namespace": "demo"}
    grant = {"resourceType": "stages", "verbs": ["get", "list", "watch"]}
    assert api.call("POST", "/v1beta1/projects/demo/roles", {"metadata": metadata})[0] == 201
    api.call("POST", "/v1beta1/projects/demo/roles/grants", {"role": "watcher", "resourceDetails": grant})
    _, made = api.call("POST", "/v1beta1/projects/demo/roles/watcher/api-tokens", {"name": "watching"})
    token = base64.b64decode(made["data"]["token"]).decode()
    assert len(api.events(f"{STAGES}?watch=true", count=2, token=token)) == 2

    version = api.call("GET", STAGES)[1]["metadata"]["resourceVersion"]
    response = api.send("GET", f"{STAGES}?watch=true&resourceVersion={version}", token=token)
    assert response.status == 200
    api.call("DELETE", "/v1beta1/projects/demo/api-tokens/watching")

    async def rest() -> list[bytes]:
        return [chunk async for chunk in response.body]  # type: ignore[union-attr]

    began = world.clock.monotonic()
    assert world.run(rest()) == []
    assert world.clock.monotonic() - began == 5.0
