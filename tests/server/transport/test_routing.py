"""Paths and queries become requests."""

from __future__ import annotations

import pytest

from argosy.machinery.objects import JsonObject
from argosy.server.errors import ApiError
from argosy.server.transport.fields import selection
from argosy.server.transport.query import pairs, put_all
from argosy.server.transport.routing import BadPath, route

APPS = "application.ApplicationService"


@pytest.mark.parametrize(
    ("verb", "path", "method", "values"),
    [
        ("GET", "/api/v1/applications", f"{APPS}/List", {}),
        ("GET", "/api/v1/applications/web", f"{APPS}/Get", {"name": "web"}),
        ("PUT", "/api/v1/applications/web", f"{APPS}/Update", {"application.metadata.name": "web"}),
        ("POST", "/api/v1/applications/manifestsWithFiles", f"{APPS}/GetManifestsWithFiles", {}),
        (
            "GET",
            "/api/v1/stream/applications/web/resource-tree",
            f"{APPS}/WatchResourceTree",
            {"applicationName": "web"},
        ),
        ("GET", "/api/v1/account/can-i/logs/get/a/b", "account.AccountService/CanI", None),
        ("GET", "/api/v1/account/can-i/logs/get", "account.AccountService/CanI", None),
        ("GET", "/api/v1/account/can-i/applications/action%2Fx/y", "account.AccountService/CanI", None),
        ("GET", "/api/v1/clusters/https%3A%2F%2Fa.b", "cluster.ClusterService/Get", {"id.value": "https://a.b"}),
        (
            "GET",
            "/api/v1/repositories/https%3A%2F%2Fa%2Fb/apps",
            "repository.RepositoryService/ListApps",
            {"repo": "https://a/b"},
        ),
        ("GET", "/api/version", "version.VersionService/Version", {}),
    ],
)
def test_a_path_is_a_method_and_values(verb: str, path: str, method: str, values: dict[str, str] | None) -> None:
    found = route(verb, path)
    assert found is not None
    assert found[0].full_name == method
    if values is not None:
        assert found[1] == values


@pytest.mark.parametrize(
    ("verb", "path"),
    [("GET", "/api/v1/nope"), ("DELETE", "/api/v1/applications"), ("GET", "/api/v1/applications/a%2Fb"), ("GET", "/")],
)
def test_what_is_no_path_is_none(verb: str, path: str) -> None:
    assert route(verb, path) is None


@pytest.mark.parametrize("path", ["/api/v1/applications/%zz", "/api/v1/applications/%ff", "/api/v1/applications/%2"])
def test_an_escape_that_is_none_is_reported(path: str) -> None:
    with pytest.raises(BadPath):
        route("GET", path)


def test_a_query_fills_fields_lists_and_what_is_nested() -> None:
    request: JsonObject = {}
    put_all(request, "cluster.ClusterQuery", pairs("id.type=name&id.value=a%20b&x=1"), skip=frozenset())
    put_all(request, "application.ApplicationQuery", pairs("projects=a&projects=b&name=x&name=y"), skip=frozenset())
    assert request == {"id": {"type": "name", "value": "a b"}, "projects": ["a", "b"], "name": "y"}


@pytest.mark.parametrize("query", ["noCache=maybe", "revision=%zz", "sourcePositions=x", "sourcePositions=" + "9" * 30])
def test_a_value_of_the_wrong_type_is_reported(query: str) -> None:
    with pytest.raises(ApiError) as told:
        put_all({}, "application.ApplicationManifestQuery", pairs(query), skip=frozenset())
    assert told.value.http_status == 400


def test_fields_are_kept_or_dropped() -> None:
    body = {"items": [{"metadata": {"name": "a", "uid": "1"}, "spec": {"x": 1}}], "metadata": {}}
    keep, drop = selection("items.metadata.name"), selection("-items.spec,items.metadata.uid")
    assert keep is not None and keep.apply(body) == {"items": [{"metadata": {"name": "a"}}]}
    assert drop is not None and drop.apply(body) == {"items": [{"metadata": {"name": "a"}}], "metadata": {}}
    assert selection("") is None
