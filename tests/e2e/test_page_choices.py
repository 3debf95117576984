"""Choices that a person makes on the page: what to look at, what to compare, what to ignore, what to let through."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import check_dialog
from tests.e2e.site import Site
from tests.e2e.test_page_places import made
from tests.e2e.up_process import Repository, config

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("page")]
OFF: dict[str, Any] = {"spec": {"syncPolicy": {"automated": None}}}
SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: several, namespace: argocd}
spec:
  goTemplate: true
  generators: [{list: {elements: [{name: one}, {name: two}]}}]
  template:
    metadata: {name: "several-{{.name}}"}
    spec:
      project: default
      source: {repoURL: "https://git.example/several.git", path: "."}
      destination: {server: "https://kubernetes.default.svc", namespace: default}
"""
ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: painted, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: painted}}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
  template:
    metadata: {labels: {app: painted}}
    spec: {containers: [{name: main, image: "registry.example/painted:1"}]}
"""


def patched(site: Site, name: str, patch: dict[str, Any]) -> None:
    site.argosy.kubectl("patch", "application", name, "-n", "argocd", "--type=merge", "-p", json.dumps(patch))


def test_applications_are_narrowed_by_expression_labels_and_annotations(page: Page, site: Site) -> None:
    patched(site, "web", {"metadata": {"labels": {"team": "a"}, "annotations": {"note": "https://x.example/?a=b"}}})
    page.goto("/applications")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_text("Regex, labels, annotations").click()
    page.get_by_label("Name matches").fill("^(web|api)$")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Labels (selector)").fill("team in (a,b)")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Annotation").fill("note=https://x.example/?a=b")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Name matches")).to_have_value("^(web|api)$")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Name matches").fill("(")
    expect(page.locator(".note.broken")).to_contain_text("is not a regular expression")
    page.get_by_label("Name matches").fill("")
    page.get_by_label("Labels (selector)").fill("team!=a")
    page.get_by_label("Annotation").fill("")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_favourite_is_shown_at_home_and_follows_its_object_in_one_connection(page: Page, site: Site) -> None:
    streams: list[str] = []
    page.on("request", lambda one: streams.append(one.url) if "/stream" in one.url else None)
    page.goto("/applications")
    page.get_by_role("button", name="Favourite: api").click()
    page.get_by_role("link", name="Home").click()
    favourite = page.get_by_role("region", name="Favourites").get_by_role("listitem")
    expect(favourite).to_contain_text("api")
    expect(favourite).to_contain_text("Application in argocd")
    patched(site, "api", {"spec": {"source": {"path": "elsewhere"}}})
    expect(favourite).to_contain_text("ComparisonError")
    patched(site, "api", {"spec": {"source": {"path": "conf"}}})
    expect(favourite).not_to_contain_text("ComparisonError")
    favourite.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("region", name="Favourites")).to_have_count(0)
    assert streams
    assert all("/api/argosy/v1/stream?watch=" in url for url in streams), streams


def test_what_lives_a_deployment_and_a_revision_are_compared(page: Page, site: Site, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "compared")
    first = repository.commit({"conf/a.yaml": config("compared", "one")})
    site.argosy.apply_application("compared", repository)
    site.argosy.eventually(lambda: site.argosy.status("compared") == ("Synced", "Healthy"), "Synced")
    second = repository.commit({"conf/a.yaml": config("compared", "two")})
    site.argosy.refresh("compared")
    site.argosy.eventually(lambda: site.argosy.data_of("compared", "compared") == {"value": "two"}, "the second")
    page.goto(f"/applications/argocd/compared?view=diff&from=revision:{first}&to=revision:{second}")
    expect(page.locator(".diff .del")).to_contain_text("value: one")
    expect(page.locator(".diff .add")).to_contain_text("value: two")
    expect(page.locator(".differences")).to_contain_text("differs in data.value")
    page.get_by_label("side by side").check()
    expect(page.locator("table.diff tr", has_text="value: one")).to_contain_text("value: two")
    page.get_by_label("Compare from").select_option("live")
    expect(page.get_by_text("No differences.")).to_be_visible()
    page.get_by_label("Compare to").select_option("history:0")
    expect(page.locator(".diff .add")).to_contain_text("value: one")
    page.get_by_label("Compare with another revision").fill("nonsense")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".note.broken")).to_be_visible()
    expect(page).to_have_url(re.compile("to=revision%3Anonsense"))


def test_automation_is_paused_and_a_roll_back_shows_what_it_changes(page: Page, site: Site, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "paused")
    repository.commit({"conf/a.yaml": config("paused", "one")})
    site.argosy.apply_application("paused", repository)
    site.argosy.eventually(lambda: site.argosy.status("paused") == ("Synced", "Healthy"), "Synced")
    repository.commit({"conf/a.yaml": config("paused", "two")})
    site.argosy.refresh("paused")
    site.argosy.eventually(lambda: site.argosy.data_of("paused", "paused") == {"value": "two"}, "the second")
    page.goto("/applications/argocd/paused")
    page.get_by_role("button", name="Pause…").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Resume…")).to_be_visible()
    paused = {"prune": True, "selfHeal": True, "enabled": False}
    site.argosy.eventually(lambda: site.spec_of("paused")["syncPolicy"]["automated"] == paused, "it is paused")
    page.get_by_role("link", name="History", exact=True).click()
    page.get_by_role("button", name="Roll back…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("1 object changes").click()
    expect(dialog.locator(".diff .add")).to_contain_text("value: one")
    check_dialog(page)
    dialog.get_by_role("button", name="Roll back", exact=True).click()
    site.argosy.eventually(lambda: site.argosy.data_of("paused", "paused") == {"value": "one"}, "the first")


def test_of_what_differs_one_is_synced_and_the_other_ignored_by_a_patch(page: Page, site: Site, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "drifting")
    repository.commit({"conf/a.yaml": config("one", "1"), "conf/b.yaml": config("two", "2")})
    site.argosy.apply_application("drifting", repository)
    site.argosy.eventually(lambda: site.argosy.status("drifting") == ("Synced", "Healthy"), "Synced")
    patched(site, "drifting", OFF)
    for name in ("one", "two"):
        site.argosy.kubectl("patch", "cm", name, "-n", "drifting", "--type=merge", "-p", '{"data": {"value": "drift"}}')
    page.goto("/applications/argocd/drifting?view=diff")
    expect(page.get_by_text("2 objects differ")).to_be_visible()
    page.get_by_label("Select ConfigMap drifting/one").check()
    page.get_by_role("button", name="Sync selected (1)…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sync 1 of 2 resources of drifting")
    dialog.get_by_role("button", name="Sync", exact=True).click()
    expect(page.get_by_text("1 object differs")).to_be_visible()
    site.argosy.eventually(lambda: site.argosy.data_of("one", "drifting") == {"value": "1"}, "one is synced")
    assert site.argosy.data_of("two", "drifting") == {"value": "drift"}
    page.get_by_role("button", name="Ignore…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("checkbox")).to_have_count(1)
    expect(dialog.locator("pre")).to_contain_text("/data/value")
    check_dialog(page)
    dialog.get_by_role("button", name="Apply now").click()
    expect(page.get_by_text("No differences from Git")).to_be_visible()
    rules = [{"kind": "ConfigMap", "name": "two", "namespace": "drifting", "jsonPointers": ["/data/value"]}]
    site.argosy.eventually(lambda: site.spec_of("drifting").get("ignoreDifferences") == rules, "it is ignored")


def test_a_rollout_gets_another_image_with_its_effect_shown_first(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=ROLLOUT)
    page.goto("/rollouts/default/painted")
    expect(page.locator(".badge").first).to_contain_text("Healthy")
    page.get_by_role("button", name="Set image…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Image").fill("registry.example/painted:2")
    expect(dialog).to_contain_text("From registry.example/painted:1 to registry.example/painted:2")
    check_dialog(page)
    dialog.get_by_role("button", name="Set image", exact=True).click()
    expect(page.locator(".badge").first).to_contain_text("Paused")
    expect(page.locator("dl.facts").first).to_contain_text("registry.example/painted:2")


def test_freight_is_made_by_hand_and_approved_for_a_stage(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=json.dumps(made("Project", "byhand", "")))
    site.argosy.eventually(lambda: site.argosy.get("namespace", "byhand"), "the Project's namespace")
    site.argosy.eventually(lambda: pipeline_is_there(site), "the pipeline")
    page.goto("/pipelines/byhand?warehouse=images")
    expect(page.get_by_role("dialog")).to_contain_text("1 subscription")
    check_dialog(page)
    page.get_by_role("dialog").get_by_role("button", name="Create Freight…").click()
    dialog = page.get_by_role("dialog").last
    dialog.get_by_label("r.example/shop").select_option("1.1")
    dialog.get_by_label("Alias").fill("hand-made")
    check_dialog(page)
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator(".piece", has_text="hand-made")).to_contain_text("r.example/shop:1.1")
    page.goto("/pipelines/byhand?stage=prod")
    page.get_by_role("dialog").get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog").last
    expect(dialog.get_by_role("radio")).to_be_disabled()
    dialog.get_by_role("button", name="Approve…").click()
    expect(dialog.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    check_dialog(page)
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog.get_by_role("radio")).to_be_enabled()
    dialog.get_by_role("radio").check()
    dialog.get_by_role("button", name="Promote", exact=True).click()
    expect(page.locator(".node", has_text="prod")).to_contain_text("shop:1.1")
    page.goto("/promotions?namespace=byhand")
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="Promote again…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("A new Promotion of the same Freight is made")
    check_dialog(page)
    dialog.get_by_role("button", name="Promote again", exact=True).click()
    expect(page.get_by_role("status").last).to_contain_text("was made")
    site.argosy.eventually(lambda: len(site.argosy.get("promotions", "-n", "byhand")["items"]) == 2, "another one")


def pipeline_is_there(site: Site) -> bool:
    subscriptions = [{"image": {"repoURL": "r.example/shop"}}]
    spec = {"freightCreationPolicy": "Manual", "interval": "24h", "subscriptions": subscriptions}
    steps = [{"uses": "compose-output", "as": "out", "config": {"tag": "x"}}]
    requested = [{"origin": {"kind": "Warehouse", "name": "images"}, "sources": {"stages": ["test"]}}]
    stage = {"requestedFreight": requested, "promotionTemplate": {"spec": {"steps": steps}}}
    first = [{"origin": {"kind": "Warehouse", "name": "images"}, "sources": {"direct": True}}]
    objects = [
        made("Warehouse", "images", "byhand", spec=spec),
        made("Stage", "test", "byhand", spec={**stage, "requestedFreight": first}),
        made("Stage", "prod", "byhand", spec=stage),
    ]
    site.argosy.kubectl("apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, objects)), check=False)
    references = [{"tag": "1.2", "digest": "sha256:2"}, {"tag": "1.1", "digest": "sha256:1"}]
    found = {
        "discoveredAt": "2026-01-01T00:00:00Z",
        "images": [{"repoURL": "r.example/shop", "references": references}],
    }
    status = json.dumps({"status": {"discoveredArtifacts": found}})
    place = ("warehouse", "images", "-n", "byhand", "--subresource=status", "--type=merge")
    site.argosy.kubectl("patch", *place, "-p", status, check=False)
    warehouse = site.argosy.get("warehouse", "images", "-n", "byhand") or {}
    stages = (site.argosy.get("stages", "-n", "byhand") or {}).get("items") or ()
    return "discoveredArtifacts" in (warehouse.get("status") or {}) and len(stages) == 2


def test_an_edit_of_an_applicationset_shows_what_it_would_do_before_it_is_saved(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=SET)
    names = ("application", "-n", "argocd", "several-one", "several-two")
    site.argosy.eventually(lambda: len((site.argosy.get(*names) or {}).get("items") or ()) == 2, "Applications")
    page.goto("/applicationsets/argocd/several")
    page.get_by_role("link", name="Edit…").click()
    editor = page.get_by_label("The ApplicationSet's spec as YAML")
    expect(editor).to_contain_text("name: two")
    edited = {
        "goTemplate": True,
        "generators": [{"list": {"elements": [{"name": "one"}, {"name": "three"}]}}],
        "template": {
            "metadata": {"name": "several-{{.name}}"},
            "spec": {
                "project": "default",
                "source": {"repoURL": "https://git.example/several.git", "path": "changed"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            },
        },
    }
    editor.fill(json.dumps(edited))
    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_disabled()
    page.get_by_role("button", name="Preview").click()
    effect = page.get_by_role("region", name="Preview")
    expect(effect).to_contain_text("1 Application is created, 1 Application is changed, 1 Application is deleted")
    expect(effect).to_contain_text("differs in spec.source.path")
    save.click()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("edit")
    expect(page.get_by_role("link", name="several-three")).to_be_visible()
    site.argosy.kubectl("delete", "applicationset", "several", "-n", "argocd")
