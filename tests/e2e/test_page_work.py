"""What people do on the page beyond looking: create, edit, delete, promote, seal, configure, read logs."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import check_dialog
from tests.e2e.site import Site
from tests.e2e.up_process import Repository

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("page")]

PRINTING = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: printer}
spec:
  replicas: 1
  selector: {matchLabels: {app: printer}}
  template:
    metadata:
      labels: {app: printer}
      annotations: {simulation.argosy.dev/logs: '["all is well", "ERROR: one thing failed"]'}
    spec: {containers: [{name: main, image: "registry.example/printer:1"}]}
"""
PIPELINE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {name: source, namespace: shop}
spec:
  freightCreationPolicy: Manual
  subscriptions: [{git: {repoURL: "https://git.example/shop.git"}}]
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: test, namespace: shop}
spec:
  requestedFreight: [{origin: {kind: Warehouse, name: source}, sources: {direct: true}}]
  promotionTemplate: {spec: {steps: [{uses: compose-output, as: out, config: {tag: x}}]}}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: prod, namespace: shop}
spec:
  requestedFreight: [{origin: {kind: Warehouse, name: source}, sources: {stages: [test]}}]
  promotionTemplate: {spec: {steps: [{uses: compose-output, as: out, config: {tag: x}}]}}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Freight
metadata: {name: anything, namespace: shop}
alias: first-one
origin: {kind: Warehouse, name: source}
commits: [{repoURL: "https://git.example/shop.git", id: 3c83688aca6c26b54ff38df766a0daa038de8b53}]
"""
PROJECT = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata: {name: shop}
"""


def test_an_application_is_created_edited_and_deleted(page: Page, site: Site) -> None:
    page.goto("/applications")
    page.get_by_role("button", name="New application…").click()
    expect(page.get_by_text("a repository URL is required").first).to_be_visible()
    expect(page.get_by_role("button", name="Create")).to_be_disabled()
    source = site.argosy.get("application", "web", "-n", "argocd")["spec"]["source"]["repoURL"]
    page.get_by_label("Name lower case").fill("made")
    page.get_by_role("combobox", name="Repository").fill(source)
    page.get_by_label("Path a folder").fill("conf")
    page.get_by_label("Namespace for resources").fill("default")
    expect(page.get_by_label("The Application as YAML")).to_contain_text(f"repoURL: {source}")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("made")
    expect(page.locator(".note").first).to_contain_text("ConfigMap a is Missing")

    page.get_by_role("button", name="Edit…").click()
    page.get_by_label("Automated sync").select_option("both")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".note").first).to_contain_text("In sync with Git")
    automated = {"prune": True, "selfHeal": True}
    site.argosy.eventually(lambda: site.spec_of("made")["syncPolicy"].get("automated") == automated, "it is saved")

    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 resource is deleted")
    expect(dialog.get_by_role("button", name="Delete made")).to_be_disabled()
    dialog.get_by_role("textbox").fill("made")
    dialog.get_by_role("button", name="Delete made").click()
    expect(page.get_by_text("made was deleted")).to_be_visible()
    site.argosy.eventually(lambda: site.argosy.get("configmap", "a", "-n", "default") is None, "its object is gone")


def test_what_the_server_refuses_is_reported_and_nothing_typed_is_lost(page: Page) -> None:
    page.goto("/applications/new")
    page.get_by_label("Name lower case").fill("nowhere")
    page.get_by_role("combobox", name="Repository").fill("https://git.invalid/nothing.git")
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".note.broken")).to_be_visible()
    expect(page.get_by_label("Name lower case")).to_have_value("nowhere")


def test_several_applications_are_refreshed_at_once(page: Page) -> None:
    page.goto("/applications")
    page.get_by_label("Select api").check()
    page.get_by_label("Select web").check()
    page.get_by_role("button", name="Refresh…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 are compared with Git again")
    dialog.get_by_role("button", name="Refresh 2 applications").click()
    expect(dialog.locator(".badge", has_text="requested")).to_have_count(2)


def test_a_live_object_is_edited_with_a_warning_and_its_difference_is_shown(page: Page, site: Site) -> None:
    off = {"spec": {"syncPolicy": {"automated": None}}}
    site.argosy.kubectl("patch", "application", "api", "-n", "argocd", "--type=merge", "-p", json.dumps(off))
    page.goto("/applications/argocd/api?view=tree")
    page.get_by_role("button", name="a ConfigMap").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("tab", name="Live").click()
    expect(dialog).to_contain_text("values are folded: defaults and other fields that Git does not set")
    expect(dialog.locator("pre")).not_to_contain_text("resourceVersion")
    dialog.get_by_label("all fields").check()
    expect(dialog.locator("pre")).to_contain_text("resourceVersion")
    expect(page).to_have_url(re.compile("whole=yes"))
    dialog.get_by_label("all fields").uncheck()
    expect(dialog.locator("pre")).not_to_contain_text("resourceVersion")
    dialog.get_by_role("button", name="Edit…").click()
    expect(dialog).to_contain_text("the next sync restores Git's version")
    editor = dialog.get_by_label("ConfigMap a as YAML")
    editor.get_by_text('value: "1"').click()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.keyboard.type('7"')
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("pre")).to_contain_text('value: "1"')
    site.argosy.eventually(lambda: site.argosy.data_of("a", "api").get("value") == "17", "it is changed")
    dialog.get_by_role("tab", name="Diff").click()
    expect(dialog.locator(".del")).to_contain_text('value: "17"')


def test_logs_are_followed_filtered_and_marked(page: Page, site: Site) -> None:
    source = site.argosy.get("application", "web", "-n", "argocd")["spec"]["source"]["repoURL"]
    repository = Repository(Path(source))
    repository.commit({"printing/deployment.yaml": PRINTING})
    site.argosy.apply_application("printing", repository, "printing")
    site.argosy.eventually(lambda: site.argosy.status("printing") == ("Synced", "Healthy"), "the printer runs")
    page.goto("/applications/argocd/printing?view=logs")
    lines = page.get_by_role("log")
    expect(lines).to_contain_text("all is well")
    expect(lines.locator(".error")).to_contain_text("one thing failed")
    page.get_by_label("Filter lines").fill("failed")
    page.keyboard.press("Enter")
    expect(lines).not_to_contain_text("all is well")
    expect(lines).to_contain_text("one thing failed")
    expect(page).to_have_url(re.compile("filter=failed"))


def test_a_log_line_has_a_link_and_logs_of_later_pods_join(page: Page, site: Site) -> None:
    repository = Repository(Path(site.argosy.get("application", "web", "-n", "argocd")["spec"]["source"]["repoURL"]))
    repository.commit({"replaced/deployment.yaml": PRINTING.replace("printer", "replaced")})
    site.argosy.apply_application("replaced", repository, "replaced")
    site.argosy.eventually(lambda: site.argosy.status("replaced") == ("Synced", "Healthy"), "it runs")
    page.goto("/applications/argocd/replaced?view=logs")
    lines = page.get_by_role("log")
    expect(lines.get_by_text("all is well")).to_have_count(1)
    site.argosy.kubectl("delete", "pod", "-n", "replaced", "--all", "--wait=false")
    expect(lines.get_by_text("all is well")).to_have_count(2)
    expect(lines.locator(".pod")).to_have_count(lines.locator(".log-line").count())

    line = page.locator(".log-line", has_text="one thing failed").last
    lines.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    expect(lines.get_by_text("all is well").last.locator("xpath=../a")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(line).to_have_attribute("aria-current", "location")
    expect(page).to_have_url(re.compile("line=20"))
    page.goto(page.url)
    linked = lines.locator("[aria-current]")
    expect(linked).to_contain_text("one thing failed")
    expect(linked).to_be_in_viewport()
    page.get_by_role("button", name="Show the last lines").click()
    expect(page).not_to_have_url(re.compile("line="))
    expect(lines).to_contain_text("all is well")


def test_parameters_are_edited_by_the_kind_of_source(page: Page, site: Site) -> None:
    page.goto("/applications/argocd/web/edit")
    expect(page.get_by_label("The Application as YAML")).to_contain_text("path: conf")
    page.get_by_label("Tool").select_option("helm")
    page.get_by_label("Parameters one per line").fill("image.tag=1.2")
    expect(page.get_by_label("The Application as YAML")).to_contain_text("name: image.tag")
    page.get_by_role("button", name="Discard changes").click()
    page.get_by_label("Tool").select_option("directory")
    page.get_by_label("Exclude files").fill("{none*}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("web")
    excluded = {"exclude": "{none*}"}
    site.argosy.eventually(lambda: site.spec_of("web")["source"].get("directory") == excluded, "it is saved")
    assert "helm" not in site.spec_of("web")["source"]


def test_the_palette_opens_pages_and_what_the_server_finds(page: Page) -> None:
    page.goto("/activity")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Go to a page")
    expect(box).to_be_focused()
    page.keyboard.type("brok")
    expect(page.get_by_role("option", name="broken in argocd Application")).to_be_visible()
    check_dialog(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("broken")
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.type("theme: dark")
    expect(page.get_by_role("option").first).to_contain_text("dark", ignore_case=True)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_view_that_is_saved_is_found_again(page: Page) -> None:
    page.goto("/applications?sync=Synced&search=web")
    page.get_by_role("button", name="Save this view…").click()
    page.get_by_role("textbox", name="Name of the view").fill("mine")
    page.keyboard.press("Enter")
    page.goto("/applications")
    page.get_by_role("link", name="mine", exact=True).click()
    expect(page.get_by_label("Synced")).to_be_checked()
    expect(page).to_have_url(re.compile("search=web"))
    page.get_by_role("button", name="Delete view mine").click()
    expect(page.get_by_role("link", name="mine", exact=True)).to_have_count(0)


def test_a_view_of_a_project_is_shared_on_the_server(page: Page, site: Site) -> None:
    page.goto("/applications?sync=Synced&search=web")
    page.get_by_role("button", name="Save this view…").click()
    page.get_by_role("textbox", name="Name of the view").fill("ours")
    page.get_by_label("Visible to").select_option("default")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Delete view ours")).to_be_visible()
    page.evaluate("localStorage.clear()")
    page.goto("/applications")
    page.get_by_role("link", name="ours").click()
    expect(page.get_by_label("Synced")).to_be_checked()
    expect(page).to_have_url(re.compile("search=web"))
    page.get_by_role("button", name="Delete view ours").click()
    expect(page.get_by_role("link", name="ours")).to_have_count(0)
    token = site.token()
    site.argosy.eventually(
        lambda: site.asked("GET", "/api/argosy/v1/views", token=token) == (200, {"views": []}), "it is forgotten"
    )


def make_pipeline(site: Site) -> None:
    """Unless it is there: Freight is named by its content, so the same manifest cannot be applied twice."""
    site.argosy.kubectl("apply", "-f", "-", stdin=PROJECT)
    site.argosy.eventually(lambda: site.argosy.get("namespace", "shop"), "the Project's namespace")
    site.argosy.eventually(lambda: freight_is_there(site), "the pipeline")


def freight_is_there(site: Site) -> bool:
    freight = ("freight", "-n", "shop", "-l", "kargo.akuity.io/alias=first-one")
    if not site.argosy.get(*freight):
        site.argosy.kubectl("apply", "-f", "-", stdin=PIPELINE, check=False)
    return bool((site.argosy.get(*freight) or {}).get("items"))


def test_a_pipeline_is_a_picture_in_which_freight_is_promoted(page: Page, site: Site) -> None:
    make_pipeline(site)
    page.goto("/project/shop/stage/test")
    dialog = page.get_by_role("dialog").first
    expect(dialog).to_contain_text("first-one waits for a person")
    check_dialog(page)
    dialog.get_by_role("button", name="Promote…").click()
    promoting = page.get_by_role("dialog").last
    promoting.get_by_role("button", name="Preview").click()
    expect(promoting).to_contain_text("All steps would succeed.")
    check_dialog(page)
    promoting.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("status").last).to_contain_text("was made")
    page.goto("/pipelines/shop")
    expect(page.locator(".node", has_text="test")).to_contain_text("3c83688a")
    expect(page.locator(".node", has_text="prod")).to_contain_text("first-one waits for a person")
    page.locator(".piece", has_text="first-one").click()
    expect(page.locator(".node.lit")).to_contain_text("test")
    expect(page).to_have_url(re.compile("freight="))
    page.goto("/project/shop/stage/test")
    page.get_by_role("dialog").get_by_role("button", name="Promote downstream…").click()
    expect(page.get_by_role("dialog").last).to_contain_text("A Promotion is created in each of these Stages")
    check_dialog(page)


def test_a_change_is_found_by_its_commit_and_says_what_it_waits_for(page: Page, site: Site) -> None:
    make_pipeline(site)
    page.goto("/deliveries?search=3c83688a")
    found = page.locator(".delivery")
    expect(found).to_contain_text("first-one")
    expect(found).to_contain_text("waits for a promotion by hand")
    found.get_by_role("link", name="Go to").click()
    expect(page.get_by_role("dialog")).to_contain_text("first-one waits for a person")
    page.goto("/")
    gate = page.get_by_role("listitem").filter(has_text="first-one waits for a person")
    gate.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_value_sealed_in_the_browser_is_opened_by_the_controller(page: Page, site: Site) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    page.goto("/seal")
    page.get_by_role("textbox", name="Namespace").fill("default")
    page.get_by_role("textbox", name="Name", exact=True).fill("sealed-here")
    page.get_by_label("Key 1").fill("password")
    page.get_by_label("Value 1").fill("canary-value-of-the-page")
    page.get_by_role("button", name="Seal", exact=True).click()
    manifest = page.locator("pre").inner_text()
    assert "canary" not in manifest
    assert not any("canary" in one for one in sent)
    site.argosy.kubectl("apply", "-f", "-", stdin=manifest)
    site.argosy.eventually(lambda: site.argosy.get("secret", "sealed-here", "-n", "default"), "it is opened")
    secret = site.argosy.get("secret", "sealed-here", "-n", "default")
    assert base64.b64decode(secret["data"]["password"]) == b"canary-value-of-the-page"
    page.goto("/sealedsecrets/default/sealed-here")
    items = page.get_by_role("region", name="Items")
    expect(items.get_by_role("row").filter(has_text="password")).to_contain_text("newest")
    assert "canary" not in page.content()


def test_a_project_is_made_edited_and_removed_and_activity_shows_it(page: Page, site: Site) -> None:
    page.goto("/settings")
    page.get_by_role("button", name="New project…").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("team")
    page.get_by_role("textbox", name="Repositories").fill("https://git.example/*")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="team", exact=True).click()
    expect(page.get_by_label("The specification of team as YAML")).to_contain_text("https://git.example/*")
    page.goto("/settings/projects")
    page.get_by_role("button", name="Remove team").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name="team", exact=True)).to_have_count(0)
    page.goto("/activity?search=team")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("delete (project)")
    assert site.argosy.get("appproject", "team", "-n", "argocd") is None


def test_events_of_what_one_may_see_are_filtered_and_lead_to_their_object(page: Page, site: Site) -> None:
    page.goto("/activity")
    page.get_by_role("link", name="Events", exact=True).click()
    page.get_by_role("searchbox").fill("application web")
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text("Application in argocd")
    page.get_by_role("group", name="Filters").get_by_role("checkbox").first.check()
    expect(page).to_have_url(re.compile(r"view=events&search=application\+web&\w+="))
    rows.first.get_by_role("link", name="web").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("web")


def test_a_repository_that_cannot_be_reached_shows_its_error_in_full(page: Page, site: Site) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "unreachable",
            "namespace": "argocd",
            "labels": {"argocd.argoproj.io/secret-type": "repository"},
        },
        "stringData": {"url": "https://git.invalid/nothing.git", "type": "git", "password": "canary-of-settings"},
    }
    site.argosy.kubectl("apply", "-f", "-", stdin=json.dumps(secret))
    page.goto("/settings/repos")
    row = page.locator("tbody tr", has_text="git.invalid")
    expect(row).to_contain_text("Failed")
    assert "canary-of-settings" not in page.content()
    row.get_by_role("button", name="Test").click()
    expect(page.get_by_role("status")).to_contain_text("git.invalid/nothing.git: Failed")
    row.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Stored passwords and keys are never shown.")
    expect(dialog.get_by_label("Password or token")).to_have_value("")
    check_dialog(page)
    dialog.get_by_label("User").fill("robot")
    dialog.get_by_label("Password or token").fill("another")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    kept = site.argosy.get("secret", "unreachable", "-n", "argocd")["data"]
    assert base64.b64decode(kept["username"]) == b"robot"
    assert base64.b64decode(kept["password"]) == b"another"


def test_credentials_of_many_repositories_and_the_names_of_clusters_are_edited(page: Page, site: Site) -> None:
    page.goto("/settings/repocreds")
    page.get_by_role("button", name="New credential template…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("URL").fill("https://git.example/team/")
    dialog.get_by_label("User").fill("robot")
    dialog.get_by_label("Password or token").fill("canary-of-templates")
    dialog.get_by_role("button", name="Create").click()
    row = page.locator("tbody tr", has_text="git.example/team")
    expect(row).to_contain_text("robot")
    assert "canary-of-templates" not in page.content()
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    page.goto("/settings/clusters")
    row = page.locator("tbody tr", has_text="https://kubernetes.default.svc")
    row.get_by_role("button", name="Test").click()
    expect(page.get_by_role("status")).to_contain_text("https://kubernetes.default.svc: Successful")
    row.get_by_role("button", name="Edit").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("home")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(row).to_contain_text("home")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_contain_text("in-cluster")
