"""What an object's page says beyond its state: expressions as evaluated, weights as reported, versions, issuers."""

from __future__ import annotations

import json
import re
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.site import PATIENCE_MS, Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("page")]

ISSUERS = """\
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: mine, namespace: default}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: everybodys}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: signed, namespace: default}
spec: {secretName: signed-tls, dnsNames: [signed.example], issuerRef: {name: everybodys, kind: ClusterIssuer}}
"""
EXPERIMENT = """\
apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {name: compared, namespace: default}
spec:
  templates:
  - name: old
    replicas: 2
    selector: {matchLabels: {app: compared, version: old}}
    template:
      metadata: {labels: {app: compared, version: old}}
      spec: {containers: [{name: app, image: "registry.example/compared:1"}]}
"""
ROUTED = """\
apiVersion: v1
kind: Service
metadata: {name: stable, namespace: default}
spec: {selector: {app: routed}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: canary, namespace: default}
spec: {selector: {app: routed}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: routed, namespace: default}
spec:
  rules:
  - host: routed.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: stable, port: {number: 80}}}}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: routed, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: routed}}
  strategy:
    canary:
      stableService: stable
      canaryService: canary
      trafficRouting: {nginx: {stableIngress: routed}}
      steps: [{setWeight: 30}, {pause: {}}]
  template:
    metadata: {labels: {app: routed}}
    spec: {containers: [{name: app, image: "registry.example/routed:1"}]}
"""
PROJECT = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata: {name: told}
"""
PIPELINE = """\
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: told, labels: {kargo.akuity.io/cred-type: generic}}
stringData: {token: hush-hush-77}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {name: source, namespace: told}
spec:
  freightCreationPolicy: Manual
  subscriptions: [{git: {repoURL: "https://git.example/told.git"}}]
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: test, namespace: told}
spec:
  requestedFreight: [{origin: {kind: Warehouse, name: source}, sources: {direct: true}}]
  promotionTemplate:
    spec:
      vars: [{name: prefix, value: release}]
      steps:
      - uses: compose-output
        as: composed
        config: {tag: "${{ vars.prefix }}-to-${{ ctx.stage }}", length: "${{ len(secret('keys').token) }}"}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Freight
metadata: {name: anything, namespace: told}
alias: told-one
origin: {kind: Warehouse, name: source}
commits: [{repoURL: "https://git.example/told.git", id: 3c83688aca6c26b54ff38df766a0daa038de8b53}]
"""


@pytest.fixture(scope="module")
def pipeline(site: Site) -> Site:
    """Once: a piece of Freight in use is not applied again."""
    site.argosy.kubectl("apply", "-f", "-", stdin=PROJECT)
    site.argosy.eventually(lambda: site.argosy.get("namespace", "told"), "the Project's namespace")
    site.argosy.eventually(
        lambda: site.argosy.kubectl("apply", "-f", "-", stdin=PIPELINE, check=False).count("\n") == 4, "the pipeline"
    )
    return site


def test_issuers_of_a_namespace_and_of_the_cluster_have_their_state_and_who_needs_them(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=ISSUERS)
    page.goto("/certificates")
    tabs = page.get_by_role("navigation", name="Related kinds")
    tabs.get_by_role("link", name="Issuers", exact=True).click()
    row = page.get_by_role("row").filter(has_text="mine")
    expect(row).to_contain_text("self-signed")
    expect(row).to_contain_text("Ready")
    tabs.get_by_role("link", name="ClusterIssuers", exact=True).click()
    page.get_by_role("link", name="everybodys", exact=True).click()
    expect(page.locator(".head .badge")).to_contain_text("Ready")
    needed = page.get_by_role("region", name="Dependencies")
    expect(needed).to_contain_text("Certificate signed as its issuer")
    needed.get_by_role("link", name="Certificate signed").click()
    page.get_by_role("link", name="ClusterIssuer everybodys").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("everybodys")


def test_an_experiment_shows_its_versions_side_by_side(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=EXPERIMENT)
    page.goto("/experiments")
    page.get_by_role("link", name="compared", exact=True).click()
    row = page.get_by_role("region", name="Versions").get_by_role("row").filter(has_text="old")
    expect(row).to_contain_text("2 of 2")
    expect(row).to_contain_text("Running")


def test_the_weight_of_a_router_is_shown_with_the_desired_one(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=ROUTED)
    page.goto("/rollouts/default/routed")
    expect(page.locator(".head .badge")).to_contain_text("Healthy")
    site.argosy.kubectl("apply", "-f", "-", stdin=ROUTED.replace("routed:1", "routed:2"))
    traffic = page.get_by_role("region", name="Traffic as reported")
    expect(traffic).to_contain_text("30 % new, 70 % stable, as desired")
    expect(page.get_by_text("It waits for a person to promote it")).to_be_visible()


def test_a_promotion_shows_its_expressions_as_evaluated_and_no_secret(page: Page, pipeline: Site) -> None:
    site = pipeline
    page.goto("/stages/told/test")
    page.get_by_role("button", name="Promote…").click()
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)
    page.get_by_role("dialog").get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("status").last).to_contain_text("was made")
    page.goto("/promotions?namespace=told")
    expect(page.locator("tbody tr")).to_contain_text("Succeeded")
    page.locator("tbody tr").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Variables")).to_contain_text("release")
    steps = page.get_by_role("region", name="Steps")
    steps.locator("summary").first.click()
    expect(steps).to_contain_text("release-to-test")
    steps.get_by_text("As written").click()
    expect(steps).to_contain_text("${{ vars.prefix }}-to-${{ ctx.stage }}")
    expect(page.get_by_role("region", name="Log")).to_contain_text("composed")
    name = next(
        one["metadata"]["name"]
        for one in site.argosy.get("promotions", "-n", "told")["items"]
        if one["spec"]["stage"] == "test"
    )
    status, details = site.asked("GET", f"/api/argosy/v1/promotions/told/{name}/details", token=site.token())
    assert status == 200
    assert details["steps"][0]["config"] == {"tag": "release-to-test", "length": 3}
    assert "hush-hush-77" not in json.dumps(details)


@pytest.mark.usefixtures("pipeline")
def test_who_may_promote_is_reported_with_the_rule(page: Page) -> None:
    page.goto("/stages/told/test")
    page.get_by_role("button", name="Who may promote?").click()
    dialog = page.get_by_role("dialog", name="Who may promote")
    expect(dialog).to_contain_text("objects, action/promote, kargo.akuity.io/Stage/told/test")
    expect(dialog.get_by_role("region", name="In Argosy")).to_contain_text("p, role:admin, objects, action/*")
    expect(dialog.get_by_role("region", name="With kubectl and kargo")).to_contain_text("Group system:masters")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


READER = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data: {accounts.reader: login}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd}
data: {policy.csv: "g, reader, role:readonly"}
"""


STAGE: Final = "kargo.akuity.io/Stage/told/test"
WAREHOUSE: Final = "kargo.akuity.io/Warehouse/told/source"
ROLLOUT: Final = "argoproj.io/Rollout/default/routed"
UPDATES_WEB: Final = "applications, update, default/web"
LACKING: Final[dict[str, dict[str, str]]] = {
    "/applications": {"New application…": "applications, create"},
    "/applications/argocd/web": {
        "Sync…": "applications, sync, default/web",
        "Edit…": UPDATES_WEB,
        "Delete…": "applications, delete, default/web",
        "Pause…": UPDATES_WEB,
    },
    "/applications/argocd/web/edit": {"Save": UPDATES_WEB},
    "/applications/argocd/web?view=tree&node=%2FConfigMap%2Fweb%2Fa&tab=live": {
        "Edit…": UPDATES_WEB,
        "Delete…": "applications, delete, default/web",
    },
    "/rollouts/default/routed": {"Set image…": f"objects, action/set-image, {ROLLOUT}"},
    "/stages/told/test": {"Promote…": f"objects, action/promote, {STAGE}"},
    "/pipelines/told?stage=test": {"Promote…": f"objects, action/promote, {STAGE}"},
    "/warehouses/told/source": {"Create Freight…": f"objects, action/create-freight, {WAREHOUSE}"},
    "/settings/projects": {"New project…": "projects, create", "Remove default": "projects, delete, default"},
    "/settings/projects/default": {"Save": "projects, update, default"},
    "/settings/repos": {"New repository…": "repositories, create"},
    "/settings/clusters": {"New cluster…": "clusters, create"},
    "/settings/certs": {"New certificate…": "certificates, create"},
    "/settings/gpgkeys": {"New key…": "gpgkeys, create"},
    "/settings/accounts/admin": {"Change": "accounts, update, admin"},
}
"""Each place has more than these: what is not disabled there must be HARMLESS."""
HARMLESS: Final = re.compile(
    "^(Refresh|Hard refresh|Who may promote.|Close|Cancel|Discard changes|Save this view…|"
    "−|[0-9]+ %|\\+|Fit|Test|told-one.*)$"
)
OFFERED: Final = "main button:not(:disabled, [role=tab], th *, .copy, [aria-label^=Favourite])"
GOES: Final = "(to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }"


def signed_in_reader(site: Site, browser: Browser) -> Page:
    """Of an account that may only read."""
    site.argosy.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=READER)
    body = {"name": "reader", "newPassword": "reads-only-1", "currentPassword": site.password}
    site.argosy.eventually(
        lambda: site.asked("PUT", "/api/v1/account/password", body, token=site.token())[0] == 200, "a password"
    )
    context = browser.new_context(ignore_https_errors=True, base_url=site.url)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    reader = context.new_page()
    reader.goto("/login")
    reader.get_by_label("User").fill("reader")
    reader.get_by_label("Password").fill("reads-only-1")
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("heading", name="What needs you now")).to_be_visible()
    return reader


def test_what_one_may_not_do_cannot_be_pressed_and_says_which_right_is_missing(
    pipeline: Site, browser: Browser
) -> None:
    site = pipeline
    site.argosy.kubectl("apply", "-f", "-", stdin=ROUTED)
    reader = signed_in_reader(site, browser)
    for place, lacking in LACKING.items():
        reader.evaluate(GOES, place)
        for name, right in lacking.items():
            button = reader.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first
            expect(button).to_be_disabled()
            expect(button).to_have_attribute("title", f"missing permission: {right}")
        expect(reader.locator(OFFERED).filter(has_not_text=HARMLESS)).to_have_text([])
    reader.goto("/applications")
    reader.get_by_label("Select web").check()
    reader.get_by_role("region", name="Selection").get_by_role("button", name="Sync…").click()
    expect(reader.get_by_role("dialog")).to_contain_text("missing permission: applications, sync, default/web")
    expect(reader.get_by_role("dialog").get_by_role("button", name=re.compile("^Sync 1"))).to_be_disabled()
    reader.context.close()


SYNCS: Final = "p, role:readonly, applications, sync, default/web, allow\n"


def test_a_right_that_is_revoked_or_granted_in_the_middle_is_noticed_without_a_reload(
    site: Site, browser: Browser
) -> None:
    reader = signed_in_reader(site, browser)
    reader.goto("/applications/argocd/web")
    sync, absent = reader.get_by_role("button", name=re.compile("^Sync…")), reader.get_by_text("it does not exist, or")
    expect(sync).to_be_disabled()
    policy(site, "g, reader, role:readonly\n" + SYNCS)
    expect(sync).to_be_enabled()
    sync.click()
    policy(site, "g, reader, role:readonly\n")
    submit = reader.get_by_role("dialog").get_by_role("button", name=re.compile("^Sync"))
    expect(submit).to_be_disabled()
    expect(submit).to_have_attribute("title", "missing permission: applications, sync, default/web")
    reader.keyboard.press("Escape")
    policy(site, "")
    expect(absent).to_be_visible()
    policy(site, "g, reader, role:readonly\n" + SYNCS)
    expect(absent).to_have_count(0)
    expect(sync).to_be_enabled()
    reader.context.close()


def policy(site: Site, lines: str) -> None:
    patch = json.dumps({"data": {"policy.csv": lines, "policy.default": ""}})
    site.argosy.kubectl("patch", "configmap", "argocd-rbac-cm", "-n", "argocd", "--type=merge", "-p", patch)
