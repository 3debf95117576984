"""Our CustomResourceDefinitions are the published ones, but for the prose."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from argosy.apis import crds
from argosy.apis.argoproj import Application
from argosy.apis.schema import read, written
from argosy.machinery.yaml import load

SHARED = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[3] / "shared") / "data"
PUBLISHED = {
    "applications.argoproj.io": "crds/argo-cd/application-crd.yaml",
    "applicationsets.argoproj.io": "crds/argo-cd/applicationset-crd.yaml",
    "appprojects.argoproj.io": "crds/argo-cd/appproject-crd.yaml",
}


def without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not (k in ("description", "title") and isinstance(v, str))}
        return {k: sorted(v) if k == "required" else without_prose(v) for k, v in kept.items()}
    return [without_prose(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", PUBLISHED)
def test_our_definition_is_the_published_one_without_prose(name: str) -> None:
    path = SHARED / PUBLISHED[name]
    if not path.exists():
        pytest.skip(f"{path} is not there")
    ours = next(crd for crd in crds() if crd["metadata"]["name"] == name)
    published = without_prose(load(path.read_bytes()))
    published["metadata"].pop("annotations", None)
    published.pop("status", None)
    assert without_prose(ours) == published


def test_a_view_keeps_what_it_does_not_know() -> None:
    obj = {"kind": "Application", "spec": {"project": "p", "destination": {"new": 1}, "later": True}, "x": {"y": 1}}
    view = read(Application, obj)
    assert view.spec.project == "p"
    assert written(view) == obj
