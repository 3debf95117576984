"""`labels[].includeVolumeClaimTemplates`, which kustomize has after 5.8, and names of images that are no expression."""

from __future__ import annotations

import pytest

from argosy.machinery.objects import JsonObject
from argosy.render.kustomize.transform.fieldspecs import Configuration
from argosy.render.kustomize.transform.images import ImageChange
from argosy.render.kustomize.transform.transformers import _label_specs

CLAIMS = "spec/volumeClaimTemplates[]/metadata/labels"
TEMPLATE = "spec/template/metadata/labels"


@pytest.mark.parametrize(
    ("entry", "templates", "claims"),
    [
        ({}, False, False),
        ({"includeTemplates": True}, True, True),
        ({"includeTemplates": True, "includeVolumeClaimTemplates": False}, True, False),
        ({"includeVolumeClaimTemplates": True}, False, True),
        ({"includeTemplates": True, "includeVolumeClaimTemplates": True}, True, True),
        ({"includeSelectors": True}, True, True),
    ],
)
def test_labels_go_into_claims_where_they_are_asked_for(entry: JsonObject, templates: bool, claims: bool) -> None:
    paths = [spec.path for spec in _label_specs(entry, Configuration())]
    assert (TEMPLATE in paths, CLAIMS in paths) == (templates, claims)


def test_a_name_that_is_no_expression_means_no_image() -> None:
    assert ImageChange({"name": "[", "newTag": "v2"}, "images[0]").apply("nginx:1.7.9") == "nginx:1.7.9"
