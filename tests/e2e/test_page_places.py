"""Places of the page that an address leads to: an object's panel, its terminal, a large pipeline, tiles and counts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import check_dialog
from tests.e2e.site import Site
from tests.e2e.up_process import Repository, config

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("page")]
KARGO = "kargo.akuity.io/v1alpha1"
CELLS = 40
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shell}
spec:
  replicas: 1
  selector: {matchLabels: {app: shell}}
  template:
    metadata: {labels: {app: shell}}
    spec: {containers: [{name: main, image: "registry.example/shell:1", env: [{name: LEVEL, value: high-up}]}]}
"""


def made(kind: str, name: str, namespace: str, **body: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": KARGO, "kind": kind, "metadata": metadata, **body}


def stage(name: str, *after: str) -> dict[str, Any]:
    sources: dict[str, Any] = {"stages": list(after)} if after else {"direct": True}
    requested = [{"origin": {"kind": "Warehouse", "name": "source"}, "sources": sources}]
    steps = [{"uses": "compose-output", "as": "out", "config": {"tag": "x"}}]
    spec = {"requestedFreight": requested, "promotionTemplate": {"spec": {"steps": steps}}}
    return made("Stage", name, "fleet", spec=spec)


def fleet() -> str:
    """One Stage, and many similar ones downstream."""
    subscriptions = [{"git": {"repoURL": "https://git.example/fleet.git"}}]
    source = made(
        "Warehouse", "source", "fleet", spec={"freightCreationPolicy": "Manual", "subscriptions": subscriptions}
    )
    cells = [stage(f"cell-{number:02}", "first") for number in range(CELLS)]
    return "\n---\n".join(map(json.dumps, [source, stage("first"), *cells]))


def freight() -> str:
    commit = {"repoURL": "https://git.example/fleet.git", "id": "3c83688aca6c26b54ff38df766a0daa038de8b53"}
    origin = {"kind": "Warehouse", "name": "source"}
    return json.dumps(made("Freight", "anything", "fleet", alias="fleet-one", origin=origin, commits=[commit]))


def count(site: Site, *asked: str) -> int:
    return len((site.argosy.get(*asked, "-n", "fleet") or {}).get("items") or ())


def make_fleet(site: Site) -> None:
    """Unless it is there already."""
    site.argosy.kubectl("apply", "-f", "-", stdin=json.dumps(made("Project", "fleet", "")))
    site.argosy.eventually(lambda: site.argosy.get("namespace", "fleet"), "the Project's namespace")

    def is_there() -> bool:
        if count(site, "stages") <= CELLS:
            site.argosy.kubectl("apply", "-f", "-", stdin=fleet(), check=False)
        if not count(site, "freight"):
            site.argosy.kubectl("apply", "-f", "-", stdin=freight(), check=False)
        return count(site, "stages") > CELLS and count(site, "freight") == 1

    site.argosy.eventually(is_there, "the pipeline")


def test_a_large_pipeline_folds_what_is_alike_and_lists_all(page: Page, site: Site) -> None:
    make_fleet(site)
    page.goto("/pipelines/fleet")
    expect(page.locator(".node")).to_have_count(3)
    fold = page.locator(".node.fold")
    expect(fold).to_contain_text(f"{CELLS} stages")
    fold.click()
    dialog = page.get_by_role("dialog", name=f"{CELLS} stages cell-…")
    expect(dialog.locator("tbody tr")).to_have_count(CELLS)
    check_dialog(page)
    expect(page).to_have_url(re.compile("fold=cell-00"))
    dialog.get_by_role("link", name="Show each in the graph").click()
    expect(page.locator(".node")).to_have_count(CELLS + 2)
    page.get_by_role("link", name="List", exact=True).click()
    page.get_by_label("Search stages").fill("cell-07")
    expect(page.get_by_role("table", name="Stages").locator("tbody tr")).to_have_count(1)


def test_what_waits_for_a_person_is_promoted_from_home(page: Page, site: Site) -> None:
    make_fleet(site)
    page.goto("/")
    line = page.get_by_role("listitem").filter(has_text="fleet-one waits for a person")
    line.get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog", name="Promote to first")
    expect(dialog.get_by_role("radio", checked=True)).to_have_count(1)
    dialog.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("status").last).to_contain_text("was made")
    delivery = page.get_by_role("region", name="Deliveries of the last day")
    expect(delivery.get_by_role("region", name="fleet-one")).to_contain_text("live")


def test_an_address_opens_an_object_and_a_terminal_in_its_pod(page: Page, site: Site) -> None:
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "argocd-cm", "namespace": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}},
        "data": {"exec.enabled": "true"},
    }
    source = site.argosy.get("application", "web", "-n", "argocd")["spec"]["source"]["repoURL"]
    repository = Repository(Path(source))
    repository.commit({"shell/deployment.yaml": DEPLOYMENT})
    site.argosy.apply_application("shell", repository, "shell")
    site.argosy.eventually(lambda: site.argosy.status("shell") == ("Synced", "Healthy"), "it runs")
    pod = site.argosy.get("pods", "-n", "shell", "-l", "app=shell")["items"][0]["metadata"]["name"]

    page.goto(f"/applications/argocd/shell?node=%2FPod%2Fshell%2F{pod}%2F0&tab=exec")
    dialog = page.get_by_role("dialog", name=f"Pod {pod}")
    expect(dialog).to_contain_text("Set exec.enabled to true in the ConfigMap argocd-cm")
    site.argosy.kubectl("apply", "-f", "-", stdin=json.dumps(settings))
    site.argosy.eventually(lambda: site.asked("GET", "/api/v1/settings")[1].get("execEnabled"), "it is switched on")
    page.reload()
    screen = dialog.locator(".xterm-accessibility")
    expect(screen).to_contain_text("This container is simulated")
    page.keyboard.type("printenv LEVELL")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(screen).to_contain_text("high-up")
    check_dialog(page)
    page.keyboard.press("F6")
    expect(dialog.get_by_role("button", name="New session")).to_be_focused()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("node="))


def test_applications_are_tiles_and_counts_of_the_same_filter(page: Page) -> None:
    page.goto("/applications?view=tiles&search=web")
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("link", name="Summary", exact=True).click()
    sync = page.get_by_role("region", name="Sync", exact=True)
    expect(sync).to_contain_text("Synced")
    sync.get_by_role("link", name="Synced").click()
    expect(page.get_by_role("link", name="web", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("sync=Synced"))
    expect(page).to_have_url(re.compile("search=web"))
    expect(page).not_to_have_url(re.compile("view="))


CERTIFICATE = """\
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: own, namespace: default}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: renewed, namespace: default}
spec: {secretName: renewed-tls, dnsNames: [renewed.example], issuerRef: {name: own}}
"""


def test_a_certificate_is_renewed_with_its_effect_shown_first(page: Page, site: Site) -> None:
    site.argosy.kubectl("apply", "-f", "-", stdin=CERTIFICATE)
    page.goto("/certificates/default/renewed")
    expect(page.locator(".head .badge")).to_contain_text("Ready")
    page.get_by_role("button", name="Renew…").click()
    dialog = page.get_by_role("dialog", name="Renew")
    expect(dialog).to_contain_text("The current one stays in its Secret until the new one is ready")
    check_dialog(page)
    dialog.get_by_role("button", name="Renew", exact=True).click()
    expect(page.get_by_role("status").last).to_contain_text("renewed is issued again")

    def revision() -> int:
        found = site.argosy.get("certificate", "renewed", "-n", "default") or {}
        return int((found.get("status") or {}).get("revision") or 0)

    site.argosy.eventually(lambda: revision() >= 2, "it is issued again")
    expect(page.get_by_role("region", name="Story")).to_contain_text("renewed-2")


def test_what_is_absent_says_so_and_the_connection_is_not_called_lost(page: Page) -> None:
    page.goto("/applications/argocd/absent")
    expect(page.locator(".note.broken")).to_contain_text("it does not exist, or you may not see it")
    expect(page.get_by_text("Connection lost. What you see")).to_have_count(0)
    page.get_by_role("link", name="All applications").click()
    expect(page.get_by_role("link", name="web", exact=True)).to_be_visible()


def test_the_reference_of_the_apis_is_searched_and_read_without_a_script(page: Page) -> None:
    page.goto("/swagger-ui?api=argosy")
    expect(page.get_by_role("heading", level=1)).to_have_text("Argosy's own API")
    page.get_by_role("link", name="Argo CD's API").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Argo CD's API")
    page.get_by_label("Find operations").fill("applicationservice_resourcetree")
    page.keyboard.press("Enter")
    operation = page.get_by_role("group")
    expect(operation).to_have_count(1)
    operation.locator("summary").click()
    operation.get_by_role("link", name="v1alpha1ApplicationTree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("v1alpha1ApplicationTree")
    expect(page.get_by_role("table")).to_contain_text("orphanedNodes")


def test_each_source_of_an_application_has_its_revision_and_commit(page: Page, site: Site, tmp_path: Path) -> None:
    first, second = Repository(tmp_path / "first"), Repository(tmp_path / "second")
    first.commit({"conf/a.yaml": config("of-first", "1")})
    second.commit({"more/b.yaml": config("of-second", "1")})
    sources = [
        {"repoURL": f"file://{repository.directory}", "path": path, "targetRevision": "main"}
        for repository, path in ((first, "conf"), (second, "more"))
    ]
    app = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "several", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "sources": sources,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "several"},
            "syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]},
        },
    }
    site.argosy.kubectl("apply", "-f", "-", stdin=json.dumps(app))
    site.argosy.eventually(lambda: site.argosy.status("several")[0] == "Synced", "several is synced")
    page.goto("/applications?search=several")
    expect(page.locator("tbody tr").first).to_contain_text("and 1 more")
    page.get_by_role("link", name="several", exact=True).click()
    facts = page.get_by_role("region", name="Source and destination")
    expect(facts).to_contain_text("Source 2")
    expect(facts).to_contain_text(str(second.directory))
    expect(facts.get_by_text("Commit", exact=True)).to_have_count(2)
