"""The page in a real Chromium against a real `argosy up`: what a person does, by mouse and by keyboard."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.accessibility import check_dialog, faults
from tests.e2e.site import PATIENCE_MS, Site, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("page")]
PLACES = (
    "/swagger-ui",
    "/stages",
    "/pipelines",
    "/_parts",
    "/deliveries",
    "/rehearsals",
    "/certificates",
    "/rollouts",
    "/applications/new",
    "/applications?view=tiles",
    "/applications?view=summary",
    "/applications/argocd/web?view=logs",
    "/seal",
    "/activity",
    "/activity?view=events",
    "/settings/repocreds",
    "/settings",
    "/settings/clusters",
    "/settings/projects/default",
    "/settings/repos",
    "/settings/accounts",
    "/applicationsets",
    "/warehouses",
    "/freight",
    "/promotions",
    "/analysisruns",
    "/experiments",
    "/issuers",
    "/clusterissuers",
    "/sealedsecrets",
    "/applications/argocd/web/edit",
    "/applications/argocd/web?view=resources",
    "/applications/argocd/web?view=diff",
    "/applications/argocd/web?view=diff&from=history:0&sides=yes",
    "/applications/argocd/web?view=history",
    "/applications?pattern=web&selector=a&annotation=b",
)


def test_who_is_not_signed_in_comes_back_to_where_they_were(site: Site, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True, base_url=site.url)
    page = context.new_page()
    page.goto("/applications?search=web")
    expect(page.get_by_role("heading", name="Sign in to Argosy")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Invalid username or password", timeout=PATIENCE_MS)
    sign_in(page, site)
    expect(page.get_by_role("link", name="web", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    expect(page).to_have_url(re.compile(r"/applications\?search=web$"))
    context.close()


def test_what_needs_a_person_is_found_at_home_and_leads_to_its_place(page: Page) -> None:
    line = page.get_by_role("listitem").filter(has_text="ComparisonError")
    expect(line).to_contain_text("nowhere")
    line.get_by_role("link", name="broken").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("broken")


def test_filters_and_search_are_in_the_address(page: Page) -> None:
    page.get_by_role("link", name="Applications", exact=True).click()
    page.get_by_label("Synced").check()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("sync=Synced"))
    page.keyboard.press("/")
    expect(page.locator("input:focus")).to_be_visible()
    page.keyboard.type("web")
    page.keyboard.press("Escape")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_label("Synced")).to_be_checked()


def test_by_keyboard_alone_one_gets_to_an_application(page: Page) -> None:
    page.keyboard.type("ga")
    expect(page.get_by_role("heading", name="Applications")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.keyboard.type("jj")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("broken")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next and previous row")
    check_dialog(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_change_arrives_without_a_reload(page: Page, site: Site) -> None:
    page.goto("/applications/argocd/api")
    expect(page.get_by_role("heading", level=1)).to_contain_text("api")
    patch = {"spec": {"source": {"path": "elsewhere"}}}
    site.argosy.kubectl("patch", "application", "api", "-n", "argocd", "--type=merge", "-p", json.dumps(patch))
    expect(page.locator(".note").first).to_contain_text("ComparisonError")
    patch = {"spec": {"source": {"path": "conf"}}}
    site.argosy.kubectl("patch", "application", "api", "-n", "argocd", "--type=merge", "-p", json.dumps(patch))
    expect(page.locator(".note").first).to_contain_text("In sync with Git")


def test_a_sync_shows_its_effect_first_and_then_takes_it(page: Page, site: Site) -> None:
    off = {"spec": {"syncPolicy": {"automated": None}}}
    site.argosy.kubectl("patch", "application", "web", "-n", "argocd", "--type=merge", "-p", json.dumps(off))
    site.argosy.kubectl("patch", "configmap", "a", "-n", "web", "--type=merge", "-p", '{"data": {"value": "drift"}}')
    page.goto("/applications/argocd/web")
    expect(page.locator(".note").first).to_contain_text("1 of 1 resources differ from Git")
    page.get_by_role("link", name="Diff", exact=True).click()
    expect(page.locator(".diff .del")).to_contain_text("value: drift")
    expect(page.locator(".diff .add")).to_contain_text('value: "1"')
    page.get_by_role("button", name="Sync…").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 resource is created or changed")
    page.get_by_role("dialog").get_by_role("button", name="Sync", exact=True).click()
    expect(page.locator(".note").first).to_contain_text("In sync with Git")
    site.argosy.eventually(lambda: site.argosy.data_of("a", "web") == {"value": "1"}, "it is synced")


def test_the_tree_leads_to_each_object(page: Page) -> None:
    page.goto("/applications/argocd/web?view=tree")
    page.get_by_role("button", name="a ConfigMap").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("ConfigMap")
    dialog.get_by_role("tab", name="Live").click()
    expect(dialog.locator("pre")).to_contain_text('value: "1"')
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: canary, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: canary}}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
  template:
    metadata: {labels: {app: canary}}
    spec: {containers: [{name: web, image: "registry.example/web:1"}]}
"""
PIPELINE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata: {name: shop}
---
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
kind: Freight
metadata: {name: anything, namespace: shop}
alias: first-one
origin: {kind: Warehouse, name: source}
commits: [{repoURL: "https://git.example/shop.git", id: 3c83688aca6c26b54ff38df766a0daa038de8b53}]
"""


def test_a_canary_that_waits_is_promoted(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=ROLLOUT)
    page.goto("/rollouts/default/canary")
    expect(page.locator(".badge").first).to_contain_text("Healthy")
    site.argosy.kubectl("apply", "-f", "-", stdin=ROLLOUT.replace("web:1", "web:2"))
    expect(page.locator(".badge").first).to_contain_text("Paused")
    page.get_by_role("button", name="Abort…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Traffic returns to the stable version")
    check_dialog(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.locator(".badge").first).to_contain_text("Healthy")


def test_freight_is_promoted_to_a_stage(page: Page, site: Site) -> None:
    project, _, rest = PIPELINE.partition("---\n")
    site.argosy.kubectl("apply", "-f", "-", stdin=project)
    site.argosy.eventually(lambda: site.argosy.get("namespace", "shop"), "the Project's namespace")
    site.argosy.eventually(
        lambda: site.argosy.kubectl("apply", "-f", "-", stdin=rest, check=False).count("\n") == 3, "the pipeline"
    )
    page.goto("/stages/shop/test")
    page.get_by_role("button", name="Promote…").click()
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)
    expect(page.get_by_role("dialog")).to_contain_text("first-one")
    page.get_by_role("dialog").get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("status").last).to_contain_text("was made")
    page.goto("/promotions")
    expect(page.locator("tbody tr")).to_contain_text("Succeeded")


DIALOGS: dict[str, tuple[str, ...]] = {
    "/_parts": ("Open a dialog…",),
    "/applications/argocd/web": ("Sync…", "Delete…", "Pause…"),
    "/settings/projects": ("New project…", "Remove default"),
    "/settings/repos": ("New repository…",),
    "/settings/clusters": ("New cluster…",),
    "/settings/certs": ("New certificate…",),
    "/settings/gpgkeys": ("New key…",),
}
PANEL = "/applications/argocd/web?view=tree&node=%2FConfigMap%2Fweb%2Fa"


def test_no_page_has_a_serious_fault_of_accessibility_in_any_theme(page: Page) -> None:
    for place in ("/", "/applications", "/applications/argocd/web", "/applications/argocd/web?view=tree", *PLACES):
        page.goto(place)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_timeout(300)
        assert faults(page) == [], place


def test_no_dialog_has_a_serious_fault_of_accessibility_in_any_theme(page: Page, site: Site) -> None:
    """Those of other scenarios are checked there."""
    automated: dict[str, Any] = {"spec": {"syncPolicy": {"automated": {}}}}  # else there is no "Pause…"
    site.argosy.kubectl("patch", "application", "web", "-n", "argocd", "--type=merge", "-p", json.dumps(automated))
    for place, buttons in DIALOGS.items():
        page.goto(place)
        for name in buttons:
            page.get_by_role("button", name=name, exact=True).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            assert faults(page) == [], f"{name} at {place}"
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
    for tab in ("", "&tab=live", "&tab=diff", "&tab=events"):
        page.goto(f"{PANEL}{tab}")
        expect(page.get_by_role("dialog").get_by_role("tab", selected=True)).to_be_visible()
        assert faults(page) == [], tab


@pytest.mark.parametrize("width", [360, 2560])
def test_no_page_is_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for place in ("/", "/applications", "/applications/argocd/web", *PLACES):
        page.goto(place)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place


def test_the_page_reports_a_lost_server_and_recovers(page: Page, site: Site) -> None:
    page.goto("/applications")
    expect(page.locator("tbody tr").first).to_be_visible()
    site.argosy.end()
    expect(page.get_by_text("Connection lost. What you see")).to_be_visible()
    site.argosy.up()
    expect(page.get_by_text("Connection lost. What you see")).to_have_count(0, timeout=60_000)


def test_on_a_slow_server_the_page_says_that_it_loads_and_nothing_is_done_twice(page: Page, site: Site) -> None:
    off = {"spec": {"syncPolicy": {"automated": None}}}
    site.argosy.kubectl("patch", "application", "web", "-n", "argocd", "--type=merge", "-p", json.dumps(off))
    made: list[str] = []

    def slow(route: Route) -> None:
        if route.request.method == "POST" and route.request.url.endswith("/sync"):
            made.append(route.request.url)
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/api/**", slow)
    page.goto("/applications/argocd/web", wait_until="commit")
    expect(page.get_by_text("Loading").first).to_be_visible()
    sync = page.get_by_role("button", name="Sync…")
    expect(sync).to_be_visible()
    sync.click()
    submit = page.get_by_role("dialog").get_by_role("button", name="Sync", exact=True)
    submit.dblclick()
    expect(submit).to_be_disabled()
    expect(page.get_by_role("status").last).to_contain_text("Sync started")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(made) == 1
    page.unroute("**/api/**")


def test_the_api_refuses_what_is_wrong_by_its_field(site: Site) -> None:
    token = site.token()
    wrong: list[tuple[str, str, Any, int, str]] = [
        ("GET", "/applications?sort=zz", None, 400, "sort: 'zz' is none of"),
        ("GET", "/applications?nope=1", None, 400, "there is no 'nope'"),
        ("GET", "/applications?limit=x", None, 400, "limit: 'x' is not a number"),
        ("GET", "/applications?search=a&search=b", None, 400, "search is given 2 times"),
        ("GET", "/nope", None, 404, "there is no /api/argosy/v1/nope"),
        ("POST", "/applications", {}, 501, "POST is not allowed here; GET is"),
        ("POST", "/rights", {"rights": [{"resource": "x", "action": "get", "object": "y"}]}, 400, "rights[0].resource"),
        ("POST", "/rights", {"rights": 1}, 400, "body.rights: 1 is not a list"),
        ("GET", "/applications/argocd/absent", None, 403, "permission denied"),
    ]
    for method, path, body, status, message in wrong:
        found = site.asked(method, f"/api/argosy/v1{path}", body, token=token)
        assert found[0] == status, (path, found)
        assert message in found[1]["error"]["message"]


def test_who_is_not_signed_in_and_other_sites_get_nothing(site: Site) -> None:
    for path in ("/applications", "/home", "/rollouts", "/stream/applications", "/applications/argocd/web"):
        assert site.asked("GET", f"/api/argosy/v1{path}")[0] == 401, path
    body = {"rights": [{"resource": "applications", "action": "get", "object": "default/web"}]}
    foreign = site.asked("POST", "/api/argosy/v1/rights", body, token=site.token(), Origin="https://evil.example")
    assert foreign[0] == 403
    assert site.asked("POST", "/api/argosy/v1/rights", body, token=site.token())[1] == {"allowed": [True]}
