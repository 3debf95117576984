"""The tree of an Application: large ones stay usable, traffic and nodes are other ways to see it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.accessibility import faults
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
PRINTING: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: printer}
spec:
  replicas: 1
  selector: {matchLabels: {app: printer}}
  template:
    metadata:
      labels: {app: printer}
      annotations: {simulation.argosy.dev/logs: '["all is well", "one thing failed"]'}
    spec: {containers: [{name: main, image: "registry.example/printer:1"}]}
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
    expect(page.get_by_text("more are not shown: search for them")).to_be_visible()
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


def test_the_tree_and_followed_logs_use_the_one_stream_of_the_tab_and_go_on_after_a_restart(
    page: Page, site: Site, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "printed")
    repository.commit({"all/printer.yaml": PRINTING})
    site.argosy.apply_application("printed", repository, "all")
    site.argosy.eventually(lambda: site.argosy.status("printed") == ("Synced", "Healthy"), "the printer runs")
    opened: dict[Request, str] = {}
    addresses: list[str] = []

    def begun(one: Request) -> None:
        if one.resource_type == "eventsource" or "/stream" in one.url or "/logs" in one.url:
            opened[one] = one.url
            addresses.append(one.url)

    def ended(one: Request) -> None:
        opened.pop(one, None)

    page.on("request", begun)
    page.on("requestfinished", ended)
    page.on("requestfailed", ended)
    page.goto("/applications/argocd/printed?view=tree&node=apps%2FDeployment%2Fprinted%2Fprinter&tab=logs")
    dialog = page.get_by_role("dialog", name="Deployment printer")
    lines = dialog.get_by_role("log").locator(".log-line")
    expect(lines).to_have_text([re.compile("all is well"), re.compile("one thing failed")])
    expect(dialog.get_by_role("status")).to_contain_text("following")
    site.argosy.end()
    expect(page.get_by_text("Connection lost. What you see")).to_be_attached()
    site.argosy.up()
    expect(page.get_by_text("Connection lost. What you see")).to_have_count(0)
    expect(dialog.get_by_role("status")).to_contain_text("following")
    expect(lines).to_have_count(2)
    repository.commit({"all/more.yaml": config("printed-more", "1")})
    site.argosy.refresh("printed")
    expect(page.locator(".tree .box").filter(has_text="printed-more")).to_be_attached()
    assert all("/api/argosy/v1/stream?watch=" in url for url in addresses), addresses
    asked = [url for url in addresses if "%2Ftree" in url and "%2Flogs%3F" in url]
    assert any("sinceTime" in url for url in asked), addresses
    site.argosy.eventually(lambda: page.evaluate("1") and len(opened) == 1, "one stream is open")


def test_the_tree_shows_sync_and_health_of_each_and_is_narrowed_by_them(page: Page, site: Site, tmp_path: Path) -> None:
    name = "differing"
    repository = Repository(tmp_path / name)
    repository.commit({"all/a.yaml": config("differs", "1"), "all/b.yaml": config("same", "1"), "all/c.yaml": TRAFFIC})
    site.argosy.apply_application(name, repository, "all")
    site.argosy.eventually(lambda: site.argosy.status(name)[0] == "Synced", f"{name} is synced")
    off = '{"spec":{"syncPolicy":{"automated":null}}}'
    site.argosy.kubectl("patch", "application", name, "-n", "argocd", "--type=merge", "-p", off)
    repository.commit({"all/a.yaml": config("differs", "2"), "all/d.yaml": config("absent", "1")})
    site.argosy.refresh(name)
    site.argosy.eventually(lambda: site.argosy.status(name)[0] == "OutOfSync", f"{name} differs")
    page.goto(f"/applications/argocd/{name}?view=tree")
    boxes = page.locator(".tree .box")
    expect(page.get_by_role("button", name="differs ConfigMap, OutOfSync")).to_be_visible()
    expect(page.get_by_role("button", name="same ConfigMap, Synced")).to_be_visible()
    expect(page.get_by_role("button", name="absent ConfigMap, Missing, OutOfSync")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("^Sync")).select_option("OutOfSync")
    expect(boxes).to_have_count(3)
    expect(page).to_have_url(re.compile("sync=OutOfSync"))
    page.reload()
    expect(boxes).to_have_count(3)
    page.get_by_role("combobox", name=re.compile("^Health")).select_option("Missing")
    expect(boxes).to_have_count(2)
    assert faults(page) == []
