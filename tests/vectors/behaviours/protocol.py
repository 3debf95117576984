"""P: protocol and negotiation."""

from __future__ import annotations

import re

from .kubectl import Kubectl
from .objects import CONFIG_MAPS, DEFINITIONS, DEPLOYMENTS, NAMESPACES, config_map, definition, version, workload
from .table import proves, proves_with_kubectl
from .world import JSON, PROTOBUF, TABLE, YAML, World

AGGREGATED = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@proves("P01")
async def a_table_is_one_row_with_its_metadata(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map())
    table = await world.get(f"{CONFIG_MAPS}/a", accept=TABLE)
    assert table["kind"] == "Table"
    assert [row["object"]["kind"] for row in table["rows"]] == ["PartialObjectMetadata"]
    assert table["rows"][0]["object"]["metadata"]["name"] == "a"
    assert "Age" in [column["name"] for column in table["columnDefinitions"]]
    assert len(table["rows"][0]["cells"]) == len(table["columnDefinitions"])


@proves("P02")
async def no_collection_is_given_as_xml(world: World) -> None:
    answer = await world.send("GET", CONFIG_MAPS, accept="application/xml")
    answer.refused(406, "NotAcceptable", JSON, YAML, PROTOBUF)


@proves("P04")
async def a_protobuf_body_is_read_and_answered_in_json(world: World) -> None:
    data = _message(1, b"k") + _message(2, b"v")
    raw = _message(1, _message(1, b"a") + _message(3, b"default")) + _message(2, data)
    envelope = b"k8s\0" + _message(1, _message(1, b"v1") + _message(2, b"ConfigMap")) + _message(2, raw)
    answer = await world.send("POST", CONFIG_MAPS, envelope, content=PROTOBUF, accept=f"{PROTOBUF},{JSON}")
    assert answer.ok(201)["data"] == {"k": "v"}
    assert answer.header("content-type") == JSON


def _message(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


@proves("P06")
async def a_body_in_xml_is_not_read(world: World) -> None:
    answer = await world.send("POST", CONFIG_MAPS, b"<a/>", content="application/xml")
    answer.refused(415, "UnsupportedMediaType", JSON, YAML, PROTOBUF)


@proves("P07")
async def plain_json_is_no_patch(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map())
    answer = await world.send("PATCH", f"{CONFIG_MAPS}/a", {"data": {}}, content=JSON)
    answer.refused(415, "UnsupportedMediaType", "415: Unsupported Media Type")


@proves("P08")
async def a_yaml_body_is_as_good_as_json(world: World) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"
    assert (await world.make(CONFIG_MAPS, text, content=YAML))["data"] == {"k": "v"}


@proves("P09")
async def unknown_paths_are_not_found_in_plain_text(world: World) -> None:
    for path in ("/nonsense", "/api/v2", "/apis/no.such/v1"):
        answer = await world.send("GET", path)
        assert answer.status == 404, path
        assert answer.raw.strip() == b"404 page not found"
        assert answer.header("content-type").startswith("text/plain")


@proves("P11")
async def an_absent_object_is_named_in_the_answer(world: World) -> None:
    grouped = (await world.send("GET", f"{DEPLOYMENTS}/x")).refused(404, "NotFound", 'deployments.apps "x" not found')
    assert grouped["details"] == {"name": "x", "group": "apps", "kind": "deployments"}
    core = (await world.send("GET", f"{CONFIG_MAPS}/x")).refused(404, "NotFound", 'configmaps "x" not found')
    assert core["details"] == {"name": "x", "kind": "configmaps"}


@proves("P13")
async def kind_and_version_may_be_left_to_the_address(world: World) -> None:
    made = await world.make(CONFIG_MAPS, {"metadata": {"name": "a"}})
    assert (made["apiVersion"], made["kind"]) == ("v1", "ConfigMap")


@proves("P15")
async def the_body_must_not_name_another_namespace(world: World) -> None:
    text = "does not match the namespace sent on the request"
    (await world.send("POST", CONFIG_MAPS, config_map(namespace="other"))).refused(400, "BadRequest", text)
    await world.make(CONFIG_MAPS, config_map())
    (await world.put(f"{CONFIG_MAPS}/a", config_map(namespace="other"))).refused(400, "BadRequest", text)


@proves("P16")
async def a_large_body_is_refused(world: World) -> None:
    answer = await world.send("POST", CONFIG_MAPS, config_map(data={"a": "x" * 3_145_728}))
    answer.refused(413, "RequestEntityTooLarge", "limit is 3145728")


def _sloppy(spec: str) -> bytes:
    template = '"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","bar":1}]}}'
    return (
        '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},'
        f'"spec":{{"selector":{{"matchLabels":{{"a":"b"}}}},{template},{spec}}}}}'
    ).encode()


@proves("P18")
async def strict_validation_lists_every_unknown_and_duplicate_field(world: World) -> None:
    body = _sloppy('"foo":1,"replicas":1,"replicas":2')
    answer = await world.send("POST", f"{DEPLOYMENTS}?fieldValidation=Strict", body)
    unknown = ("spec.foo", "spec.template.spec.containers[0].bar")
    texts = [f'unknown field "{path}"' for path in unknown]
    answer.refused(400, "BadRequest", "strict decoding error", *texts, 'duplicate field "spec.replicas"')
    assert await world.is_gone(f"{DEPLOYMENTS}/d")


@proves("P19")
async def unknown_fields_are_dropped_with_a_warning_each(world: World) -> None:
    for query in ("", "&fieldValidation=Warn"):
        answer = await world.send("POST", f"{DEPLOYMENTS}?dryRun=All{query}", _sloppy('"foo":1'))
        assert "foo" not in answer.ok(201)["spec"]
        assert sorted(answer.warnings) == [
            '299 - "unknown field \\"spec.foo\\""',
            '299 - "unknown field \\"spec.template.spec.containers[0].bar\\""',
        ]
    silent = await world.send("POST", f"{DEPLOYMENTS}?fieldValidation=Ignore", _sloppy('"foo":1'))
    assert "foo" not in silent.ok(201)["spec"]
    assert silent.warnings == []


@proves("P21")
async def of_duplicate_keys_the_last_one_wins_with_a_warning(world: World) -> None:
    body = b'{"metadata":{"name":"a"},"data":{"k":"1","k":"2"}}'
    answer = await world.send("POST", f"{CONFIG_MAPS}?fieldValidation=Warn", body)
    assert answer.ok(201)["data"] == {"k": "2"}
    assert answer.warnings == ['299 - "duplicate field \\"data.k\\""']


@proves("P22")
async def a_dry_run_creates_nothing(world: World) -> None:
    metadata = (await world.make(f"{CONFIG_MAPS}?dryRun=All", config_map()))["metadata"]
    assert metadata["uid"]
    assert metadata["creationTimestamp"]
    assert "resourceVersion" not in metadata
    assert await world.is_gone(f"{CONFIG_MAPS}/a")


@proves("P24")
async def generated_names_are_cut_and_end_in_five_safe_characters(world: World) -> None:
    prefix = "n" * 70
    made = await world.make(CONFIG_MAPS, {"metadata": {"generateName": prefix}})
    assert re.fullmatch(prefix[:58] + "[bcdfghjklmnpqrstvwxz2456789]{5}", made["metadata"]["name"])
    assert made["metadata"]["generateName"] == prefix


@proves("P25")
async def aggregated_discovery_says_what_it_is(world: World) -> None:
    for path in ("/api", "/apis"):
        answer = await world.send("GET", path, accept=f"{JSON};{AGGREGATED},{JSON}")
        assert answer.ok()["kind"] == "APIGroupDiscoveryList"
        given = set(answer.header("content-type").split(";"))
        assert given >= {JSON, *AGGREGATED.split(";")}
        assert "Accept" in answer.header("vary")
        etag = answer.header("etag")
        assert re.fullmatch(r'"[0-9A-F]{128}"', etag)
        unchanged = {"if-none-match": etag}
        again = await world.send("GET", path, accept=f"{JSON};{AGGREGATED},{JSON}", headers=unchanged)
        assert again.status == 304


@proves("P28")
async def an_established_definition_is_discovered(world: World) -> None:
    accept = f"{JSON};{AGGREGATED}"
    before = (await world.send("GET", "/apis", accept=accept)).header("etag")
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.ready"}
    await world.make(DEFINITIONS, definition(version(subresources={"status": {}, "scale": scale})))
    answer = await world.send("GET", "/apis", accept=accept)
    assert answer.header("etag") not in ("", before)
    groups = {item["metadata"]["name"]: item for item in answer.ok()["items"]}
    (found,) = groups["example.com"]["versions"]
    (resource,) = found["resources"]
    assert (found["version"], found["freshness"]) == ("v1", "Current")
    assert (resource["resource"], resource["shortNames"], resource["categories"]) == ("widgets", ["wd"], ["all"])
    assert sorted(item["subresource"] for item in resource["subresources"]) == ["scale", "status"]


@proves("P32")
async def people_get_indented_json(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map())
    path = f"{CONFIG_MAPS}/a"
    by_curl = await world.send("GET", path, headers={"user-agent": "curl/8.5"})
    by_request = await world.send("GET", f"{path}?pretty=true")
    plain = await world.send("GET", path)
    assert by_curl.raw.startswith(b'{\n  "')
    assert by_request.raw == by_curl.raw
    assert plain.raw.startswith(b'{"')
    assert plain.json == by_curl.json


@proves_with_kubectl("P27")
async def a_first_get_takes_three_requests(kubectl: Kubectl) -> None:
    assert "default" in await kubectl.run("get", "ns")
    assert kubectl.requests == ["GET /api", "GET /apis", f"GET {NAMESPACES}"]


@proves_with_kubectl("P30")
async def explain_and_apply_need_openapi_v3_only(kubectl: Kubectl) -> None:
    assert "rollingUpdate" in await kubectl.run("explain", "deployment.spec.strategy")
    body = repr(workload()).replace("'", '"')
    assert "created" in await kubectl.run("apply", "-f", "-", stdin=body)
    assert "unchanged" in await kubectl.run("apply", "-f", "-", stdin=body)
    assert any(request.startswith("GET /openapi/v3/") for request in kubectl.requests)
    assert not [request for request in kubectl.requests if request.startswith("GET /openapi/v2")]
