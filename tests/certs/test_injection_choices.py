"""Which CA is injected for which annotations, in every kind: as upstream's injector did with the same objects.

Seen with its merging of bundles off, as its documentation has it: then it replaces what was there.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import pytest

from argosy.machinery.objects import JsonObject, Key, Resource
from tests.kit.certs import CertsWorld, certificate

CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
PREFIX: Final = "cert-manager.io/"
NAMES: Final = {"secret": "inject-ca-from-secret", "certificate": "inject-ca-from", "server": "inject-apiserver-ca"}
HAD: Final = "what was there"
CHOICES: Final[tuple[tuple[dict[str, str], str], ...]] = (
    ({}, ""),
    ({"secret": "default/allowed"}, "a"),
    ({"secret": "default/unsaid"}, ""),
    ({"secret": "default/denied"}, ""),
    ({"secret": "default/capital"}, ""),
    ({"secret": "default/none"}, ""),
    ({"secret": "default/empty"}, ""),
    ({"secret": "default/blank"}, ""),
    ({"secret": "default/nonsense"}, "no PEM"),
    ({"secret": "allowed"}, ""),
    ({"secret": "default/allowed/x"}, ""),
    ({"secret": ""}, ""),
    ({"certificate": "default/good"}, "b"),
    ({"certificate": "default/other"}, ""),
    ({"certificate": "default/plain"}, ""),
    ({"certificate": "default/waiting"}, ""),
    ({"certificate": "default/hollow"}, ""),
    ({"certificate": "default/none"}, ""),
    ({"certificate": "good"}, ""),
    ({"certificate": "default/good/x"}, ""),
    ({"server": "true"}, "server"),
    ({"server": "false"}, ""),
    ({"server": "True"}, ""),
    ({"server": "1"}, ""),
    ({"secret": "default/allowed", "certificate": "default/good"}, "a"),
    ({"secret": "default/denied", "certificate": "default/good"}, ""),
    ({"secret": "default/none", "server": "true"}, ""),
    ({"certificate": "default/good", "server": "true"}, "b"),
    ({"certificate": "default/none", "server": "true"}, ""),
    ({"secret": "", "certificate": "default/good"}, ""),
    ({"certificate": "", "server": "true"}, ""),
    ({"certificate": "default/good", "server": "false"}, "b"),
)
KINDS: Final = {
    "ValidatingWebhookConfiguration": ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    "MutatingWebhookConfiguration": ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    "APIService": ("apiregistration.k8s.io", "apiservices"),
    "CustomResourceDefinition": ("apiextensions.k8s.io", "customresourcedefinitions"),
}


@pytest.mark.parametrize("had", ["", HAD])
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_annotation_that_is_there_chooses_and_a_choice_of_nothing_changes_nothing(
    kind: str, had: str
) -> None:
    with CertsWorld() as world:
        for obj in sources():
            world.create(obj)
        for number, (asked, _) in enumerate(CHOICES):
            world.create(target(kind, number, asked, had))
        world.pass_time(30)
        root = world.get(CONFIG_MAPS, Key("kube-system", "kube-root-ca.crt")) or {}
        group, plural = KINDS[kind]
        resource = Resource(group, "v1", plural, kind, namespaced=False)
        for number, (asked, wanted) in enumerate(CHOICES):
            found = world.get(resource, Key("", name_of(kind, number)))
            text = root["data"]["ca.crt"] if wanted == "server" else wanted
            assert bundle(found or {}, kind) == (text or had), asked


def test_a_definition_without_a_conversion_webhook_is_left_alone() -> None:
    with CertsWorld() as world:
        world.create(secret("allowed", "a", allow_direct_injection="true"))
        obj = target("CustomResourceDefinition", 1, {"secret": "default/allowed"}, "")
        obj["spec"]["conversion"] = {"strategy": "None"}
        world.create(obj)
        world.pass_time(30)
        group, plural = KINDS["CustomResourceDefinition"]
        resource = Resource(group, "v1", plural, "CustomResourceDefinition", namespaced=False)
        found = world.get(resource, Key("", name_of("CustomResourceDefinition", 1))) or {}
        assert found["spec"]["conversion"] == {"strategy": "None"}


def sources() -> list[JsonObject]:
    return [
        secret("allowed", "a", allow_direct_injection="true"),
        secret("unsaid", "a"),
        secret("denied", "a", allow_direct_injection="false"),
        secret("capital", "a", allow_direct_injection="True"),
        secret("empty", None, allow_direct_injection="true"),
        secret("blank", "", allow_direct_injection="true"),
        secret("nonsense", "no PEM", allow_direct_injection="true"),
        secret("good-tls", "b", certificate_name="good"),
        secret("other-tls", "b", certificate_name="somebody"),
        secret("plain-tls", "b"),
        secret("hollow-tls", None, certificate_name="hollow"),
        *(certificate(name, issuer="nobody") for name in ("good", "other", "plain", "hollow", "waiting")),
    ]


def secret(name: str, text: str | None, **annotations: str) -> JsonObject:
    metadata: dict[str, Any] = {"name": name, "namespace": "default"}
    metadata["annotations"] = {PREFIX + key.replace("_", "-"): value for key, value in annotations.items()}
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    return made if text is None else {**made, "stringData": {"ca.crt": text}}


def name_of(kind: str, number: int) -> str:
    return {"APIService": f"v1.x{number}.test", "CustomResourceDefinition": f"things.x{number}.test"}.get(
        kind, f"x{number}"
    )


def target(kind: str, number: int, asked: dict[str, str], had: str) -> JsonObject:
    annotations = {PREFIX + NAMES[name]: value for name, value in asked.items()}
    metadata = {"name": name_of(kind, number), "annotations": annotations}
    held = {"caBundle": base64.b64encode(had.encode()).decode()} if had else {}
    client = {"url": "https://127.0.0.1:9/x", **held}
    made: JsonObject = {"apiVersion": f"{KINDS[kind][0]}/v1", "kind": kind, "metadata": metadata}
    if kind == "APIService":
        service = {"namespace": "default", "name": "x"}
        spec = {"group": f"x{number}.test", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100}
        return {**made, "spec": {**spec, "service": service, **held}}
    if kind == "CustomResourceDefinition":
        return {**made, "spec": definition(number, client)}
    rule = {"apiGroups": ["none.test"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nones"]}
    webhook = {
        "name": "w.example.test",
        "clientConfig": client,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Ignore",
        "rules": [rule],
    }
    return {**made, "webhooks": [webhook]}


def definition(number: int, client: JsonObject) -> JsonObject:
    return {
        "group": f"x{number}.test",
        "scope": "Namespaced",
        "names": {"kind": "Thing", "plural": "things"},
        "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": client}},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    }


def bundle(obj: JsonObject, kind: str) -> str:
    if kind == "APIService":
        found = obj["spec"].get("caBundle", "")
    elif kind == "CustomResourceDefinition":
        found = obj["spec"]["conversion"]["webhook"]["clientConfig"].get("caBundle", "")
    else:
        found = obj["webhooks"][0]["clientConfig"].get("caBundle", "")
    return base64.b64decode(found).decode()
