"""Behaviours of the specification that stand between those of the list (embedded-kubernetes sheet, 2 to 15)."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.vectors.behaviours.apply import WEB
from tests.vectors.behaviours.objects import (
    ACCOUNTS,
    CONFIG_MAPS,
    DEFINITIONS,
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    SERVICES,
    WIDGETS,
    config_map,
    definition,
    managers,
    owned_by,
    pod,
    service,
    version,
    widget,
    workload,
)
from tests.vectors.behaviours.world import JSON, World, run_in_world

LIST = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
ITEM = f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


def test_metadata_alone_is_given_for_objects_and_lists_in_their_own_form_only() -> None:
    async def check(world: World) -> None:
        await world.make(CONFIG_MAPS, config_map(data={"k": "v"}))
        one = await world.get(f"{CONFIG_MAPS}/a", accept=ITEM)
        assert (one["kind"], "data" in one) == ("PartialObjectMetadata", False)
        assert (await world.get(CONFIG_MAPS, accept=LIST))["kind"] == "PartialObjectMetadataList"
        (await world.send("GET", CONFIG_MAPS, accept=ITEM)).refused(406, "NotAcceptable")
        (await world.send("GET", f"{CONFIG_MAPS}/a", accept=LIST)).refused(406, "NotAcceptable")

    run_in_world(check)


def test_methods_and_addresses_that_do_not_fit_are_refused() -> None:
    async def check(world: World) -> None:
        (await world.send("POST", "/api/v1/configmaps", config_map())).refused(405, "MethodNotAllowed")
        (await world.send("PUT", CONFIG_MAPS, config_map())).refused(405, "MethodNotAllowed")
        (await world.send("GET", f"{NAMESPACES}/default/nothings")).refused(404, "NotFound")
        (await world.send("GET", f"{CONFIG_MAPS}?limit=x")).refused(400, "BadRequest")

    run_in_world(check)


def test_a_create_states_no_revision_and_no_second_object_of_a_name() -> None:
    async def check(world: World) -> None:
        answer = await world.send("POST", CONFIG_MAPS, config_map(resourceVersion="5"))
        assert answer.status == 500
        assert "resourceVersion should not be set on objects to be created" in answer.json["message"]
        await world.make(CONFIG_MAPS, config_map())
        again = await world.send("POST", CONFIG_MAPS, config_map())
        again.refused(409, "AlreadyExists", 'configmaps "a" already exists')
        missing = await world.send("POST", f"{NAMESPACES}/none/configmaps", config_map())
        missing.refused(404, "NotFound", 'namespaces "none" not found')

    run_in_world(check)


def test_what_only_the_server_sets_is_ignored_on_create() -> None:
    async def check(world: World) -> None:
        past = "2001-01-01T00:00:00Z"
        theirs = config_map(uid="u", creationTimestamp=past, deletionTimestamp=past, generation=7)
        metadata = (await world.make(CONFIG_MAPS, theirs))["metadata"]
        assert metadata["uid"] != "u"
        assert metadata["creationTimestamp"] == "2030-01-01T00:00:00Z"
        assert not {"deletionTimestamp", "generation"} & metadata.keys()

    run_in_world(check)


def test_a_page_of_forgotten_history_names_a_way_on() -> None:
    async def check(world: World) -> None:
        for name in "abc":
            await world.make(CONFIG_MAPS, config_map(name))
        token = (await world.get(f"{CONFIG_MAPS}?limit=1"))["metadata"]["continue"]
        await world.make(CONFIG_MAPS, config_map("d"))
        world.cluster.store.compact(world.cluster.store.revision)
        status = (await world.send("GET", f"{CONFIG_MAPS}?limit=1&continue={token}")).refused(410, "Expired")
        fresh = status["metadata"]["continue"]
        assert [item["metadata"]["name"] for item in (await world.get(f"{CONFIG_MAPS}?continue={fresh}"))["items"]][
            :2
        ] == ["b", "c"]

    run_in_world(check)


def test_lists_of_a_revision_show_exactly_that_revision() -> None:
    async def check(world: World) -> None:
        first = await world.make(CONFIG_MAPS, config_map("first"))
        await world.make(CONFIG_MAPS, config_map("second"))
        query = f"resourceVersion={first['metadata']['resourceVersion']}&resourceVersionMatch="
        assert "second" not in await world.names(f"{CONFIG_MAPS}?{query}Exact")
        assert "second" in await world.names(f"{CONFIG_MAPS}?{query}NotOlderThan")

    run_in_world(check)


def test_a_watch_list_of_nothing_is_marked_at_once_and_needs_its_match() -> None:
    async def check(world: World) -> None:
        query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true"
        watch = await world.watch(f"{PODS}?{query}&resourceVersionMatch=NotOlderThan")
        assert watch.types == ["BOOKMARK"]
        (await world.send("GET", f"{PODS}?{query}")).refused(422, "Invalid", "resourceVersionMatch")

    run_in_world(check)


def test_a_watch_ends_after_its_time_with_a_bookmark_before() -> None:
    async def check(world: World) -> None:
        watch = await world.watch(f"{PODS}?timeoutSeconds=10&allowWatchBookmarks=true&resourceVersion=1")
        await world.pass_time(8.5)
        assert (watch.types, watch.ended) == (["BOOKMARK"], False)
        await world.pass_time(3)
        assert (watch.types, watch.ended) == (["BOOKMARK"], True)

    run_in_world(check)


def test_fields_select_and_unknown_ones_are_refused() -> None:
    async def check(world: World) -> None:
        await world.make(PODS, pod("a", nodeName="n"))
        await world.make(PODS, pod("b"))
        assert await world.names(f"{PODS}?fieldSelector=spec.nodeName%3Dn") == ["a"]
        assert await world.names(f"{PODS}?fieldSelector=metadata.name!%3Da") == ["b"]
        (await world.send("GET", f"{PODS}?fieldSelector=spec.nothing%3Dx")).refused(400, "BadRequest", "spec.nothing")

    run_in_world(check)


def test_no_finalizer_is_added_to_what_is_going_and_another_uid_conflicts() -> None:
    async def check(world: World) -> None:
        await world.make(CONFIG_MAPS, config_map(finalizers=["x.io/a"]))
        await world.delete(f"{CONFIG_MAPS}/a")
        more = {"metadata": {"finalizers": ["x.io/a", "x.io/b"]}}
        (await world.patch(f"{CONFIG_MAPS}/a", more)).refused(422, "Invalid", "metadata.finalizers")
        other = {"metadata": {"uid": "11111111-2222-3333-4444-555555555555"}}
        (await world.patch(f"{CONFIG_MAPS}/a", other)).refused(409, "Conflict")

    run_in_world(check)


def test_a_strategic_patch_removes_values_of_plain_lists_and_refuses_nonsense() -> None:
    async def check(world: World) -> None:
        await world.make(CONFIG_MAPS, config_map(finalizers=["x.io/a", "x.io/b"]))
        gone = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.io/a"]}}
        found = (await world.patch(f"{CONFIG_MAPS}/a", gone, "strategic")).ok()
        assert found["metadata"]["finalizers"] == ["x.io/b"]
        await world.make(DEPLOYMENTS, workload())
        nameless = {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}
        assert (await world.patch(WEB, nameless, "strategic")).status == 500
        odd = {"metadata": {"$patch": "invent"}}
        assert (await world.patch(f"{CONFIG_MAPS}/a", odd, "strategic")).status == 500

    run_in_world(check)


def test_an_apply_needs_the_kind_of_its_address_known_fields_and_no_ownership() -> None:
    async def check(world: World) -> None:
        wrong = await world.apply(f"{CONFIG_MAPS}/a", {**config_map(), "kind": "Secret"}, "one")
        wrong.refused(400, "BadRequest")
        assert (await world.apply(f"{CONFIG_MAPS}/a", {**config_map(), "nothing": 1}, "one")).status == 500
        owned = config_map(managedFields=[{"manager": "x", "operation": "Apply"}])
        (await world.apply(f"{CONFIG_MAPS}/a", owned, "one")).refused(400, "BadRequest", "managedFields")
        absent = config_map(uid="11111111-2222-3333-4444-555555555555")
        (await world.apply(f"{CONFIG_MAPS}/a", absent, "one")).refused(409, "Conflict")

    run_in_world(check)


def test_owners_of_status_and_of_the_rest_are_distinguished() -> None:
    async def check(world: World) -> None:
        await world.apply(WEB, workload(), "one")
        (await world.patch(f"{WEB}/status?fieldManager=two", {"status": {"replicas": 3}})).ok()
        found = managers(await world.get(WEB))
        assert set(found) == {"one Apply", "two Update status"}
        assert found["two Update status"]["fieldsV1"] == {"f:status": {"f:replicas": {}}}

    run_in_world(check)


def test_a_dependent_of_an_owner_that_never_was_is_collected() -> None:
    async def check(world: World) -> None:
        real = await world.make(CONFIG_MAPS, config_map("real"))
        metadata = {**real["metadata"], "uid": "11111111-2222-3333-4444-555555555555"}
        ghost = owned_by({**real, "metadata": metadata})
        await world.make(CONFIG_MAPS, config_map("child", ownerReferences=[ghost]))
        await world.pass_time(5)
        assert await world.is_gone(f"{CONFIG_MAPS}/child")
        assert not await world.is_gone(f"{CONFIG_MAPS}/real")

    run_in_world(check)


def test_a_blocked_eviction_says_to_come_again_and_an_allowed_one_deletes() -> None:
    async def check(world: World) -> None:
        world.simulate()
        await world.make(PODS, pod("a"))
        budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
        spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}
        await world.make(budgets, {"metadata": {"name": "b"}, "spec": spec})
        await world.pass_time(10)
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a"}}
        status = (await world.send("POST", f"{PODS}/a/eviction", eviction)).refused(429, "TooManyRequests")
        assert [cause["reason"] for cause in status["details"]["causes"]] == ["DisruptionBudget"]
        await world.delete(f"{budgets}/b")
        assert (await world.make(f"{PODS}/a/eviction", eviction))["status"] == "Success"
        await world.pass_time(60)
        assert await world.is_gone(f"{PODS}/a")

    run_in_world(check)


def test_a_definition_is_emptied_before_it_is_deleted_and_then_no_longer_served() -> None:
    async def check(world: World) -> None:
        await world.make(DEFINITIONS, definition())
        await world.make(WIDGETS, widget())
        (await world.delete(f"{DEFINITIONS}/widgets.example.com")).ok()
        await world.pass_time(10)
        assert await world.is_gone(f"{DEFINITIONS}/widgets.example.com")
        assert (await world.send("GET", WIDGETS)).status == 404

    run_in_world(check)


def test_violations_in_parts_that_did_not_change_are_tolerated() -> None:
    async def check(world: World) -> None:
        await world.make(DEFINITIONS, definition())
        await world.make(WIDGETS, widget(spec={"size": 1, "color": "green"}))
        found: Any = await world.get(f"{DEFINITIONS}/widgets.example.com")
        schema = json.loads(json.dumps(version()["schema"]))
        schema["openAPIV3Schema"]["properties"]["spec"]["properties"]["color"]["enum"] = ["red"]
        found["spec"]["versions"][0]["schema"] = schema
        (await world.put(f"{DEFINITIONS}/widgets.example.com", found)).ok()
        (await world.patch(f"{WIDGETS}/w", {"spec": {"size": 2}})).ok()
        (await world.patch(f"{WIDGETS}/w", {"spec": {"color": "blue"}})).refused(422, "Invalid", "spec.color")

    run_in_world(check)


def test_tokens_are_reviewed_and_short_ones_refused() -> None:
    async def check(world: World) -> None:
        await world.make(ACCOUNTS, {"metadata": {"name": "bot"}})
        request = {"spec": {"expirationSeconds": 10}}
        (await world.send("POST", f"{ACCOUNTS}/bot/token", request)).refused(422, "Invalid", "expirationSeconds")
        token = (await world.make(f"{ACCOUNTS}/bot/token", {"spec": {"expirationSeconds": 600}}))["status"]["token"]
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["exp"] - claims["iat"] == 600
        reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
        status = (await world.make(reviews, {"spec": {"token": token}}))["status"]
        assert status["authenticated"] is True
        assert status["user"]["username"] == "system:serviceaccount:default:bot"
        assert not (await world.make(reviews, {"spec": {"token": "x"}}))["status"].get("authenticated")
        await world.pass_time(700)
        assert not (await world.make(reviews, {"spec": {"token": token}}))["status"].get("authenticated")

    run_in_world(check)


def test_an_address_of_a_service_is_given_once_and_a_taken_one_refused() -> None:
    async def check(world: World) -> None:
        made = await world.make(SERVICES, service("a"))
        address = made["spec"]["clusterIP"]
        assert made["spec"]["clusterIPs"] == [address]
        taken = await world.send("POST", SERVICES, service("b", clusterIP=address))
        taken.refused(422, "Invalid", "provided IP is already allocated")
        moved = await world.patch(f"{SERVICES}/a", {"spec": {"clusterIP": "10.96.0.99"}})
        moved.refused(422, "Invalid", 'spec.clusterIPs[0]: Invalid value: ["10.96.0.99"]: may not change once set')

    run_in_world(check)
