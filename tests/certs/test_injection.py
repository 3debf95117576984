"""CA certificates in webhook configurations, API services and definitions: sources, their order, and what stays."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import JsonObject, Key, Resource
from tests.kit.certs import CertsWorld, certificate, issuer

WEBHOOKS = Resource(
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
)
SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False)
PREFIX = "cert-manager.io/"


def configuration(**annotations: str) -> JsonObject:
    webhook = {
        "name": "w.example.test",
        "clientConfig": {"url": "https://127.0.0.1:9/x"},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Ignore",
        "rules": [
            {"apiGroups": ["none.test"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nones"]}
        ],
    }
    metadata = {
        "name": "v",
        "annotations": {PREFIX + key.replace("_", "-"): value for key, value in annotations.items()},
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": metadata,
        "webhooks": [webhook],
    }


def secret(name: str, text: str, **annotations: str) -> JsonObject:
    metadata: dict[str, Any] = {"name": name, "namespace": "default"}
    metadata["annotations"] = {PREFIX + key.replace("_", "-"): value for key, value in annotations.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"ca.crt": text}}


def bundle(world: CertsWorld) -> str:
    found = world.get(WEBHOOKS, Key("", "v")) or {}
    return base64.b64decode(found["webhooks"][0]["clientConfig"].get("caBundle", "")).decode()


def test_a_secret_is_used_only_when_it_allows_it_itself() -> None:
    with CertsWorld() as world:
        world.create(secret("cas", "CA"))
        world.create(configuration(inject_ca_from_secret="default/cas"))
        world.pass_time(60)
        assert bundle(world) == ""
        assert len(world.events("CANotInjected")) == 1
        world.patch(
            Resource("", "v1", "secrets", "Secret"),
            "cas",
            {"metadata": {"annotations": {f"{PREFIX}allow-direct-injection": "true"}}},
        )
        world.pass_time(1)
        assert bundle(world) == "CA"


def test_the_secret_takes_precedence_over_the_certificate_and_that_over_the_server() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate())
        world.create(secret("cas", "CA", allow_direct_injection="true"))
        world.run_until(lambda: world.certificate("web").ready)
        world.create(
            configuration(inject_ca_from_secret="default/cas", inject_ca_from="default/web", inject_apiserver_ca="true")
        )
        world.pass_time(1)
        assert bundle(world) == "CA"
        world.patch(WEBHOOKS, "v", {"metadata": {"annotations": {f"{PREFIX}inject-ca-from-secret": None}}}, "")
        world.pass_time(1)
        assert "BEGIN CERTIFICATE" in bundle(world)


def test_a_deleted_source_keeps_what_was_injected() -> None:
    with CertsWorld() as world:
        world.create(secret("cas", "CA", allow_direct_injection="true"))
        world.create(configuration(inject_ca_from_secret="default/cas"))
        world.pass_time(1)
        world.delete(Secret, "cas")
        world.pass_time(60)
        assert bundle(world) == "CA"


def test_a_certificate_of_another_name_in_the_secret_is_not_injected() -> None:
    with CertsWorld() as world:
        world.create(secret("web-tls", "CA", certificate_name="other"))
        world.create(certificate(issuer="nobody"))
        world.create(configuration(inject_ca_from="default/web"))
        world.pass_time(60)
        assert bundle(world) == ""


def test_nothing_is_written_once_it_is_as_it_should_be() -> None:
    with CertsWorld() as world:
        world.create(secret("cas", "CA", allow_direct_injection="true"))
        world.create(configuration(inject_ca_from_secret="default/cas"))
        world.pass_time(60)
        before = world.engine.writes_count
        world.pass_time(6 * 3600)
        assert world.engine.writes_count == before


@pytest.mark.parametrize("place", ["cas", "default/cas/more", "/cas", "default/"])
def test_a_place_that_is_none_is_reported(place: str) -> None:
    with CertsWorld() as world:
        world.create(configuration(inject_ca_from_secret=place))
        world.pass_time(5)
        assert "as namespace/name" in world.events("CANotInjected")[0]["message"]


def test_an_api_service_gets_its_authority() -> None:
    with CertsWorld() as world:
        world.create(secret("cas", "CA", allow_direct_injection="true"))
        spec = {
            "group": "x.test",
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {"namespace": "default", "name": "x"},
        }
        metadata = {"name": "v1.x.test", "annotations": {f"{PREFIX}inject-ca-from-secret": "default/cas"}}
        world.create(
            {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec}
        )
        world.pass_time(1)
        found = world.get(SERVICES, Key("", "v1.x.test")) or {}
        assert base64.b64decode(found["spec"]["caBundle"]) == b"CA"
