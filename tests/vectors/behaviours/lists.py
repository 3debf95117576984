"""L: lists and watches."""

from __future__ import annotations

from typing import Any

from .objects import CONFIG_MAPS, EVENTS, SECRETS, Body, config_map
from .table import proves
from .world import TABLE, World

INITIAL_END = "k8s.io/initial-events-end"


async def _make(world: World, *names: str, **metadata: Any) -> list[Any]:
    return [await world.make(CONFIG_MAPS, config_map(name, **metadata)) for name in names]


async def _now(world: World) -> str:
    """The revision of a list."""
    return str((await world.get(CONFIG_MAPS))["metadata"]["resourceVersion"])


@proves("L01")
async def pages_show_one_revision_and_count_what_remains(world: World) -> None:
    for name in "abcde":
        await world.make(SECRETS, {"metadata": {"name": name}})
    pages: list[Body] = []
    token = ""
    while token or not pages:
        pages.append(await world.get(f"{SECRETS}?limit=2" + (f"&continue={token}" if token else "")))
        token = pages[-1]["metadata"].get("continue", "")
        await world.make(SECRETS, {"metadata": {"name": f"late{len(pages)}"}})
    assert [[item["metadata"]["name"] for item in page["items"]] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert len({page["metadata"]["resourceVersion"] for page in pages}) == 1
    assert [page["metadata"].get("remainingItemCount") for page in pages] == [3, 1, None]


@proves("L02")
async def what_remains_of_a_selection_is_not_counted(world: World) -> None:
    await _make(world, *"abc", labels={"k": "v"})
    metadata = (await world.get(f"{CONFIG_MAPS}?limit=2&labelSelector=k%3Dv"))["metadata"]
    assert metadata["continue"]
    assert "remainingItemCount" not in metadata


@proves("L05")
async def a_page_has_its_revision_already(world: World) -> None:
    await _make(world, *"abc")
    token = (await world.get(f"{CONFIG_MAPS}?limit=1"))["metadata"]["continue"]
    answer = await world.send("GET", f"{CONFIG_MAPS}?limit=1&continue={token}&resourceVersion=1")
    answer.refused(400, "BadRequest")


@proves("L06")
async def a_revision_of_the_future_times_out(world: World) -> None:
    await _make(world, "a")
    for path in (f"{CONFIG_MAPS}?resourceVersionMatch=NotOlderThan&", f"{CONFIG_MAPS}/a?"):
        answer = await world.send("GET", f"{path}resourceVersion=99999")
        details = answer.refused(504, "Timeout", "Too large resource version: 99999")["details"]
        assert details["retryAfterSeconds"] == 1
        assert [cause["reason"] for cause in details["causes"]] == ["ResourceVersionTooLarge"]
        assert answer.header("retry-after") == "1"


@proves("L07")
async def revisions_and_matches_must_fit(world: World) -> None:
    for query in (
        "resourceVersionMatch=Exact",
        "resourceVersionMatch=NotOlderThan",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "resourceVersion=1&resourceVersionMatch=Nearly",
    ):
        answer = await world.send("GET", f"{CONFIG_MAPS}?{query}")
        assert answer.refused(422, "Invalid")["details"]["kind"] == "ListOptions", query


@proves("L08")
async def selectors_of_sets_match_what_they_say(world: World) -> None:
    labels = {
        "fits": {"a": "x", "b": "other", "c": "1"},
        "fits-without-b": {"a": "y", "c": "1"},
        "other-a": {"a": "w", "c": "1"},
        "bad-b": {"a": "x", "b": "z", "c": "1"},
        "no-c": {"a": "x"},
        "has-d": {"a": "x", "c": "1", "d": "1"},
    }
    for name, given in labels.items():
        await _make(world, name, labels=given)
    selector = "a%20in%20(x,y),b%20notin%20(z),c,!d"
    assert await world.names(f"{CONFIG_MAPS}?labelSelector={selector}") == ["fits", "fits-without-b"]
    assert await world.names(f"{CONFIG_MAPS}?labelSelector=a%20in%20(x,y),b%20notin%20(z),!c,d") == []


@proves("L11")
async def events_are_selected_by_what_they_are_about(world: World) -> None:
    first, second = await _make(world, "a", "b")
    for number, about in enumerate((first, second)):
        metadata = about["metadata"]
        involved = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "default"}
        involved |= {name: metadata[name] for name in ("name", "uid", "resourceVersion")}
        await world.make(EVENTS, {"metadata": {"name": f"e{number}"}, "involvedObject": involved, "reason": "R"})
    wanted = {"name": "a", "namespace": "default", "kind": "ConfigMap", "uid": first["metadata"]["uid"]}
    wanted["apiVersion"] = "v1"
    terms = "%2C".join(f"involvedObject.{name}%3D{value}" for name, value in wanted.items())
    assert await world.names(f"{EVENTS}?fieldSelector={terms}") == ["e0"]


@proves("L12")
async def a_watch_tells_of_each_change_with_its_revision(world: World) -> None:
    watch = await world.watch(f"{CONFIG_MAPS}?resourceVersion={await _now(world)}")
    (made,) = await _make(world, "a")
    changed = (await world.patch(f"{CONFIG_MAPS}/a", {"data": {"k": "v"}})).ok()
    await world.delete(f"{CONFIG_MAPS}/a")
    await world.pass_time()
    assert watch.told() == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    revisions = [int(line["object"]["metadata"]["resourceVersion"]) for line in watch.lines]
    assert revisions[:2] == [int(obj["metadata"]["resourceVersion"]) for obj in (made, changed)]
    assert revisions[2] == int(await _now(world)) > revisions[1]
    assert watch.lines[2]["object"]["data"] == {"k": "v"}


@proves("L13")
async def objects_enter_and_leave_a_selected_watch(world: World) -> None:
    await _make(world, "a", labels={"k": "no"})
    watch = await world.watch(f"{CONFIG_MAPS}?labelSelector=k%3Dyes&resourceVersion={await _now(world)}")
    for patch in ({"metadata": {"labels": {"k": "yes"}}}, {"data": {"x": "1"}}, {"metadata": {"labels": {"k": "no"}}}):
        last = (await world.patch(f"{CONFIG_MAPS}/a", patch)).ok()
    await world.pass_time()
    assert watch.types == ["ADDED", "MODIFIED", "DELETED"]
    left = watch.lines[2]["object"]["metadata"]
    assert (left["labels"], left["resourceVersion"]) == ({"k": "yes"}, last["metadata"]["resourceVersion"])


@proves("L15")
async def a_watch_list_marks_the_end_of_what_there_was(world: World) -> None:
    await _make(world, "a", "b", labels={"k": "v"})
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&labelSelector=k%3Dv"
    watch = await world.watch(f"{CONFIG_MAPS}?{query}")
    assert watch.types == ["ADDED", "ADDED", "BOOKMARK"]
    mark = watch.lines[2]["object"]
    assert mark["metadata"]["annotations"] == {INITIAL_END: "true"}
    assert mark["metadata"]["resourceVersion"] == await _now(world)
    assert (mark["kind"], mark["apiVersion"]) == ("ConfigMap", "v1")
    await _make(world, "c", labels={"k": "v"})
    await world.pass_time()
    assert watch.told()[3:] == [("ADDED", "c")]


@proves("L18")
async def a_watch_from_nowhere_begins_with_what_there_is(world: World) -> None:
    await _make(world, "a", labels={"k": "v"})
    for query in ("", "&resourceVersion=0"):
        watch = await world.watch(f"{CONFIG_MAPS}?labelSelector=k%3Dv{query}")
        assert watch.told() == [("ADDED", "a")]


@proves("L19")
async def a_watch_from_a_forgotten_revision_is_told_so_and_ends(world: World) -> None:
    await _make(world, "a", "b")
    world.cluster.store.compact(world.cluster.store.revision)
    watch = await world.watch(f"{CONFIG_MAPS}?resourceVersion=1")
    assert (watch.status, watch.types, watch.ended) == (200, ["ERROR"], True)
    status = watch.lines[0]["object"]
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")


@proves("L22")
async def only_the_first_table_of_a_watch_has_columns(world: World) -> None:
    watch = await world.watch(f"{CONFIG_MAPS}?resourceVersion={await _now(world)}", accept=TABLE)
    await _make(world, "a", "b")
    await world.pass_time()
    first, second = (line["object"] for line in watch.lines)
    assert (first["kind"], [row["cells"][0] for row in first["rows"]]) == ("Table", ["a"])
    assert first["columnDefinitions"]
    assert not second["columnDefinitions"]
    assert [row["cells"][0] for row in second["rows"]] == ["b"]


@proves("L24")
async def all_kinds_share_one_sequence_of_revisions(world: World) -> None:
    written = []
    for number in range(3):
        written.append(await world.make(CONFIG_MAPS, config_map(f"c{number}")))
        written.append(await world.make(SECRETS, {"metadata": {"name": f"s{number}"}}))
    revisions = [int(obj["metadata"]["resourceVersion"]) for obj in written]
    assert revisions == sorted(set(revisions))


@proves("L25")
async def a_write_that_changes_nothing_is_none(world: World) -> None:
    made = await world.make(CONFIG_MAPS, config_map(data={"k": "v"}))
    watch = await world.watch(f"{CONFIG_MAPS}?resourceVersion={await _now(world)}")
    again = (await world.put(f"{CONFIG_MAPS}/a", made)).ok()
    patched = (await world.patch(f"{CONFIG_MAPS}/a", {"data": {"k": "v"}})).ok()
    await world.pass_time()
    assert again == patched == made
    assert watch.lines == []
