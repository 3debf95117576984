"""Our CustomResourceDefinitions are the published ones, but for the prose."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from argosy.apis import crds
from argosy.apis.argoproj import Application
from argosy.apis.schema import read, written
from argosy.machinery.text.yaml import load

SHARED = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[3] / "shared") / "data"
FOLDER = SHARED / "crds"
PRODUCTS = ("argo-cd", "cert-manager", "kargo", "rollouts", "sealed-secrets")


@pytest.fixture(scope="module", params=PRODUCTS)
def published(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The product, and its definitions by name as their authors publish them."""
    paths = sorted((FOLDER / request.param).glob("*.yaml"))
    if not paths:
        pytest.skip(f"{FOLDER / request.param} is not there")
    found = [load(path.read_bytes()) for path in paths]
    return request.param, {str(crd["metadata"]["name"]): crd for crd in found}


def without_prose(value: Any, *, sort: bool = True) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not (k in ("description", "title") and isinstance(v, str))}
        return {
            k: sorted(v) if sort and k == "required" and isinstance(v, list) else without_prose(v, sort=sort)
            for k, v in kept.items()
        }
    return [without_prose(item, sort=sort) for item in value] if isinstance(value, list) else value


def test_our_definitions_are_the_published_ones_without_prose(published: tuple[str, dict[str, Any]]) -> None:
    product, theirs = published
    ours = {str(crd["metadata"]["name"]): without_prose(crd) for crd in crds(product)}
    assert ours.keys() == theirs.keys()
    for name, crd in theirs.items():
        crd["metadata"].pop("annotations", None)
        crd.pop("status", None)
        assert ours[name] == without_prose(crd), name


def test_all_definitions_together_are_sorted_and_have_no_prose_of_others() -> None:
    names = [str(crd["metadata"]["name"]) for crd in crds()]
    assert names == sorted(set(names))
    assert len(names) == 26
    others = [crd for product in PRODUCTS[1:] for crd in crds(product)]
    assert others == [without_prose(crd, sort=False) for crd in others]


def test_a_view_keeps_what_it_does_not_know() -> None:
    obj = {"kind": "Application", "spec": {"project": "p", "destination": {"new": 1}, "later": True}, "x": {"y": 1}}
    view = read(Application, obj)
    assert view.spec.project == "p"
    assert written(view) == obj
