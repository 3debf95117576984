"""URL grammar, query options and content negotiation as tables."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.http.options import read_delete_query, read_log_options, read_options
from argosy.cluster.http.representation.negotiate import body_format, choose, patch_format, wants_aggregated
from argosy.cluster.http.routing import Route, named_by_selector, parse_query, route, split_target, verb_of
from argosy.cluster.request import Options
from argosy.machinery.api import PatchType
from argosy.machinery.status import StatusError


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        ("/api", {}),
        ("/api/v1", {"version": "v1"}),
        ("/apis/apps", {"group": "apps"}),
        ("/apis/apps/v1", {"group": "apps", "version": "v1"}),
        ("/api/v1/pods", {"version": "v1", "plural": "pods"}),
        ("/api/v1/namespaces", {"version": "v1", "plural": "namespaces"}),
        ("/api/v1/namespaces/n", {"version": "v1", "plural": "namespaces", "name": "n", "namespace": "n"}),
        (
            "/api/v1/namespaces/n/status",
            {"version": "v1", "plural": "namespaces", "name": "n", "namespace": "n", "subresource": "status"},
        ),
        ("/api/v1/namespaces/n/pods", {"version": "v1", "plural": "pods", "namespace": "n"}),
        ("/api/v1/namespaces/n/pods/p", {"version": "v1", "plural": "pods", "namespace": "n", "name": "p"}),
        (
            "/api/v1/namespaces/n/pods/p/log",
            {"version": "v1", "plural": "pods", "namespace": "n", "name": "p", "subresource": "log"},
        ),
        (
            "/apis/apps/v1/namespaces/n/deployments/d/scale",
            {
                "group": "apps",
                "version": "v1",
                "plural": "deployments",
                "namespace": "n",
                "name": "d",
                "subresource": "scale",
            },
        ),
        (
            "/api/v1/namespaces/n/services/http:s:p/proxy/v1/cert.pem",
            {
                "version": "v1",
                "plural": "services",
                "namespace": "n",
                "name": "http:s:p",
                "subresource": "proxy",
                "rest": "/v1/cert.pem",
            },
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Abasic%2Fuser",
            {
                "group": "rbac.authorization.k8s.io",
                "version": "v1",
                "plural": "clusterroles",
                "name": "system:basic/user",
            },
        ),
    ],
)
def test_a_path_names_one_thing(path: str, meaning: dict[str, Any]) -> None:
    assert route(path) == Route(path, api=True, **meaning)


def test_other_paths_are_no_api_paths() -> None:
    for path in ("/", "/healthz", "/apiary", "/openapi/v2", "//api"):
        assert not route(path).api


def test_an_absolute_target_is_read_by_its_path() -> None:
    assert split_target("https://evil.example/api/v1?x=1") == ("/api/v1", "x=1")


@pytest.mark.parametrize(
    ("method", "path", "query", "verb"),
    [
        ("GET", "/api/v1/pods", "", "list"),
        ("GET", "/api/v1/pods", "watch=true", "watch"),
        ("GET", "/api/v1/pods", "watch=1", "watch"),
        ("GET", "/api/v1/pods", "watch=false", "list"),
        ("GET", "/api/v1/pods", "watch=0", "list"),
        ("GET", "/api/v1/namespaces/n/pods/p", "", "get"),
        ("HEAD", "/api/v1/namespaces/n/pods/p", "", "get"),
        ("POST", "/api/v1/namespaces/n/pods", "", "create"),
        ("PUT", "/api/v1/namespaces/n/pods/p", "", "update"),
        ("PATCH", "/api/v1/namespaces/n/pods/p", "", "patch"),
        ("DELETE", "/api/v1/namespaces/n/pods/p", "", "delete"),
        ("DELETE", "/api/v1/namespaces/n/pods", "", "deletecollection"),
        ("BREW", "/api/v1/pods", "", None),
    ],
)
def test_method_and_address_make_the_verb(method: str, path: str, query: str, verb: str | None) -> None:
    assert verb_of(method, route(path), parse_query(query)) == verb


def test_a_selector_for_one_name_makes_the_request_one_for_that_name() -> None:
    assert named_by_selector(parse_query("fieldSelector=metadata.name%3Dx,a%3Db")) == "x"
    assert named_by_selector(parse_query("fieldSelector=metadata.name!%3Dx")) == ""
    assert named_by_selector({}) == ""


# ---- options ------------------------------------------------------------------------------------------------------


def test_list_options_are_read() -> None:
    query = parse_query(
        "limit=5&continue=c&labelSelector=a%3Db&fieldSelector=f&resourceVersion=3&resourceVersionMatch=Exact"
        "&sendInitialEvents=true&allowWatchBookmarks=1&timeoutSeconds=7"
    )
    assert read_options(query, "list") == Options(
        limit=5,
        continue_token="c",
        label_selector="a=b",
        field_selector="f",
        resource_version="3",
        resource_version_match="Exact",
        send_initial_events=True,
        allow_bookmarks=True,
        timeout_seconds=7,
    )


@pytest.mark.parametrize(
    ("query", "verb", "code", "message"),
    [
        ("limit=x", "list", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("limit=99999999999999999999", "list", 400, "value out of range"),
        ("timeoutSeconds=1.5", "watch", 400, 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        (
            "dryRun=Some",
            "create",
            422,
            'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
        ),
        (
            "fieldValidation=X",
            "update",
            422,
            'fieldValidation: Unsupported value: "X": supported values: "", "Ignore", "Strict", "Warn"',
        ),
        (f"fieldManager={'m' * 129}", "create", 422, "may not be more than 128 bytes"),
        ("fieldManager=a%00b", "create", 422, "printable"),
    ],
)
def test_bad_options_are_refused_in_upstreams_words(query: str, verb: Any, code: int, message: str) -> None:
    with pytest.raises(StatusError) as refused:
        read_options(parse_query(query), verb)
    assert refused.value.code == code
    assert message in refused.value.message


def test_an_apply_needs_a_manager_and_only_an_apply_may_be_forced() -> None:
    """A10"""
    with pytest.raises(StatusError, match="is required for apply patch") as refused:
        read_options({}, "patch", PatchType.APPLY)
    assert refused.value.details["kind"] == "PatchOptions"
    with pytest.raises(StatusError, match="may not be specified for non-apply patch"):
        read_options(parse_query("force=true&fieldManager=m"), "patch", PatchType.MERGE)
    assert read_options(parse_query("force=true&fieldManager=m"), "patch", PatchType.APPLY).force


def test_a_negative_limit_is_none() -> None:
    assert read_options(parse_query("limit=-1"), "list").limit == 0


def test_delete_options_may_stand_in_the_query() -> None:
    query = parse_query("gracePeriodSeconds=0&propagationPolicy=Orphan&dryRun=All")
    assert read_delete_query(query) == {"gracePeriodSeconds": 0, "propagationPolicy": "Orphan", "dryRun": ["All"]}


@pytest.mark.parametrize("query", ["tailLines=-1", "limitBytes=0", "sinceSeconds=0"])
def test_log_limits_have_a_least_value(query: str) -> None:
    with pytest.raises(StatusError, match="PodLogOptions") as refused:
        read_log_options(parse_query(query))
    assert refused.value.code == 422


# ---- negotiation --------------------------------------------------------------------------------------------------

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "media_type", "transform"),
    [
        ("", "application/json", ""),
        ("*/*", "application/json", ""),
        ("application/*", "application/json", ""),
        ("application/yaml", "application/yaml", ""),
        ("application/vnd.kubernetes.protobuf,application/json", "application/json", ""),
        ("application/vnd.kubernetes.protobuf", "application/json", ""),
        ("application/vnd.kubernetes.protobuf, */*", "application/json", ""),
        ("text/html,application/json;q=0.5", "application/json", ""),
        ("application/json;q=0.2,application/yaml;q=0.9", "application/yaml", ""),
        (f"{TABLE},application/json", "application/json", "Table"),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", "application/json", "Table"),
        ("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", "application/json", ""),
        (f"application/json,{TABLE}", "application/json", ""),
        (f"application/json;q=0.5,{TABLE}", "application/json", "Table"),
        ("application/json;unknown=1", "application/json", ""),
    ],
)
def test_the_best_clause_that_can_be_honoured_wins(accept: str, media_type: str, transform: str) -> None:
    chosen = choose(accept, "list")
    assert (chosen.media_type, chosen.transform) == (media_type, transform)


def test_no_type_that_fits_and_no_parameters_that_fit_are_two_answers() -> None:
    """P02"""
    with pytest.raises(StatusError, match="Available representations") as refused:
        choose("application/xml", "list")
    assert refused.value.status["details"] == {}
    with pytest.raises(StatusError, match="only the following media types") as refused:
        choose("application/json;as=Table;v=v2;g=meta.k8s.io", "list")
    assert "details" not in refused.value.status


def test_whole_custom_resources_are_not_had_in_protobuf_alone() -> None:
    protobuf = "application/vnd.kubernetes.protobuf"
    with pytest.raises(StatusError, match="only the following"):
        choose(protobuf, "list", custom=True)
    assert choose(f"{protobuf},application/json", "list", custom=True).media_type == "application/json"
    partial = f"{protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    assert choose(partial, "object", custom=True).transform == "PartialObjectMetadata"


def test_aggregated_discovery_is_given_to_those_who_prefer_it() -> None:
    aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    old = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    assert wants_aggregated(f"{aggregated},application/json")
    assert wants_aggregated(f"{old},{aggregated}")
    assert not wants_aggregated("application/json")
    assert not wants_aggregated(f"{old},application/json")
    assert not wants_aggregated("")


def test_bodies_and_patches_have_their_types() -> None:
    assert body_format("", custom=False) == "application/json"
    assert body_format("application/json; charset=utf-8", custom=True) == "application/json"
    assert patch_format("application/strategic-merge-patch+json", custom=False) is PatchType.STRATEGIC
    with pytest.raises(StatusError, match=r"application/vnd\.kubernetes\.protobuf"):
        body_format("application/xml", custom=False)
    with pytest.raises(StatusError, match=r"yaml$"):
        body_format("application/vnd.kubernetes.protobuf", custom=True)
    with pytest.raises(StatusError, match=r"415: Unsupported Media Type"):
        patch_format("application/json", custom=False)
    with pytest.raises(StatusError, match="application/json-patch"):
        patch_format("application/strategic-merge-patch+json", custom=True)
