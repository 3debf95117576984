"""Discovery and OpenAPI: order, hashes that follow the content, and what clients read of the documents."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from argosy.apis import crds
from argosy.cluster.http.openapi.v2 import encode, swagger
from argosy.cluster.http.openapi.v3_protobuf import encode as encode_v3
from argosy.cluster.http.representation.protobuf import _bytes, _fields, _text
from argosy.cluster.kind import Column, Kind, Subresource
from argosy.cluster.kinds.custom import kinds_of_crd
from argosy.machinery.objects import Resource
from argosy.machinery.pieces import Pieces, finished
from argosy.machinery.schema import Node
from argosy.runtime.clock import RealClock
from tests.vectors import discovery

from .world import ADMIN, SmallWorld

SHARED = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[4] / "shared") / "data"
AGGREGATED = {"accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"}
V2 = {"accept": "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"}
VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


def widget(version: str = "v1", size: str = "integer", group: str = "zoo.example.com") -> Kind:
    raw = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": size}}}}}
    return Kind(
        resource=Resource(group, version, "widgets", "Widget"),
        singular="widget",
        list_kind="WidgetList",
        verbs=VERBS,
        schema=Node(type="object", raw=raw),
        strategy=None,  # type: ignore[arg-type]  # documents never ask it
        columns=(Column("Name"),),
        short_names=("wd",),
        categories=("all",),
        subresources={"status": Subresource("status", ("get", "patch", "update"), group, version, "Widget")},
        custom=True,
    )


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not here")
def test_what_is_served_is_described_as_upstream_describes_it() -> None:
    outcomes = list(discovery.run(SHARED))
    assert len(outcomes) > 100
    assert [outcome for outcome in outcomes if not outcome.passed] == []


def test_the_aggregated_form_has_a_tag_and_is_not_sent_twice() -> None:
    """P25"""
    world = SmallWorld()
    for path in ("/api", "/apis"):
        status, headers, body = world.send("GET", path, AGGREGATED)
        assert status == 200
        assert headers["content-type"] == ["application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"]
        assert headers["etag"] == [f'"{hashlib.sha512(body).hexdigest().upper()}"']
        assert headers["vary"] == ["Accept"]
        status, headers, body = world.send("GET", path, {**AGGREGATED, "if-none-match": headers["etag"][0]})
        assert (status, body) == (304, b"")
    assert orjson.loads(world.send("GET", "/api", AGGREGATED)[2])["items"][0]["metadata"] == {}


def test_a_custom_kind_appears_last_with_all_its_names_and_changes_the_tag() -> None:
    """P28"""
    world = SmallWorld()
    before = world.send("GET", "/apis", AGGREGATED)[1]["etag"]
    world.catalog.set_custom("widgets", [widget("v1beta1"), widget("v1"), widget("v2")])
    world.catalog.set_custom("others", [widget(group="abc.example.com")])
    _, headers, body = world.send("GET", "/apis", AGGREGATED)
    assert headers["etag"] != before
    items = orjson.loads(body)["items"]
    assert [item["metadata"]["name"] for item in items[-2:]] == ["abc.example.com", "zoo.example.com"]
    assert [version["version"] for version in items[-1]["versions"]] == ["v2", "v1", "v1beta1"]
    (resource,) = items[-1]["versions"][1]["resources"]
    assert resource == {
        "resource": "widgets",
        "responseKind": {"group": "zoo.example.com", "version": "v1", "kind": "Widget"},
        "scope": "Namespaced",
        "singularResource": "widget",
        "verbs": list(VERBS),
        "shortNames": ["wd"],
        "categories": ["all"],
        "subresources": [
            {
                "subresource": "status",
                "responseKind": {"group": "zoo.example.com", "version": "v1", "kind": "Widget"},
                "verbs": ["get", "patch", "update"],
            }
        ],
    }
    assert world.json("GET", "/apis/zoo.example.com")[1]["preferredVersion"]["version"] == "v2"
    assert world.json("GET", "/apis/zoo.example.com/v1")[1]["resources"][1]["name"] == "widgets/status"


def test_api_versions_name_the_address() -> None:
    _, body = SmallWorld().json("GET", "/api")
    assert body["serverAddressByClientCIDRs"] == [{"clientCIDR": "0.0.0.0/0", "serverAddress": "localhost"}]


# ---- OpenAPI v3 ---------------------------------------------------------------------------------------------------


def _index(world: SmallWorld) -> dict[str, str]:
    _, body = world.json("GET", "/openapi/v3")
    return {path: entry["serverRelativeURL"] for path, entry in body["paths"].items()}


def test_a_hash_changes_exactly_with_its_content() -> None:
    world = SmallWorld()
    before = _index(world)
    world.catalog.set_custom("widgets", [widget()])
    added = _index(world)
    assert {path: added[path] for path in before} == before
    world.catalog.set_custom("widgets", [widget()])
    assert _index(world) == added
    world.catalog.set_custom("widgets", [widget(size="string")])
    changed = _index(world)
    assert [path for path in added if added[path] != changed[path]] == ["apis/zoo.example.com/v1"]
    world.catalog.set_custom("widgets", [])
    assert _index(world) == before


def test_a_document_is_cached_for_ever_under_its_hash_and_a_wrong_hash_is_redirected() -> None:
    world = SmallWorld()
    right = _index(world)["apis/apps/v1"]
    status, headers, body = world.send("GET", right)
    assert (status, headers["cache-control"]) == (200, ["public, immutable"])
    assert "expires" in headers
    assert right.endswith(hashlib.sha512(body).hexdigest().upper())
    status, headers, _ = world.send("GET", "/openapi/v3/apis/apps/v1?hash=OLD")
    assert (status, headers["location"]) == (301, [right])
    status, headers, _ = world.send("GET", "/openapi/v3/apis/apps/v1")
    assert (status, headers["cache-control"]) == (200, ["no-cache, private"])
    assert world.send("GET", right, {"if-none-match": headers["etag"][0]})[0] == 304
    assert world.send("GET", "/openapi/v3/apis/nope/v1")[0] == 404


def _document(world: SmallWorld, path: str) -> Any:
    return world.json("GET", f"/openapi/v3/{path}")[1]


def test_every_reference_of_every_document_resolves() -> None:
    world = SmallWorld()
    world.catalog.set_custom("widgets", [widget()])
    for path in _index(world):
        document = _document(world, path)
        known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert set(_references(document)) <= known, path


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []


def test_only_built_in_kinds_take_strategic_merge_patches() -> None:
    world = SmallWorld()
    world.catalog.set_custom("widgets", [widget()])
    built_in = _document(world, "apis/apps/v1")["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    custom = _document(world, "apis/zoo.example.com/v1")["paths"]
    patch = custom["/apis/zoo.example.com/v1/namespaces/{namespace}/widgets/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" in built_in["patch"]["requestBody"]["content"]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]
    assert "application/merge-patch+json" in patch["requestBody"]["content"]
    assert {"fieldValidation", "dryRun", "fieldManager", "force"} == {item["name"] for item in patch["parameters"]}
    assert patch["x-kubernetes-group-version-kind"] == {"group": "zoo.example.com", "version": "v1", "kind": "Widget"}


def test_schemas_carry_what_patches_and_apply_need() -> None:
    schemas = _document(SmallWorld(), "api/v1")["components"]["schemas"]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-list-type"] == "map"
    assert containers["x-kubernetes-list-map-keys"] == ["name"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    port = schemas["io.k8s.api.core.v1.ContainerPort"]["properties"]["protocol"]
    assert port["default"] == "TCP"
    gvks = [schema.get("x-kubernetes-group-version-kind") for schema in schemas.values()]
    assert [{"group": "", "version": "v1", "kind": "Pod"}] in gvks


# ---- OpenAPI v2 ---------------------------------------------------------------------------------------------------


def _definitions(raw: bytes) -> dict[str, bytes]:
    document = {number: value for number, _, value in _fields(memoryview(raw))}
    assert _text(_bytes(document[1])) == "2.0"
    found = {}
    for _, _, named in _fields(_bytes(document[9])):
        parts = {number: value for number, _, value in _fields(_bytes(named))}
        found[_text(_bytes(parts[1]))] = bytes(_bytes(parts[2]))
    return found


def test_the_second_version_is_protobuf_with_every_kind_once() -> None:
    world = SmallWorld()
    world.catalog.set_custom("widgets", [widget()])
    status, headers, raw = world.send("GET", "/openapi/v2", V2)
    assert status == 200
    assert headers["content-type"] == ["application/com.github.proto-openapi.spec.v2.v1.0+protobuf"]
    assert headers["vary"] == ["Accept"]
    definitions = _definitions(raw)
    assert {"io.k8s.api.apps.v1.Deployment", "com.example.zoo.v1.Widget"} <= set(definitions)
    kinds = [_extension(schema, "x-kubernetes-group-version-kind") for schema in definitions.values()]
    named = [repr(kind) for kind in kinds if kind]
    assert len(named) == len(set(named))
    assert _extension(definitions["com.example.zoo.v1.Widget"], "x-kubernetes-group-version-kind") == [
        {"group": "zoo.example.com", "version": "v1", "kind": "Widget"}
    ]


def _extension(schema: bytes, name: str) -> Any:
    for number, _, value in _fields(memoryview(schema)):
        if number == 31:
            parts = {inner: text for inner, _, text in _fields(_bytes(value))}
            if _text(_bytes(parts[1])) == name:
                (only,) = _fields(_bytes(parts[2]))
                return orjson.loads(bytes(_bytes(only[2])))
    return None


def test_the_second_version_as_json_refers_to_definitions_it_has() -> None:
    _, body = SmallWorld().json("GET", "/openapi/v2")
    known = {f"#/definitions/{name}" for name in body["definitions"]}
    assert set(_references(body["definitions"])) <= known
    assert finished(encode(body))


def test_another_form_of_the_second_version_is_406() -> None:
    assert SmallWorld().send("GET", "/openapi/v2", {"accept": "application/xml"})[0] == 406


def test_the_third_version_comes_as_protobuf_too_with_the_same_schemas() -> None:
    world = SmallWorld()
    asked = {"accept": "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"}
    status, headers, raw = world.send("GET", "/openapi/v3/apis/policy/v1", asked)
    assert status == 200
    assert headers["content-type"] == ["application/com.github.proto-openapi.spec.v3.v1.0+protobuf"]
    assert headers["etag"] == [f'"{hashlib.sha512(raw).hexdigest().upper()}"']
    document = {number: value for number, _, value in _fields(memoryview(raw))}
    (schemas,) = (value for number, _, value in _fields(_bytes(document[5])) if number == 1)
    names = [_text(_bytes(_fields(_bytes(entry))[0][2])) for _, _, entry in _fields(_bytes(schemas))]
    assert names == list(_document(world, "apis/policy/v1")["components"]["schemas"])
    assert world.send("GET", "/openapi/v3/apis/policy/v1", {"accept": "application/xml"})[0] == 406


class Ticking(asyncio.SelectorEventLoop):
    """Whoever asks it for the time finds that a millisecond has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0

    def time(self) -> float:
        self.moment += 0.001
        return self.moment


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/openapi/v2", "application/json"),
        ("/openapi/v2", V2["accept"]),
        ("/openapi/v3", "application/json"),
        ("/openapi/v3/apis/apps/v1", "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"),
    ],
)
def test_while_a_document_is_made_everything_else_continues(path: str, accept: str) -> None:
    world = SmallWorld()
    others = 0

    async def asked() -> None:
        nonlocal others
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(world.front.send("GET", path, {**ADMIN, "accept": accept}))
            while not answer.done():
                await RealClock().sleep(0)
                others += 1
        assert answer.result()[0] == 200

    with asyncio.Runner(loop_factory=Ticking) as runner:
        runner.run(asked())
        assert others > 40  # turns of the loop, each of ten pieces
        others = 0
        runner.run(asked())
        assert others < 5  # it is made now


def test_two_who_ask_at_once_wait_for_one_and_the_same_document() -> None:
    world = SmallWorld()
    made: list[None] = []
    pace = world.front._paths._openapi._pace
    whole_work = pace.made

    async def counted(work: Pieces[Any]) -> Any:
        made.append(None)
        return await whole_work(work)

    pace.made = counted  # type: ignore[method-assign]

    async def both() -> None:
        asked = [world.front.send("GET", "/openapi/v2", {**ADMIN, **V2}) for _ in range(2)]
        first, second = await asyncio.gather(*asked)
        assert first[2] == second[2]

    asyncio.run(both())
    assert len(made) == 1


def test_no_piece_of_the_largest_schema_is_more_than_one_field() -> None:
    """Of ApplicationSet, whose templates lie in one another: a definition as one piece took 50 ms."""
    definition = next(found for found in crds() if found["metadata"]["name"] == "applicationsets.argoproj.io")
    (kind,) = kinds_of_crd(definition)
    fields = _fields_of(kind.raw_schema)
    assert fields > 5_000
    for work in (encode_v3({**_DOCUMENT, "components": {"schemas": {"a": kind.raw_schema}}}), kind.preparing()):
        assert work is not None
        assert sum(1 for _ in work) > fields / 10
    made = finished(swagger([kind], "v1"))
    assert sum(1 for _ in encode(made)) > fields / 2
    assert kind.preparing() is None


_DOCUMENT = {"openapi": "3.0.0", "info": {"title": "", "version": ""}}


def _fields_of(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 0
    below = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return 1 + sum(map(_fields_of, below))
