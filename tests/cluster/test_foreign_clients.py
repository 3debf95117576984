"""What clients of other makers, and upstream's own controllers, rely on beyond what kubectl asks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from argosy.cluster.http.representation.decode import type_key
from argosy.cluster.http.representation.protobuf import decode
from argosy.machinery.objects import JsonObject
from tests.cluster.http.test_assembly import Talk, with_cluster

API = "/api/v1/namespaces/default"


def meta(name: str, **more: Any) -> JsonObject:
    return {"metadata": {"name": name, **more}}


def test_a_lease_is_released_with_an_empty_holder() -> None:
    """client-go, on cancel: refusing it makes every change of leader wait for the lease to run out."""

    async def story(talk: Talk) -> None:
        leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
        lease = await talk.made(leases, {**meta("l"), "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15}})
        lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
        status, answer = await talk("root", "PUT", f"{leases}/l", lease)
        assert (status, answer["spec"]["holderIdentity"]) == (200, "")

    with_cluster(story)


POD = {**meta("p"), "spec": {"containers": [{"name": "c", "image": "i"}], "schedulerName": "nobody"}}
VOLUME = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
TEMPLATE = {"template": {"metadata": {"labels": {"a": "b"}}, "spec": POD["spec"]}}


@pytest.mark.parametrize(
    ("path", "body", "is_object"),
    [
        (f"{API}/services", {**meta("x"), "spec": {"ports": [{"port": 80}]}}, True),
        (f"{API}/serviceaccounts", meta("x"), True),
        (f"{API}/pods", {**POD, **meta("x")}, True),
        ("/api/v1/persistentvolumes", {**meta("x", finalizers=[]), "spec": VOLUME}, True),
        (f"{API}/podtemplates", {**meta("x"), **TEMPLATE}, True),
        (f"{API}/resourcequotas", {**meta("x"), "spec": {"hard": {"pods": "1"}}}, True),
        (f"{API}/configmaps", meta("x"), False),
        (f"{API}/secrets", meta("x"), False),
    ],
)
def test_a_deletion_answers_with_the_object_or_a_status_by_its_kind(
    path: str, body: JsonObject, is_object: bool
) -> None:
    async def story(talk: Talk) -> None:
        made = await talk.made(path, body)
        status, answer = await talk("root", "DELETE", f"{path}/x")
        assert status == 200
        assert (answer["kind"] != "Status") is is_object
        if is_object:
            assert answer["metadata"]["uid"] == made["metadata"]["uid"]

    with_cluster(story)


def test_a_deleted_collection_is_listed_as_it_was() -> None:
    async def story(talk: Talk) -> None:
        for name in ("a", "b"):
            await talk.made(f"{API}/configmaps", meta(name, finalizers=["x/y"], labels={"mine": "yes"}))
        before = (await talk("root", "GET", f"{API}/configmaps?labelSelector=mine"))[1]
        status, answer = await talk("root", "DELETE", f"{API}/configmaps?labelSelector=mine")
        assert status == 200
        assert answer["items"] == before["items"]
        assert answer["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
        assert all("deletionTimestamp" not in item["metadata"] for item in answer["items"])
        marked = (await talk("root", "GET", f"{API}/configmaps/a"))[1]
        assert marked["metadata"]["deletionTimestamp"]

    with_cluster(story)


def spec_of(**more: str) -> JsonObject:
    return {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", **more}}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": {**spec_of()["spec"], "user": "ann"}}),
        ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", spec_of()),
        ("/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "bob"}}),
        (f"{API}/serviceaccounts/default/token", {"spec": {"expirationSeconds": 600}}),
    ],
)
def test_a_review_is_answered_as_an_object_that_was_made(path: str, body: JsonObject) -> None:
    async def story(talk: Talk) -> None:
        headers = {"authorization": "Bearer root", "user-agent": "kubectl/v1.36", "content-type": "application/json"}
        status, _, raw = await talk.front.front.send("POST", path, headers, json_bytes(body))
        assert status == 201
        metadata = parsed(raw)["metadata"]
        assert metadata["creationTimestamp"]
        assert metadata["uid"]
        (entry,) = metadata["managedFields"]
        assert (entry["manager"], entry["operation"]) == ("kubectl", "Update")
        assert set(entry["fieldsV1"]["f:spec"]) == {f"f:{name}" for name in body["spec"]}

    with_cluster(story)


def json_bytes(body: JsonObject) -> bytes:

    return json.dumps(body).encode()


def parsed(raw: Any) -> JsonObject:

    found: JsonObject = json.loads(raw)
    return found


def test_the_credential_determines_the_user() -> None:
    async def story(talk: Talk) -> None:
        token = (await talk.made(f"{API}/serviceaccounts/default/token", {"spec": {}}))["status"]["token"]
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        _, _, raw = await talk.front.front.send("POST", path, headers, b"{}")
        answer = parsed(raw)
        assert answer["metadata"]["creationTimestamp"]
        (credential,) = answer["status"]["userInfo"]["extra"]["authentication.kubernetes.io/credential-id"]
        assert credential.startswith("JTI=")

    with_cluster(story)


@pytest.mark.parametrize(("field", "value"), [("name", "other"), ("namespace", "kube-system")])
def test_a_token_request_names_no_other_account(field: str, value: str) -> None:
    async def story(talk: Talk) -> None:
        body = {"metadata": {field: value}, "spec": {}}
        status, answer = await talk("root", "POST", f"{API}/serviceaccounts/default/token", body)
        assert status == 422
        assert answer["details"]["causes"][0]["field"] == f"metadata.{field}"
        assert "must match the service account" in answer["message"]

    with_cluster(story)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/api/v1/watch/namespaces/default/configmaps/a", ["a"]),
        ("/api/v1/watch/namespaces/default/configmaps", ["a", "b"]),
        ("/api/v1/watch/configmaps?labelSelector=mine", ["a", "b"]),
        ("/api/v1/watch/namespaces/default", ["default"]),
    ],
)
def test_the_old_paths_of_watches_are_served(path: str, names: list[str]) -> None:
    async def story(talk: Talk) -> None:
        for name in ("a", "b"):
            await talk.made(f"{API}/configmaps", meta(name, labels={"mine": "yes"}))
        status, _, chunks = await talk.front.front.send("GET", path, {"authorization": "Bearer root"})
        assert status == 200
        assert not isinstance(chunks, bytes)
        text = b""
        async with asyncio.timeout(5):
            async for chunk in chunks:
                text += chunk
                if text.count(b"\n") >= len(names):
                    break
        await chunks.aclose()
        found = [parsed(line)["object"]["metadata"]["name"] for line in text.splitlines()]
        assert [name for name in found if name in names] == names

    with_cluster(story)


def test_an_old_watch_of_one_object_is_judged_as_a_watch_of_that_object() -> None:
    async def story(talk: Talk) -> None:
        path = "/api/v1/watch/namespaces/default/secrets/s"
        status, answer = await talk("ann", "GET", path)
        assert status == 403
        assert 'cannot watch resource "secrets"' in answer["message"]

    with_cluster(story)


def test_the_empty_time_of_gos_protobuf_is_null_and_not_the_epoch() -> None:
    """`metadata.creationTimestamp` of a template, as client-go writes it: a field of no bytes."""
    metadata = b"\x42\x00"  # ObjectMeta.creationTimestamp, empty
    template = b"\x0a" + bytes([len(metadata)]) + metadata
    spec = b"\x1a" + bytes([len(template)]) + template
    deployment = b"\x12" + bytes([len(spec)]) + spec
    kind = b"\x0a\x07apps/v1\x12\x0aDeployment"
    envelope = b"k8s\x00" + b"\x0a" + bytes([len(kind)]) + kind + b"\x12" + bytes([len(deployment)]) + deployment
    found: Any = decode(envelope, type_key)
    assert found["spec"]["template"]["metadata"].get("creationTimestamp") is None


def test_aggregated_rules_belong_to_the_aggregation_controller() -> None:
    async def story(talk: Talk) -> None:
        role = (await talk("root", "GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin"))[1]
        owners = {entry["manager"]: entry for entry in role["metadata"]["managedFields"]}
        owned = owners["clusterrole-aggregation-controller"]
        assert (owned["operation"], owned["fieldsV1"]) == ("Apply", {"f:rules": {}})

    with_cluster(story)
