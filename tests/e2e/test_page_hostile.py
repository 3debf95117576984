"""A hundred hostile texts in every field that a tenant writes: the page shows them as text, and no more happens."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from argosy.server.rehearsal_reports import config_map
from tests.e2e.hostile import CORPUS
from tests.e2e.site import Site
from tests.e2e.up_process import Repository

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.xdist_group("page")]
NAMESPACE: Final = "hostile"
GROUPS: Final = tuple(CORPUS[at : at + 20] for at in range(0, 100, 20))
"""Single fields hold twenty of them at once; lists hold all, one each."""
PRINTABLE: Final = [text for text in CORPUS if text.isprintable()]
CONTAINER: Final = [{"name": "main", "image": "registry.example/web:1"}]
WATCH: Final = """
window.refused = [];
addEventListener('securitypolicyviolation', (event) => {
  refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
FOREIGN: Final = """() => {
  const found = [];
  for (const element of document.querySelectorAll('*')) {
    for (const {name, value} of element.attributes) {
      if (/^on/i.test(name)) found.push(`${element.tagName} has ${name}`);
      if (/^(href|src|action|formaction|srcset|srcdoc|data|xlink:href)$/.test(name)) {
        const scheme = new URL(value, document.baseURI).protocol;
        if (!/^https?:$/.test(scheme)) found.push(`${element.tagName} ${name} leads to ${scheme}`);
      }
    }
    if (/^(iframe|object|embed|math|marquee|video|audio|xss)$/i.test(element.tagName)) found.push(element.tagName);
  }
  const ours = document.querySelectorAll('script').length + document.querySelectorAll('base').length;
  if (ours !== 2) found.push(`${ours} scripts and bases`);
  return found;
}"""

ADDRESSES: Final = (
    "/applications?search={}&sort={}&offset={}&view={}",
    "/applications/{}/{}",
    "/rollouts/{}/{}",
    "/{}",
    "/project/{}/stage/{}",
)
GOES: Final = "(to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }"


def joined(texts: tuple[str, ...]) -> str:
    return "\n".join(texts)


def many(name: str, spec: dict[str, Any], kind: str, version: str, **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "annotations": {"note": joined(CORPUS)}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec, **rest}


def application(name: str, repository: str, path: str, texts: tuple[str, ...], cluster: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "annotations": links(texts)},
        "spec": {
            "project": "default",
            "info": [{"name": text, "value": text} for text in texts],
            "source": {"repoURL": repository, "path": path, "targetRevision": "main" if path == "all" else path},
            "destination": {"server": cluster, "namespace": NAMESPACE if path == "all" else path},
        },
    }


def links(texts: tuple[str, ...]) -> dict[str, str]:
    """With a title and without."""
    prefix = "link.argocd.argoproj.io"
    given = {f"{prefix}/alone-{at}": text for at, text in enumerate(texts)}
    return given | {f"{prefix}/title-{at}": f"{text}|https://example.com/{at}" for at, text in enumerate(texts)}


def applications() -> list[dict[str, Any]]:
    return [
        application(f"hostile-{at}", joined(texts), joined(texts), texts, joined(texts))
        for at, texts in enumerate(GROUPS)
    ]


def manifests() -> str:
    """What the tenant commits: live objects with links, data and lines of logs."""
    pod: dict[str, Any] = {
        "metadata": {"labels": {"app": "hostile"}, "annotations": {"simulation.argosy.dev/logs": json.dumps(CORPUS)}}
    }
    pod["spec"] = {"containers": CONTAINER}
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "hostile", "annotations": links(CORPUS)},
        "data": {f"key-{at}": text for at, text in enumerate(PRINTABLE)},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hostile", "annotations": links(CORPUS)},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "hostile"}}, "template": pod},
    }
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [config, deployment]})


def committed(repository: Repository) -> None:
    """A message and an author of the tenant's choosing."""
    folder = repository.directory / "all"
    folder.mkdir()
    (folder / "all.json").write_text(manifests())
    git = ["git", "-C", str(repository.directory)]
    author = "</a><img src=x onerror=alert(1)>".translate({ord(one): None for one in "<>\n"})
    message = joined(CORPUS)
    subprocess.run([*git, "add", "--all"], check=True)
    command = [*git, "-c", f"user.name={author}", "-c", "user.email=javascript:alert(1)", "commit", "-q", "-F", "-"]
    subprocess.run(command, check=True, input=message, text=True)


def delivery() -> list[dict[str, Any]]:
    """Of Kargo's and Rollouts' kinds."""
    origin = {"kind": "Warehouse", "name": "hostile"}
    commits = [{"repoURL": "https://git.example/x.git", "id": "a" * 40, "message": joined(CORPUS), "author": CORPUS[0]}]
    steps = [{"uses": "compose-output", "as": "out", "config": {f"k{at}": text for at, text in enumerate(PRINTABLE)}}]
    template = {"metadata": {}, "spec": {"containers": CONTAINER}}
    metrics = [{"name": text[:60], "provider": {"web": {"url": text}}, "successCondition": text} for text in PRINTABLE]
    arguments = [{"name": text, "value": text} for text in PRINTABLE]
    version = {"selector": {"matchLabels": {"app": "hostile"}}, "template": template}
    versions = [{"name": "v", "replicas": 0, **version}]
    runs = [{"name": text, "templateName": text, "args": arguments[:3]} for text in PRINTABLE]
    acme = {
        "server": "https://127.0.0.1:1/",
        "email": joined(CORPUS),
        "privateKeySecretRef": {"name": joined(CORPUS)},
        "solvers": [{"selector": {"dnsNames": list(PRINTABLE)}, "http01": {"ingress": {"ingressClassName": "x"}}}],
    }
    return [
        many(
            "hostile",
            {
                "subscriptions": [{"git": {"repoURL": "https://git.example/x.git"}}],
                "freightCreationPolicy": "Manual",
                "interval": "5m",
            },
            "Warehouse",
            "kargo.akuity.io/v1alpha1",
        ),
        many(
            "hostile",
            {
                "requestedFreight": [{"origin": origin, "sources": {"direct": True}}],
                "promotionTemplate": {"spec": {"steps": steps}},
            },
            "Stage",
            "kargo.akuity.io/v1alpha1",
        ),
        {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Freight",
            "metadata": {"name": "any", "namespace": NAMESPACE, "annotations": {"note": joined(CORPUS)}},
            "alias": "hostile",
            "origin": origin,
            "commits": commits,
        },
        many(
            "hostile",
            {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "other"}},
                "strategy": {"canary": {"steps": [{"setHeaderRoute": {"name": joined(CORPUS)}}, {"pause": {}}]}},
                "template": {**template, "metadata": {"labels": {"app": "other"}}},
            },
            "Rollout",
            "argoproj.io/v1alpha1",
        ),
        many("hostile", {"metrics": metrics}, "AnalysisRun", "argoproj.io/v1alpha1"),
        many(
            "hostile",
            {
                "generators": [{"list": {"elements": [{"a": joined(CORPUS)}]}}],
                "template": {"metadata": {"name": "{{a}}"}, "spec": {"project": "default", "destination": {}}},
            },
            "ApplicationSet",
            "argoproj.io/v1alpha1",
        )
        | {"metadata": {"name": "hostile", "namespace": "argocd", "annotations": {"note": joined(CORPUS)}}},
        many("hostile", {"metrics": metrics, "args": arguments}, "AnalysisTemplate", "argoproj.io/v1alpha1"),
        many("hostile", {"templates": versions, "analyses": runs}, "Experiment", "argoproj.io/v1alpha1"),
        many("hostile", {"acme": acme}, "Issuer", "cert-manager.io/v1"),
        many("hostile", {"acme": acme}, "ClusterIssuer", "cert-manager.io/v1") | {"metadata": {"name": "hostile"}},
        many(
            "hostile",
            {"secretName": "hostile", "commonName": "x", "issuerRef": {"name": joined(CORPUS)}},
            "Certificate",
            "cert-manager.io/v1",
        ),
        many(
            "hostile",
            {"encryptedData": {f"k{at}": text for at, text in enumerate(PRINTABLE)}, "template": {"metadata": {}}},
            "SealedSecret",
            "bitnami.com/v1alpha1",
        ),
    ]


def told(message: str, uid: str) -> dict[str, Any]:
    """An Event of the live ConfigMap."""
    about = {"apiVersion": "v1", "kind": "ConfigMap", "name": "hostile", "namespace": NAMESPACE, "uid": uid}
    metadata = {"name": "hostile", "namespace": NAMESPACE}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata,
        "involvedObject": about,
        "type": "Warning",
        "reason": CORPUS[7],
        "message": message,
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }


def told_of_rollout(message: str) -> dict[str, Any]:
    """An Event of a kind that the Activity page lists."""
    about = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "hostile", "namespace": NAMESPACE}
    event = told(message, "u")
    return {**event, "metadata": {"name": "hostile-rollout", "namespace": NAMESPACE}, "involvedObject": about}


def settings() -> list[dict[str, Any]]:
    """What a tenant's administrator writes."""
    roles = [{"name": "r", "description": joined(CORPUS), "groups": list(PRINTABLE[:20]), "policies": []}]
    cluster = {"server": "https://127.0.0.1:1", "name": joined(CORPUS), "config": "{}"}
    secret = {"url": "https://git.invalid/hostile.git", "name": joined(CORPUS), "type": "git", "username": CORPUS[0]}
    return [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "hostile", "namespace": "argocd"},
            "spec": {"description": joined(CORPUS)[:250], "roles": roles, "sourceRepos": list(PRINTABLE)},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "hostile",
                "namespace": "argocd",
                "labels": {"argocd.argoproj.io/secret-type": "repository"},
            },
            "stringData": secret,
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "hostile-cluster",
                "namespace": "argocd",
                "labels": {"argocd.argoproj.io/secret-type": "cluster"},
                "annotations": {"note": joined(CORPUS)},
            },
            "stringData": cluster,
        },
        config_map("argocd", rehearsal()),
    ]


def rehearsal() -> dict[str, Any]:
    """A report that a tenant's pipeline uploads."""
    where = {"kind": joined(CORPUS), "namespace": CORPUS[1], "name": CORPUS[2], "cluster": CORPUS[3]}
    text = joined(CORPUS)
    lines = [{**where, "after": "0s", "at": "2030-01-01T00:00:00Z", "severity": "ok", "text": one} for one in CORPUS]
    changed = {"kind": CORPUS[4], "namespace": CORPUS[5], "name": text, "change": "update", "lines": list(CORPUS)}
    return {
        "name": "hostile", "outcome": "waiting", "reason": text, "took": "6h0m8s", "seed": 0, "changes": list(CORPUS),
        "timeline": lines,
        "differences": [
            {"namespace": "argocd", "application": text, "destination": text, "objects": [changed]}
        ],
        "gates": [{**where, "until": "", "message": text}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def hostile(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the tenant's Promotion."""
    argosy = site.argosy
    argosy.kubectl(
        "apply",
        "-f",
        "-",
        stdin=json.dumps(
            {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Project", "metadata": {"name": NAMESPACE}}
        ),
    )
    argosy.eventually(lambda: argosy.get("namespace", NAMESPACE), "the tenant's namespace")
    repository = Repository(tmp_path_factory.mktemp("hostile") / "repository")
    committed(repository)
    url = str(repository.directory)
    live = application("hostile-live", url, "all", CORPUS, "https://kubernetes.default.svc")
    live["spec"]["syncPolicy"] = {"automated": {}}
    made = [*applications(), live, *delivery(), *settings()]
    argosy.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    argosy.eventually(lambda: argosy.status("hostile-live") == ("Synced", "Healthy"), "the tenant's objects")
    uid = argosy.get("configmap", "hostile", "-n", NAMESPACE)["metadata"]["uid"]
    argosy.kubectl("apply", "-f", "-", stdin=json.dumps(told(joined(CORPUS), uid)))
    argosy.kubectl("apply", "-f", "-", stdin=json.dumps(told_of_rollout(joined(CORPUS))))
    argosy.eventually(lambda: promotions(site), "the tenant's Promotion")
    return str(promotions(site)[0]["metadata"]["name"])


def promotions(site: Site) -> list[dict[str, Any]]:
    """Makes one if there is none."""
    found = (site.argosy.get("promotions", "-n", NAMESPACE) or {}).get("items") or []
    freight = (site.argosy.get("freight", "-n", NAMESPACE) or {}).get("items") or []
    if not found and freight:
        body = {"freight": freight[0]["metadata"]["name"]}
        site.asked("POST", f"/api/argosy/v1/stages/{NAMESPACE}/hostile/promote", body, token=site.token())
    return list(found)


def harmless(page: Page, place: str, shown: str) -> None:
    """What is there is text, and nothing was refused by the policy: nobody tried."""
    expect(page.locator("body")).to_contain_text(shown)
    assert page.evaluate(FOREIGN) == [], place
    assert page.evaluate("refused") == [], place


def test_a_hundred_hostile_texts_in_every_field_are_text(page: Page, hostile: str) -> None:
    page.add_init_script(WATCH)
    first, some = CORPUS[0], PRINTABLE[20]
    for place, shown in {
        **{f"/applications/argocd/hostile-{at}": texts[0] for at, texts in enumerate(GROUPS)},
        "/applications?search=hostile": first,
        "/": first,
        "/applications/argocd/hostile-live": "</script><script>",
        "/applications/argocd/hostile-live?view=history": first,
        "/applications/argocd/hostile-live?view=resources": "hostile",
        "/applications/argocd/hostile-live?view=logs&tail=1000": first,
        "/applications/argocd/hostile-live/edit": first,
        "/pipelines/hostile": "hostile",
        "/pipelines/hostile?stage=hostile": "hostile",
        "/freight": "hostile",
        "/deliveries?search=aaaaaaaa": "hostile",
        "/stages/hostile/hostile": some,
        "/rollouts/hostile/hostile": first,
        "/analysisruns/hostile/hostile": first,
        "/applicationsets/argocd/hostile": first,
        "/experiments/hostile/hostile": first,
        "/issuers/hostile/hostile": first,
        "/clusterissuers//hostile": first,
        "/promotions?namespace=hostile": "hostile",
        f"/promotions/hostile/{hostile}": some,
        "/settings/clusters": first,
        "/activity": "admin",
        "/activity?view=events&kind=Rollout&search=hostile": first,
        "/rehearsals": first,
        "/rehearsals/hostile": first,
        "/certificates/hostile/hostile": first,
        "/sealedsecrets/hostile/hostile": some,
        "/settings/projects": "hostile",
        "/settings/projects/hostile": first,
        "/settings/repos": "hostile",
    }.items():
        page.goto(place)
        harmless(page, place, shown)


def test_hostile_texts_in_the_panels_of_an_object_are_text(page: Page, hostile: str) -> None:
    page.add_init_script(WATCH)
    page.goto("/applications/argocd/hostile-live?view=tree")
    page.get_by_role("button", name="hostile ConfigMap").click()
    dialog = page.get_by_role("dialog")
    for tab, shown in {"Summary": "hostile", "Live": "key-0", "Diff": "No differences", "Events": CORPUS[0]}.items():
        dialog.get_by_role("tab", name=tab).click()
        expect(dialog).to_contain_text(shown)
        harmless(page, tab, shown)
    dialog.get_by_role("tab", name="Live").click()
    dialog.get_by_role("button", name="Edit…").click()
    expect(dialog.get_by_label("ConfigMap hostile as YAML")).to_contain_text("apiVersion")
    harmless(page, "editor", "apiVersion")


def test_hostile_texts_in_dialogs_and_saved_views_are_text(page: Page, hostile: str) -> None:
    page.add_init_script(WATCH)
    for place, button, shown in (
        ("/stages/hostile/hostile", "Promote…", "hostile"),
        ("/pipelines/hostile?stage=hostile", "Promote…", "hostile"),
        (f"/promotions/hostile/{hostile}", "Promote again…", "hostile"),
        ("/applications/argocd/hostile-live", "Sync…", "hostile"),
        ("/applications/argocd/hostile-live", "Delete…", "hostile"),
        ("/settings/clusters", "Remove https://127.0.0.1:1", "127.0.0.1:1"),
    ):
        page.goto(place)
        page.get_by_role("button", name=button).first.click()
        expect(page.get_by_role("dialog").last).to_contain_text(shown)
        harmless(page, f"{button} at {place}", shown)
    page.goto("/applications?search=hostile")
    page.get_by_role("button", name="Save this view…").click()
    page.get_by_role("textbox", name="Name of the view").fill(CORPUS[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=CORPUS[0], exact=True)).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to a page").fill("hostile")
    expect(page.get_by_role("option").first).to_be_visible()
    harmless(page, "palette and views", "hostile")


def test_hostile_addresses_lead_nowhere_else(page: Page) -> None:
    page.add_init_script(WATCH)
    page.goto("/")
    for at, text in enumerate(CORPUS):
        page.evaluate(GOES, ADDRESSES[at % len(ADDRESSES)].replace("{}", quote(text, safe="")))
    page.goto("/login?return=javascript:alert(1)")
    harmless(page, "addresses", "Argosy")
