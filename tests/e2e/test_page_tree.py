"""The tree of an Application: large ones stay usable, traffic and nodes are other ways to see it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.site import Site
from tests.e2e.up_process import Repository, config

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("page")]
OBJECTS: Final = 250
MOST_BOXES: Final = 201
"""The budget, and the Application itself."""
TRAFFIC: Final = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: entry}
spec:
  rules:
    - host: shop.example
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: front, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {selector: {app: front}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: web, image: "registry.example/web:1"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: no-traffic}
"""


def deployed(site: Site, tmp_path: Path, name: str, files: dict[str, str | None]) -> None:
    repository = Repository(tmp_path / name)
    repository.commit(files)
    site.argosy.apply_application(name, repository, "all")
    site.argosy.eventually(lambda: site.argosy.status(name)[0] == "Synced", f"{name} is synced")


def test_a_large_tree_is_folded_drawn_within_its_budget_and_has_a_minimap(
    page: Page, site: Site, tmp_path: Path
) -> None:
    files = {f"all/{at}.yaml": config(f"leaf-{at:03}", "1") for at in range(OBJECTS)}
    deployed(site, tmp_path, "forest", {**files})
    page.goto("/applications/argocd/forest?view=tree")
    fold = page.get_by_role("button", name=f"{OBJECTS} × ConfigMap")
    expect(fold).to_be_visible()
    expect(page.locator(".minimap")).to_have_count(0)
    fold.press("Enter")
    expect(page.get_by_text("more are not drawn: search for them")).to_be_visible()
    assert page.locator(".tree .box").count() <= MOST_BOXES
    minimap = page.locator(".minimap")
    expect(minimap).to_be_visible()
    box = minimap.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
    page.wait_for_function("() => document.querySelector('.tree').scrollTop > 1000")
    page.get_by_role("searchbox").fill("leaf-249")
    expect(page.get_by_role("button", name="leaf-249 ConfigMap")).to_be_visible()
    expect(minimap).to_have_count(0)


def test_traffic_and_nodes_are_other_ways_to_see_the_tree(page: Page, site: Site, tmp_path: Path) -> None:
    deployed(site, tmp_path, "traffic", {"all/all.yaml": TRAFFIC})
    page.goto("/applications/argocd/traffic?view=tree")
    boxes = page.locator(".tree .box")
    expect(boxes.filter(has_text="no-traffic")).to_have_count(1)
    page.get_by_label("Show").select_option("traffic")
    expect(boxes.filter(has_text="no-traffic")).to_have_count(0)
    expect(boxes.filter(has_text="entry")).to_have_count(1)
    expect(boxes.filter(has_text="Pod")).to_have_count(2)
    expect(page).to_have_url(re.compile("layout=traffic"))
    columns = [
        boxes.filter(has_text=text).first.evaluate("box => box.getBoundingClientRect().left")
        for text in ("entry", "Service", "Pod")
    ]
    assert columns == sorted(columns)
    page.get_by_label("Show").select_option("nodes")
    expect(boxes.filter(has_text="entry")).to_have_count(0)
    expect(boxes.filter(has_text="Pod")).to_have_count(2)
