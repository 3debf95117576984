"""Refusals of definitions, at the field and in the words of the real validation (apiextensions-apiserver 0.36.1)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from argosy.cluster.kinds.validation.definitions import check_definition
from argosy.machinery.objects import JsonObject

Change = Callable[[JsonObject], Any]
ROOT = "spec.validation.openAPIV3Schema"
SPEC = f"{ROOT}.properties[spec]"


def struct(**properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties}


BASE: JsonObject = {
    "metadata": {"name": "gates.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "gates", "singular": "gate", "kind": "Gate", "listKind": "GateList"},
        "conversion": {"strategy": "None"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": struct(spec=struct(a={"type": "string"}), status=struct())},
            }
        ],
    },
}


def refusals(change: Change) -> list[str]:
    definition = copy.deepcopy(BASE)
    change(definition)
    return sorted({f"{cause.field}: {cause.message}" for cause in check_definition(definition)})


def spec(**more: Any) -> Change:
    return lambda definition: definition["spec"].update(more)


def version(**more: Any) -> Change:
    return lambda definition: definition["spec"]["versions"][0].update(more)


def schema(of_spec: JsonObject) -> Change:
    return version(schema={"openAPIV3Schema": struct(spec=of_spec)})


def rule(**more: Any) -> Change:
    return schema({**struct(a={"type": "string"}), "x-kubernetes-validations": [more]})


ITEMS = struct(k={"type": "string"})
KEYS = f"{SPEC}.x-kubernetes-list-map-keys"
RULE = f"{SPEC}.x-kubernetes-validations[0]"


def test_a_sound_definition_is_accepted() -> None:
    assert refusals(lambda definition: None) == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (
            spec(versions=[]),
            "spec.versions: Invalid value: []: must have exactly one version marked as storage version",
        ),
        (version(schema={}), "spec.versions[0].schema.openAPIV3Schema: Required value"),
        (
            version(deprecationWarning="x"),
            'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
        ),
        (
            version(subresources={"scale": {"specReplicasPath": "spec.x", "statusReplicasPath": ".status.n"}}),
            (
                'spec.subresources.scale.specReplicasPath: Invalid value: "spec.x":'
                " must be a simple json path starting with ."
            ),
        ),
        (
            version(additionalPrinterColumns=[{"name": "A", "type": "foo", "jsonPath": ".spec.a"}]),
            (
                'spec.additionalPrinterColumns[0].type: Invalid value: "foo":'
                " must be one of boolean,date,integer,number,string"
            ),
        ),
        (
            version(additionalPrinterColumns=[{"name": "A", "type": "string"}]),
            "spec.additionalPrinterColumns[0].JSONPath: Required value",
        ),
        (
            version(selectableFields=[{"jsonPath": ".spec.zz"}]),
            (
                'spec.selectableFields[0].jsonPath: Invalid value: ".spec.zz":'
                " is an invalid path: does not refer to a valid field"
            ),
        ),
        (
            version(selectableFields=[{"jsonPath": ".spec.a"}, {"jsonPath": ".spec.a"}]),
            'spec.selectableFields[1].jsonPath: Duplicate value: ".spec.a"',
        ),
        (
            spec(conversion={"strategy": "None", "webhook": {"conversionReviewVersions": ["v1"]}}),
            (
                "spec.conversion.conversionReviewVersions: Forbidden:"
                " should not be set when strategy is not set to Webhook"
            ),
        ),
        (
            spec(
                conversion={
                    "strategy": "Webhook",
                    "webhook": {"clientConfig": {"url": "https://x/y"}, "conversionReviewVersions": ["v9"]},
                }
            ),
            'spec.conversion.conversionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
        ),
        (
            schema({"type": "array", "x-kubernetes-list-map-keys": ["k"], "items": ITEMS}),
            f"{SPEC}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty",
        ),
        (
            schema({"type": "array", "x-kubernetes-list-type": "set", "items": ITEMS}),
            (
                f"{SPEC}.items.x-kubernetes-map-type: Invalid value: null:"
                " must be atomic as item of a list with x-kubernetes-list-type=set"
            ),
        ),
        (
            schema(
                {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["z"],
                    "items": ITEMS,
                }
            ),
            f'{KEYS}: Invalid value: ["z"]: entries must all be names of item properties',
        ),
        (
            schema({"type": "object", "x-kubernetes-map-type": "foo"}),
            f'{SPEC}.x-kubernetes-map-type: Unsupported value: "foo": supported values: "atomic", "granular"',
        ),
        (
            schema({"type": "object", "x-kubernetes-embedded-resource": True}),
            (
                f"{SPEC}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true"
                " without x-kubernetes-preserve-unknown-fields"
            ),
        ),
        (
            version(schema={"openAPIV3Schema": struct(apiVersion={"type": "integer"})}),
            f'{ROOT}.properties[apiVersion].type: Invalid value: "integer": must be string',
        ),
        (
            version(schema={"openAPIV3Schema": struct(metadata=struct(uid={"type": "string"}))}),
            (
                f"{ROOT}.properties[metadata]: Forbidden: must not specify anything other than name and generateName,"
                " but metadata is implicitly specified"
            ),
        ),
        (
            rule(rule="true", message="a\nb"),
            f'{RULE}.message: Invalid value: "a\\nb": must not contain line breaks',
        ),
        (
            rule(rule="self.a ==\n'x'"),
            f"{RULE}.message: Required value: message must be specified if rule contains line breaks",
        ),
        (rule(rule="true", fieldPath=".zz"), f'{RULE}.fieldPath: Invalid value: ".zz": must be a valid path'),
        (
            rule(rule="1"),
            (
                f'{RULE}.rule: Invalid value: {{"Rule":"1","Message":"","MessageExpression":"","Reason":null,'
                '"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool'
            ),
        ),
    ],
)
def test_a_definition_is_refused_in_the_real_servers_words(change: Change, wanted: str) -> None:
    assert refusals(change) == [wanted]
