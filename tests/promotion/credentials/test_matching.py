"""Which Secret's credentials a repository gets. Source: spec/kargo-api.md 8."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.promotion import Settings
from argosy.promotion.credentials.finding import found_credentials
from argosy.promotion.credentials.matching import fields
from argosy.promotion.kinds import SECRETS
from argosy.promotion.preview.loaded import Loaded

URL = "https://git.example.com/shop/app.git"
IMAGE = "registry.example.com/shop/app"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"
KEY = {"awsRegion": "eu-west-1", "awsAccessKeyID": "AKID", "awsSecretAccessKey": "canary"}


def secret(name: str, url: str, kind: str = "git", namespace: str = "demo", **data: str) -> JsonObject:
    labels = {"kargo.akuity.io/cred-type": kind}
    given = {"repoURL": url, **(data or {"username": name, "password": "x"})}
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "stringData": given}


def who(*secrets: JsonObject, kind: str = "git", url: str = URL, **settings: Any) -> str:
    found = found_credentials(Loaded({SECRETS: secrets}), "demo", [(kind, url)], Settings(**settings))
    return str(found.get(f"{kind} {url}", {}).get("username", ""))


@pytest.mark.parametrize("url", ["https://GIT.example.com/shop/app", "https://me@git.example.com/shop/app.git/"])
def test_a_url_matches_in_any_spelling_that_means_the_same(url: str) -> None:
    assert who(secret("mine", url)) == "mine"


def test_the_first_by_name_wins_and_the_project_comes_before_what_is_shared() -> None:
    shared = secret("a", URL, namespace="kargo-shared-resources")

    assert who(secret("c", URL), secret("b", URL), shared) == "b"
    assert who(shared) == "a"
    assert who(secret("other", URL, namespace="another")) == ""


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (r"^https://git\.example\.com/shop/.*$", True),
        (r"/app\.git$", True),
        (r"/app$", True),
        (r"^https://git\.example\.com/other/", False),
        (r"(", False),
    ],
)
def test_a_pattern_is_tried_on_the_url_as_written_and_normalised(pattern: str, *, matches: bool) -> None:
    given = secret("p", pattern, repoURLIsRegex="true", username="p", password="x")

    assert who(given) == ("p" if matches else "")
    assert who(secret("p", pattern, repoURLIsRegex="yes", username="p", password="x")) == ""


def test_a_pattern_that_cannot_be_read_does_not_stop_the_next_secret() -> None:
    assert who(secret("a", "(", repoURLIsRegex="true", username="a", password="x"), secret("b", URL)) == "b"


def test_the_type_must_be_the_same() -> None:
    assert who(secret("i", IMAGE, "image"), kind="image", url=IMAGE) == "i"
    assert who(secret("i", IMAGE, "image"), kind="helm", url=IMAGE) == ""


def test_credentials_go_over_http_only_where_that_is_allowed() -> None:
    url = URL.replace("https", "http")

    assert who(secret("mine", url), url=url) == ""
    assert who(secret("mine", url), url=url, allow_credentials_over_http=True) == "mine"


@pytest.mark.parametrize(("kind", "url"), [("image", ECR), ("helm", f"oci://{ECR}")])
def test_an_access_key_of_amazon_is_for_its_registries(kind: str, url: str) -> None:
    given = fields(secret("s", url, kind, **KEY), kind, url, "demo", over_http=False)

    assert given == {"aws_region": "eu-west-1", "aws_access_key_id": "AKID", "aws_secret_access_key": "canary"}


@pytest.mark.parametrize(
    ("kind", "url", "left_out"), [("image", IMAGE, ""), ("git", f"https://{ECR}", ""), ("image", ECR, "awsRegion")]
)
def test_an_access_key_is_used_for_nothing_else_and_only_if_it_is_whole(kind: str, url: str, left_out: str) -> None:
    key = {name: value for name, value in KEY.items() if name != left_out}

    assert fields(secret("s", url, kind, **key), kind, url, "demo", over_http=False) == {}


@pytest.mark.parametrize(
    ("scopes", "allowed"), [('{"demo": ["app"]}', True), ('{"demo": ["b"]}', False), ("{}", False)]
)
def test_scopes_limit_a_secret_to_projects_and_repositories(scopes: str, *, allowed: bool) -> None:
    given = secret("s", URL)
    given["metadata"]["annotations"] = {"kargo.akuity.io/github-token-scopes": scopes}

    assert who(given) == ("s" if allowed else "")


@pytest.mark.parametrize(
    ("kind", "user"), [("image", "oauth2accesstoken"), ("helm", "oauth2accesstoken"), ("git", None)]
)
def test_a_key_of_google_is_sent_to_its_registries_under_their_own_user_name(kind: str, user: str | None) -> None:
    url = "europe-docker.pkg.dev/project/repository/app"
    given = fields(secret("s", url, kind, gcpServiceAccountKey="{}"), kind, url, "demo", over_http=False)

    assert given.get("username") == user
    assert given["gcp_service_account_key"] == "{}"


def given_to(kind: str, url: str, *secrets: JsonObject, **settings: Any) -> JsonObject:
    found = found_credentials(Loaded({SECRETS: secrets}), "demo", [(kind, url)], Settings(**settings))
    return found.get(f"{kind} {url}", {})


@pytest.mark.parametrize(("kind", "prefix"), [("image", ""), ("helm", "oci://"), ("helm", "OCI://")])
@pytest.mark.parametrize("host", [ECR.partition("/")[0], "europe-docker.pkg.dev", "gcr.io", "shop.azurecr.io"])
def test_without_a_secret_a_clouds_registry_gets_the_processs_identity_for_the_project(
    kind: str, prefix: str, host: str
) -> None:
    assert given_to(kind, f"{prefix}{host}/shop/app") == {"ambient_registry": host, "ambient_project": "demo"}


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("git", f"https://{ECR}"),
        ("image", IMAGE),
        ("image", f"http://{ECR}"),
        ("image", f"https://{ECR}"),
        ("image", f"oci://{ECR}"),
        ("helm", f"https://{ECR}"),
        ("image", "evil.example/gcr.io/app"),
        ("image", "gcr.io@evil.example/app"),
        ("image", "evil.example\\@gcr.io/app"),
        ("image", "gc\u200br.io/app"),
        ("image", "gcr.io:8443/app"),
        ("image", "gcr.io"),
    ],
)
def test_the_processs_identity_is_for_the_exact_hosts_of_images_and_charts(kind: str, url: str) -> None:
    assert "ambient_registry" not in given_to(kind, url)
    assert "ambient_registry" not in given_to(kind, url, allow_credentials_over_http=True)


def test_a_matching_secret_comes_before_the_processs_identity() -> None:
    own, shared = secret("own", ECR, "image"), secret("shared", ECR, "image", namespace="kargo-shared-resources")

    assert given_to("image", ECR, own) == {"username": "own", "password": "x"}
    assert given_to("image", ECR, shared) == {"username": "shared", "password": "x"}
    assert given_to("image", ECR, secret("other", IMAGE, "image"))["ambient_project"] == "demo"
    assert given_to("image", ECR, secret("empty", ECR, "image", other="x"))["ambient_project"] == "demo"


def test_without_providers_no_credentials_are_used() -> None:
    assert given_to("image", ECR, credential_providers=False) == {}
    assert given_to("image", ECR, secret("own", ECR, "image"), credential_providers=False) == {}
