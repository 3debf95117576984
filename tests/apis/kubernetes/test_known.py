"""Facts about Kubernetes' own kinds, for code that compares objects."""

from __future__ import annotations

import copy
from typing import Any

from argosy.apis.kubernetes import known

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {}},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx", "resources": {"limits": {"cpu": "1000m"}}}]},
        },
    },
}


def test_a_custom_kind_is_given_back_as_it_is() -> None:
    gadget = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}}
    assert known.node("example.com", "v1", "Gadget") is None
    assert known.defaulted(gadget) is gadget
    assert known.canonical(gadget) is gadget


def test_defaults_are_what_a_server_would_fill_in_and_the_object_stays_untouched() -> None:
    before = copy.deepcopy(DEPLOYMENT)
    spec = known.defaulted(DEPLOYMENT)["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "RollingUpdate")
    assert spec["template"]["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert before == DEPLOYMENT


def test_the_canonical_form_spells_quantities_one_way() -> None:
    container = known.canonical(DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["cpu"] == "1"


def test_an_object_with_unknown_fields_or_wrong_types_keeps_its_form() -> None:
    for odd in ({**DEPLOYMENT, "extra": 1}, {**DEPLOYMENT, "spec": "text"}):
        assert known.canonical(odd) is odd


def test_an_older_version_has_the_shape_of_the_one_that_is_served() -> None:
    old = {**DEPLOYMENT, "apiVersion": "apps/v1beta1"}
    assert known.node("apps", "v1beta1", "Deployment") is known.node("apps", "v1", "Deployment")
    assert known.canonical(old)["apiVersion"] == "apps/v1beta1"
