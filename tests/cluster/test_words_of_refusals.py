"""Refusals and tables in upstream's words (read in Kubernetes 1.36: apimachinery, apiserver and registry)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from tests.cluster.http.test_assembly import Talk, with_cluster

API = "/api/v1/namespaces/default"
CONTAINERS = [{"name": "c", "image": "i:1"}]
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def meta(name: str, **more: Any) -> JsonObject:
    return {"metadata": {"name": name, **more}}


def pod(name: str = "p", **spec: Any) -> JsonObject:
    return {**meta(name), "spec": {"containers": CONTAINERS, "schedulerName": "nobody", **spec}}


def owner(name: str, **more: Any) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": f"uid-{name}", **more}


@pytest.mark.parametrize(
    ("owners", "wanted"),
    [
        ([owner("")], 'metadata.ownerReferences.name: Invalid value: "": must not be empty'),
        (
            [owner("a", apiVersion="")],
            'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
        ),
        (
            [owner("a", kind="Event")],
            (
                'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"uid-a"}:'
                " /v1, Kind=Event is disallowed from being an owner"
            ),
        ),
        (
            [owner("a", controller=True), owner("b", controller=True)],
            (
                'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"a",'
                '"uid":"uid-a","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"b","uid":"uid-b",'
                '"controller":true}]: Only one reference can have Controller set to true.'
                ' Found "true" in references for ConfigMap/a and ConfigMap/b'
            ),
        ),
    ],
)
def test_owners_are_refused_by_the_list_and_its_value(owners: list[JsonObject], wanted: str) -> None:
    async def story(talk: Talk) -> None:
        status, answer = await talk("root", "POST", f"{API}/configmaps", meta("x", ownerReferences=owners))
        assert (status, answer["message"]) == (422, f'ConfigMap "x" is invalid: {wanted}')

    with_cluster(story)


def test_a_second_binding_names_the_subresource() -> None:
    async def story(talk: Talk) -> None:
        await talk.made(f"{API}/pods", pod())
        binding = {**meta("p"), "target": {"kind": "Node", "name": "n1"}}
        status, _ = await talk("root", "POST", f"{API}/pods/p/binding", binding)
        assert status == 201
        status, answer = await talk("root", "POST", f"{API}/pods/p/binding", binding)
        assert status == 409
        assert answer["message"] == (
            'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"'
        )

    with_cluster(story)


def test_a_refused_change_of_a_pod_shows_the_difference() -> None:
    async def story(talk: Talk) -> None:
        made = await talk.made(f"{API}/pods", pod())
        made["spec"] |= {"hostname": "other", "terminationGracePeriodSeconds": 7}
        status, answer = await talk("root", "PUT", f"{API}/pods/p", made)
        assert status == 422
        head, _, difference = answer["message"].partition("\n")
        assert head.startswith('Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than')
        assert '- "TerminationGracePeriodSeconds": 30,\n+ "TerminationGracePeriodSeconds": 7,\n' in difference
        assert '- "Hostname": "",\n+ "Hostname": "other",\n' in difference

    with_cluster(story)


def test_the_image_the_deadline_and_more_tolerations_of_a_pod_may_change() -> None:
    async def story(talk: Talk) -> None:
        made = await talk.made(f"{API}/pods", pod(tolerations=[{"key": "a", "operator": "Exists"}]))
        made["spec"]["containers"][0]["image"] = "i:2"
        made["spec"]["activeDeadlineSeconds"] = 9
        made["spec"]["tolerations"].append({"key": "b", "operator": "Exists"})
        status, answer = await talk("root", "PUT", f"{API}/pods/p", made)
        assert status == 200, answer

    with_cluster(story)


def test_a_daemon_sets_writer_owns_the_annotation_of_its_template() -> None:
    body = {
        **meta("d"),
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": CONTAINERS}},
        },
    }

    async def story(talk: Talk) -> None:
        made = await talk.made("/apis/apps/v1/namespaces/default/daemonsets", body)
        name = "deprecated.daemonset.template.generation"
        assert made["metadata"]["annotations"] == {name: "1"}
        owned = made["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]
        assert owned == {"f:annotations": {".": {}, f"f:{name}": {}}}

    with_cluster(story)


def test_a_given_name_next_to_a_prefix_is_kept_and_refused_in_its_own_words() -> None:
    async def story(talk: Talk) -> None:
        body = meta("web-1", generateName="web-")
        await talk.made(f"{API}/configmaps", body)
        status, answer = await talk("root", "POST", f"{API}/configmaps", body)
        assert (status, answer["reason"]) == (409, "AlreadyExists")
        text = "already exists, the server was not able to generate a unique name for the object"
        assert answer["message"] == f'configmaps "web-1" {text}'
        assert answer["details"]["retryAfterSeconds"] == 1

    with_cluster(story)


def test_a_resource_version_that_is_no_number_is_reported_by_each_verb_in_its_own_words() -> None:
    async def story(talk: Talk) -> None:
        made = await talk.made(f"{API}/configmaps", meta("x"))
        made["metadata"]["resourceVersion"] = "abc"
        text = 'strconv.ParseUint: parsing "abc": invalid syntax'
        status, answer = await talk("root", "PUT", f"{API}/configmaps/x", made)
        assert (status, answer["message"]) == (500, text)
        status, answer = await talk("root", "GET", f"{API}/configmaps?resourceVersion=abc")
        assert (status, answer["reason"]) == (400, "BadRequest")
        status, answer = await talk("root", "GET", f"{API}/configmaps?watch=1&resourceVersion=abc")
        wanted = f'configmaps "" is invalid: resourceVersion: Invalid value: "abc": {text}'
        assert (status, answer["message"]) == (422, wanted)

    with_cluster(story)


def test_a_scale_is_a_row_of_what_is_wanted_and_what_is_there() -> None:
    body = {
        **meta("r"),
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": CONTAINERS}},
        },
    }

    async def story(talk: Talk) -> None:
        path = "/apis/apps/v1/namespaces/default/replicasets"
        await talk.made(path, body)
        status, answer = await talk("root", "GET", f"{path}/r/scale", accept=TABLE)
        assert (status, answer["kind"]) == (200, "Table")
        assert [column["name"] for column in answer["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
        assert answer["rows"][0]["cells"][:2] == ["r", 3]
        status, answer = await talk("root", "GET", f"{path}/r/status", accept=TABLE)
        assert answer["columnDefinitions"][0]["name"] == "Name"
        assert len(answer["columnDefinitions"]) > 4

    with_cluster(story)


def test_claims_of_devices_are_stored_with_defaults_and_their_spec_stays() -> None:
    path = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims"
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpus"}}

    async def story(talk: Talk) -> None:
        made = await talk.made(path, {**meta("c"), "spec": {"devices": {"requests": [request]}}})
        exactly = made["spec"]["devices"]["requests"][0]["exactly"]
        assert exactly == {"deviceClassName": "gpus", "allocationMode": "ExactCount", "count": 1}
        made["spec"]["devices"]["requests"][0]["name"] = "other"
        status, answer = await talk("root", "PUT", f"{path}/c", made)
        assert status == 422
        assert answer["message"].endswith("field is immutable")
        status, answer = await talk("root", "GET", path, accept=TABLE)
        assert answer["rows"][0]["cells"][:2] == ["c", "pending"]

    with_cluster(story)


@pytest.mark.parametrize(
    ("method", "path", "body", "shown"),
    [
        ("GET", "/api/v1/namespaces/a%0Ab/configmaps/c", None, 'configmaps "c" not found'),
        ("GET", f"{API}/configmaps/a%0A%1B[31mb", None, r'configmaps "a\n\x1b[31mb" not found'),
        ("POST", "/api/v1/namespaces/a%0Ab/configmaps", meta("c"), r'namespaces "a\nb" not found'),
        ("POST", f"{API}/configmaps", meta("a\nb"), r'ConfigMap "a\nb" is invalid: '),
        ("DELETE", f"{API}/configmaps/a%0Ab", None, r'configmaps "a\nb" not found'),
        ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/a%0Ab", None, r'"a\nb" not found'),
        ("POST", f"{API}/serviceaccounts/a%0Ab/token", {}, r'serviceaccounts "a\nb" not found'),
    ],
)
def test_a_name_that_steers_a_terminal_is_shown_as_upstream_quotes_it(
    method: str, path: str, body: Any, shown: str
) -> None:
    async def story(talk: Talk) -> None:
        _, answer = await talk("root", method, path, body)
        assert shown in answer["message"]
        assert answer["message"].isprintable()

    with_cluster(story)


def test_who_is_refused_reads_names_as_upstream_quotes_them() -> None:
    async def story(talk: Talk) -> None:
        status, answer = await talk("nobody", "GET", "/api/v1/namespaces/a%0Ab/secrets/x%0Ay")
        assert status in (401, 403)
        assert "\n" not in answer["message"]

    with_cluster(story)
