"""Whole requests without sockets: order of checks, representations, non-resource paths, proxies, logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from argosy.cluster.http.exchange import BODY_LIMIT
from argosy.cluster.ports import LogOptions, ProxyRequest, ProxyResponse
from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

from .world import ALICE, SmallWorld

CONFIGMAP = "/api/v1/namespaces/default/configmaps/a"
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
PARTIAL = {"accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
PARTIAL_LIST = {"accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}


@pytest.fixture
def world() -> SmallWorld:
    made = SmallWorld()
    made.configmap()
    return made


def anonymous(world: SmallWorld, path: str) -> int:
    return asyncio.run(world.front.send("GET", path))[0]


# ---- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [CONFIGMAP, CONFIGMAPS, "/api", "/apis", "/version", "/metrics", "/nope"])
def test_without_credentials_everything_but_health_is_401(world: SmallWorld, path: str) -> None:
    """R01"""
    assert anonymous(world, path) == 401


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic YTpi", "Bearer a.b.c", "bearer\tx"])
def test_a_wrong_credential_is_401_and_names_nothing(world: SmallWorld, header: str) -> None:
    status, body = world.json("GET", CONFIGMAP, {"authorization": header})
    assert status == 401
    assert body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }


def test_an_object_one_may_not_see_answers_as_an_absent_one(world: SmallWorld) -> None:
    """R09, security rule 10"""
    status, seen = world.json("GET", CONFIGMAP, ALICE)
    absent_status, absent = world.json("GET", CONFIGMAP.replace("/a", "/b", 1).replace("/api", "/api"), ALICE)
    assert status == absent_status == 403
    assert seen["message"] == (
        'configmaps "a" is forbidden: User "alice" cannot get resource "configmaps" in API group "" in the namespace '
        '"default"'
    )
    assert absent["reason"] == seen["reason"]


def test_a_refused_body_is_not_looked_at(world: SmallWorld) -> None:
    status, _ = world.json("POST", CONFIGMAPS, {**ALICE, "content-type": "application/xml"}, b"<x/>")
    assert status == 403


def test_impersonation_needs_its_right_and_acts_as_the_other(world: SmallWorld) -> None:
    """R07"""
    review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    headers = {"impersonate-user": "bob", "impersonate-group": "g", "impersonate-extra-scopes": "view"}
    status, body = world.json("POST", review, headers, {})
    assert status == 201
    assert body["status"]["userInfo"] == {
        "username": "bob",
        "groups": ["g", "system:authenticated"],
        "extra": {"scopes": ["view"]},
    }
    status, body = world.json("POST", review, {**ALICE, **headers}, {})
    assert status == 403
    assert body["message"].startswith('users "bob" is forbidden: User "alice" cannot impersonate resource "users"')
    assert world.json("POST", review, {"impersonate-group": "g"}, {})[0] == 400


def test_an_impersonated_account_has_its_groups(world: SmallWorld) -> None:
    review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    _, body = world.json("POST", review, {"impersonate-user": "system:serviceaccount:ns:bot"}, {})
    groups = ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"]
    assert body["status"]["userInfo"]["groups"] == groups


def test_an_apply_and_a_put_say_whether_they_may_create(world: SmallWorld) -> None:
    rules = [{"verbs": ["patch", "update"], "apiGroups": [""], "resources": ["configmaps"]}]
    role = {"metadata": {"name": "changer"}, "rules": rules}
    binding = {
        "metadata": {"name": "changer"},
        "roleRef": {"kind": "ClusterRole", "name": "changer"},
        "subjects": [{"kind": "User", "name": "alice"}],
    }
    world.rbac.observe("rbac.authorization.k8s.io", "clusterroles", None, role)
    world.rbac.observe("rbac.authorization.k8s.io", "clusterrolebindings", None, binding)
    apply = {"content-type": "application/apply-patch+yaml"}
    path = f"{CONFIGMAPS}/absent?fieldManager=m"
    status, body = world.json("PATCH", path, {**ALICE, **apply}, {"metadata": {"name": "absent"}})
    assert (status, body["reason"]) == (403, "Forbidden")
    assert 'cannot create resource "configmaps"' in body["message"]
    assert world.json("PATCH", path, apply, {"metadata": {"name": "absent"}})[0] == 404


# ---- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "code", "text"),
    [
        ("GET", "/nope", 404, "404 page not found"),
        ("GET", "/apis/nope.io/v1", 404, "404 page not found"),
        ("GET", "/apis/nope.io/v1/things", 404, "404 page not found"),
        ("GET", "/apis/apps/v9/deployments", 404, "404 page not found"),
        ("GET", "/apis/apps/v1/nopes", 404, "the server could not find the requested resource"),
        ("GET", "/api/v1/namespaces/v/nopes/x", 404, "the server could not find the requested resource"),
        ("GET", f"{CONFIGMAP}/nope", 404, "the server could not find the requested resource"),
        ("GET", "/api/v1/configmaps/a", 404, "the server could not find the requested resource"),
        ("GET", "/api/v1/namespaces/v/nodes", 404, "the server could not find the requested resource"),
        ("PUT", CONFIGMAPS, 405, "the server does not allow this method on the requested resource"),
        ("PATCH", CONFIGMAPS, 405, "the server does not allow this method on the requested resource"),
        ("POST", CONFIGMAP, 405, "the server does not allow this method on the requested resource"),
        ("POST", "/api/v1/configmaps", 405, "the server does not allow this method on the requested resource"),
        ("BREW", CONFIGMAP, 405, "the server does not allow this method on the requested resource"),
        ("GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews", 405, "does not allow this method"),
        ("DELETE", "/apis/apps/v1/namespaces/default/deployments/d/status", 405, "does not allow this method"),
        ("GET", "/api/v1/namespaces/default/pods/p/exec?command=sh", 404, "not found"),
        ("POST", "/api/v1/namespaces/default/pods/p/portforward", 404, "not found"),
    ],
)
def test_wrong_addresses_are_answered_as_upstream_does(
    world: SmallWorld, method: str, path: str, code: int, text: str
) -> None:
    status, headers, body = world.send(method, path)
    assert status == code
    assert text in body.decode()
    plain = text == "404 page not found"
    assert headers["content-type"] == ["text/plain; charset=utf-8" if plain else "application/json"]


def test_a_body_beyond_the_limit_is_413(world: SmallWorld) -> None:
    """P16"""
    status, body = world.json("POST", CONFIGMAPS, {}, b" " * (BODY_LIMIT + 1))
    assert (status, body["message"]) == (413, "Request entity too large: limit is 3145728")


def test_an_inner_failure_is_a_500_that_shows_nothing(world: SmallWorld, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: object) -> None:
        raise ValueError("the password is s3cret")

    world.shelf.handle = fail  # type: ignore[method-assign,assignment]
    status, body = world.json("GET", CONFIGMAP)
    assert (status, body["reason"]) == (500, "InternalError")
    assert "s3cret" not in str(body) + caplog.text
    assert "ValueError" in caplog.text


# ---- representations ------------------------------------------------------------------------------------------------


def test_a_table_has_a_row_with_cells_and_the_metadata(world: SmallWorld) -> None:
    """P01"""
    for path in (CONFIGMAP, CONFIGMAPS):
        status, body = world.json("GET", path, TABLE)
        assert (status, body["kind"], body["apiVersion"]) == (200, "Table", "meta.k8s.io/v1")
        assert [column["name"] for column in body["columnDefinitions"]] == ["Name", "Data", "Age"]
        (row,) = body["rows"]
        assert row["cells"] == ["a", 1, "10s"]
        assert row["object"]["kind"] == "PartialObjectMetadata"
        assert row["object"]["metadata"]["name"] == "a"
        assert "data" not in row["object"]


@pytest.mark.parametrize(("include", "kind"), [("Object", "ConfigMap"), ("Metadata", "PartialObjectMetadata")])
def test_rows_hold_what_was_asked_for(world: SmallWorld, include: str, kind: str) -> None:
    _, body = world.json("GET", f"{CONFIGMAPS}?includeObject={include}", TABLE)
    assert body["rows"][0]["object"]["kind"] == kind
    _, body = world.json("GET", f"{CONFIGMAPS}?includeObject=None", TABLE)
    assert body["rows"][0]["object"] is None
    status, body = world.json("GET", f"{CONFIGMAPS}?includeObject=Bad", TABLE)
    assert (status, body["message"]) == (
        400,
        (
            "Unable to convert to Table as requested: includeObject: Invalid value: \"Bad\": must be 'Metadata', "
            "'Object', 'None', or empty"
        ),
    )


def test_metadata_alone_has_a_single_and_a_list_form(world: SmallWorld) -> None:
    assert world.json("GET", CONFIGMAP, PARTIAL)[1]["kind"] == "PartialObjectMetadata"
    listed = world.json("GET", CONFIGMAPS, PARTIAL_LIST)[1]
    assert listed["kind"] == "PartialObjectMetadataList"
    assert [item["kind"] for item in listed["items"]] == ["PartialObjectMetadata"]
    status, body = world.json("GET", CONFIGMAP, PARTIAL_LIST)
    message = "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)"
    assert (status, body["message"]) == (406, message)
    status, body = world.json("GET", CONFIGMAPS, PARTIAL)
    message = "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)"
    assert (status, body["message"]) == (406, message)


def test_an_error_is_a_status_whatever_was_asked_for(world: SmallWorld) -> None:
    assert world.json("GET", f"{CONFIGMAPS}/none", TABLE)[1]["kind"] == "Status"


def test_people_with_curl_get_indented_json(world: SmallWorld) -> None:
    """P32"""
    assert b'\n  "kind"' in world.send("GET", CONFIGMAP, {"user-agent": "curl/8"})[2]
    assert b'\n  "kind"' in world.send("GET", f"{CONFIGMAP}?pretty=true")[2]
    assert b"\n  " not in world.send("GET", f"{CONFIGMAP}?pretty=false", {"user-agent": "curl/8"})[2]
    assert b"\n  " not in world.send("GET", CONFIGMAP, {"user-agent": "kubectl/v1"})[2]


def test_a_yaml_body_and_a_yaml_answer(world: SmallWorld) -> None:
    """P08"""
    headers = {"content-type": "application/yaml", "accept": "application/yaml"}
    status, received, body = world.send("POST", CONFIGMAPS, headers, b"metadata: {name: ym}\ndata: {a: b}\n")
    assert (status, received["content-type"]) == (201, ["application/yaml"])
    assert b"  name: ym\n" in body


def test_warnings_are_headers_with_quotes_escaped(world: SmallWorld) -> None:
    _, headers, _ = world.send("POST", CONFIGMAPS, {}, {"metadata": {"name": "w"}})
    assert headers["warning"] == ['299 - "be careful"']
    _, headers, _ = world.send("GET", "/api/v1/namespaces/default/endpoints")
    assert headers["warning"][0].startswith('299 - "v1 Endpoints is deprecated')


def test_a_watch_is_refused_before_it_begins_or_reports_an_error_in_its_stream(world: SmallWorld) -> None:
    """L19"""
    status, body = world.json("GET", f"{CONFIGMAPS}?watch=true&labelSelector=bad+bad")
    assert (status, body["reason"]) == (400, "BadRequest")

    async def expired() -> list[bytes]:
        world.shelf.events.put_nowait(StatusError(410, "Expired", "too old resource version: 1 (3)"))
        status, _, chunks = await world.front.send(
            "GET", f"{CONFIGMAPS}?watch=1", {"authorization": "Bearer admin-token"}
        )
        assert status == 200
        assert not isinstance(chunks, bytes)
        return [chunk async for chunk in chunks]

    (line,) = asyncio.run(expired())
    assert orjson.loads(line)["type"] == "ERROR"
    assert orjson.loads(line)["object"]["code"] == 410


def _watched(world: SmallWorld, headers: dict[str, str], *events: WatchEvent) -> list[JsonObject]:
    async def main() -> list[JsonObject]:
        for event in events:
            world.shelf.happen(event)
        world.shelf.events.put_nowait([])
        sent = {"authorization": "Bearer admin-token", **headers}
        _, _, chunks = await world.front.send("GET", f"{CONFIGMAPS}?watch=true", sent)
        assert not isinstance(chunks, bytes)
        return [orjson.loads(chunk) async for chunk in chunks]

    return asyncio.run(main())


def test_a_table_watch_sends_its_columns_once(world: SmallWorld) -> None:
    """L22"""
    obj = world.configmap()
    first, second = _watched(world, TABLE, WatchEvent("ADDED", obj), WatchEvent("MODIFIED", obj))
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][0] == "a"


def test_a_metadata_watch_sends_metadata(world: SmallWorld) -> None:
    (event,) = _watched(world, PARTIAL, WatchEvent("ADDED", world.configmap()))
    assert event["object"]["kind"] == "PartialObjectMetadata"
    assert "data" not in event["object"]


# ---- paths that are no resource -------------------------------------------------------------------------------------


def test_health_endpoints(world: SmallWorld) -> None:
    for name in ("healthz", "livez", "readyz"):
        assert world.send("GET", f"/{name}")[2] == b"ok"
        assert world.send("GET", f"/{name}/ping")[2] == b"ok"
        assert world.send("GET", f"/{name}/nope")[0] == 404
        assert world.send("GET", f"/{name}?verbose")[2] == f"[+]ping ok\n{name} check passed\n".encode()


def test_a_failed_check_is_500_and_withholds_its_reason() -> None:
    world = SmallWorld(checks={"store": lambda: False})
    status, _, body = world.send("GET", "/readyz")
    assert (status, body) == (500, b"[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n")
    assert world.send("GET", "/readyz?exclude=store")[2] == b"ok"


def test_a_check_that_says_why_it_fails_is_shown_with_it() -> None:
    reason = "the disk is full"
    world = SmallWorld(checks={"store": lambda: reason})
    status, _, body = world.send("GET", "/readyz")
    assert (status, body) == (500, b"[+]ping ok\n[-]store failed: the disk is full\nreadyz check failed\n")
    reason = ""
    assert world.send("GET", "/readyz")[0] == 200


def test_a_process_that_answers_is_alive_though_it_is_not_ready() -> None:
    world = SmallWorld(checks={"controllers": lambda: False})
    assert world.send("GET", "/livez")[0] == 200
    assert world.send("GET", "/livez/controllers")[0] == 404
    assert world.send("GET", "/readyz")[0] == 500


def test_the_version_is_a_semantic_one_of_the_emulated_release(world: SmallWorld) -> None:
    _, body = world.json("GET", "/version")
    assert (body["major"], body["minor"], body["gitVersion"]) == ("1", "36", "v1.36.1+argosy")


def test_metrics_come_from_the_hook() -> None:
    assert SmallWorld(metrics=lambda: b"up 1\n").send("GET", "/metrics")[2] == b"up 1\n"
    assert SmallWorld().send("GET", "/metrics")[0] == 404


def test_the_issuers_documents(world: SmallWorld) -> None:
    _, configuration = world.json("GET", "/.well-known/openid-configuration")
    assert configuration["issuer"] == world.accounts.issuer
    assert configuration["jwks_uri"].endswith("/openid/v1/jwks")
    _, headers, _ = world.send("GET", "/openid/v1/jwks")
    assert headers["content-type"] == ["application/jwk-set+json"]


def test_an_authenticated_stranger_sees_discovery_and_nothing_else(world: SmallWorld) -> None:
    for path in ("/api", "/apis", "/apis/apps/v1", "/version", "/openapi/v3", "/healthz"):
        assert world.send("GET", path, ALICE)[0] == 200, path
    status, body = world.json("GET", "/metrics", ALICE)
    assert (status, body["message"]) == (403, 'forbidden: User "alice" cannot get path "/metrics"')


# ---- proxies and logs -----------------------------------------------------------------------------------------------


def test_a_service_proxy_reaches_the_handler_without_the_callers_credentials(world: SmallWorld) -> None:
    seen: list[ProxyRequest] = []

    async def handler(request: ProxyRequest) -> ProxyResponse:
        seen.append(request)
        return ProxyResponse(status=200, body=b"PEM", content_type="text/plain")

    spec = {"ports": [{"name": "http", "port": 8080}]}
    world.shelf.put("", "services", {"metadata": {"name": "s", "namespace": "ns"}, "spec": spec})
    world.backends.add_service("ns", "s", "8080", handler)
    for port in (":http", ":8080", ""):
        scheme = "http:" if port else ""
        path = f"/api/v1/namespaces/ns/services/{scheme}s{port}/proxy/v1/cert.pem?x=1"
        status, headers, body = world.send("GET", path, {"x-kept": "1", "cookie": "c"})
        assert (status, body, headers["content-type"]) == (200, b"PEM", ["text/plain"])
        assert (seen[-1].path, seen[-1].query, seen[-1].method) == ("/v1/cert.pem", "x=1", "GET")
        assert seen[-1].headers == {"x-kept": "1"}


@pytest.mark.parametrize(
    ("service", "code", "message"),
    [
        ("px:99", 503, 'no service port 99 found for service "px"'),
        ("px:80", 404, 'services "px" not found'),
        ("zz:80", 404, 'services "zz" not found'),
        ("ready:80", 503, 'no endpoints available for service "ready"'),
        ("ftp:px:80", 400, "invalid service request"),
        ("a:b:c:d", 400, "invalid service request"),
    ],
)
def test_a_proxy_without_anybody_behind_it_says_why(world: SmallWorld, service: str, code: int, message: str) -> None:
    for name in ("px", "ready"):
        world.shelf.put(
            "", "services", {"metadata": {"name": name, "namespace": "ns"}, "spec": {"ports": [{"port": 80}]}}
        )
    labels = {"kubernetes.io/service-name": "ready"}
    world.shelf.put(
        "discovery.k8s.io",
        "endpointslices",
        {"metadata": {"name": "r", "namespace": "ns", "labels": labels}, "endpoints": [{}]},
    )
    status, body = world.json("GET", f"/api/v1/namespaces/ns/services/{service}/proxy/")
    assert status == code
    assert message in body["message"]


@pytest.mark.parametrize(
    ("node", "code", "message"), [("n", 503, 'nothing on node "n" answers'), ("gone", 404, 'nodes "gone" not found')]
)
def test_a_simulated_kubelet_answers_nothing(world: SmallWorld, node: str, code: int, message: str) -> None:
    world.shelf.put("", "nodes", {"metadata": {"name": "n"}})
    status, body = world.json("GET", f"/api/v1/nodes/{node}/proxy/stats/summary")
    assert status == code
    assert message in body["message"]


class Lines:
    """A log of two lines, and none for other containers."""

    async def read(self, pod: JsonObject, options: LogOptions) -> AsyncIterator[bytes]:
        if options.container == "none":
            raise StatusError(400, "BadRequest", "container none is not valid for pod p")
        yield b"one\n"
        if options.tail_lines != 1:
            yield b"two\n"


def test_logs_are_plain_text_and_refusals_come_before_them() -> None:
    world = SmallWorld(logs=Lines())
    world.shelf.put("", "pods", {"metadata": {"name": "p", "namespace": "default"}})

    async def read(query: str) -> tuple[int, Any, bytes]:
        headers = {"authorization": "Bearer admin-token"}
        path = f"/api/v1/namespaces/default/pods/p/log{query}"
        status, received, body = await world.front.send("GET", path, headers)
        return status, received, body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])

    status, headers, text = asyncio.run(read(""))
    assert (status, headers["content-type"], text) == (200, ["text/plain; charset=utf-8"], b"one\ntwo\n")
    assert asyncio.run(read("?tailLines=1"))[2] == b"one\n"
    assert asyncio.run(read("?container=none"))[0] == 400
