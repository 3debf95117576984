"""Which hosts are a cloud's registry, and so may get a token of this process."""

from __future__ import annotations

import pytest

from argosy.sources.cloud.ambient.registries import CloudRegistry, cloud_registry


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            CloudRegistry("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "aws", "123456789012", "eu-west-1"),
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            CloudRegistry("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "aws", "123456789012", "cn-north-1"),
        ),
        ("gcr.io", CloudRegistry("gcr.io", "google")),
        ("eu.gcr.io", CloudRegistry("eu.gcr.io", "google")),
        ("europe-west1-docker.pkg.dev", CloudRegistry("europe-west1-docker.pkg.dev", "google")),
        ("shop.azurecr.io", CloudRegistry("shop.azurecr.io", "azure")),
    ],
)
def test_the_registries_of_three_clouds_are_known(host: str, expected: CloudRegistry) -> None:
    assert cloud_registry(host) == expected


@pytest.mark.parametrize(
    "host",
    [
        "",
        "docker.io",
        "12345.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
        "123456789012.dkr.ecr.evil.example.amazonaws.com",
        "123456789012.dkr.ecr.evil.example/x.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443",
        "evil.123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com\n",
        "evilgcr.io",
        "gcr.io.evil.example",
        "evil.example@gcr.io",
        "a.b.gcr.io",
        "docker.pkg.dev",
        "evil.example-docker.pkg.dev",
        "europe-docker.pkg.dev.evil.example",
        "azurecr.io",
        "evil.example.azurecr.io",
        "shopazurecr.io",
        "shop.azurecr.io.evil.example",
    ],
)
def test_a_host_that_only_looks_like_one_is_not(host: str) -> None:
    assert cloud_registry(host) is None
