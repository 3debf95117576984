"""A real process that has done some work shows every metric of the peers, with its type, labels and buckets."""

from __future__ import annotations

import json
import re
import signal
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.e2e.up_process import Argosy, Repository, config
from tests.observe.peers import ABSENT, PEERS, Peer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

TYPE = re.compile(r"# TYPE (\S+) (\S+)")
LINE = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.*)\})? \S+")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
LABELS = {
    "ARGOCD_APPLICATION_CONTROLLER_METRICS_APPLICATION_LABELS": "team",
    "ARGOCD_APPLICATION_CONTROLLER_METRICS_APPLICATION_CONDITIONS": "ComparisonError",
    "ARGOCD_APPLICATION_CONTROLLER_METRICS_CLUSTER_LABELS": "team",
    "ARGOCD_APPLICATIONSET_CONTROLLER_METRICS_APPLICATIONSET_LABELS": "team",
}
POD = "{metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}"
WORK = f"""
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: web, namespace: default}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  strategy: {{canary: {{steps: [{{setWeight: 50}}]}}}}
  template: {POD}
---
apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {{name: try, namespace: default}}
spec: {{templates: [{{name: one, replicas: 1, selector: {{matchLabels: {{app: web}}}}, template: {POD}}}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: errors, namespace: default}}
spec: {{metrics: [{{name: errors, provider: {{prometheus: {{address: 'http://127.0.0.1:1', query: up}}}}}}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata: {{name: errors, namespace: default}}
spec: {{metrics: [{{name: errors, provider: {{prometheus: {{address: 'http://127.0.0.1:1', query: up}}}}}}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: set, namespace: argocd, labels: {{team: a}}}}
spec:
  generators: [{{list: {{elements: []}}}}]
  template:
    metadata: {{name: none}}
    spec: {{project: default, source: {{repoURL: none}}, destination: {{name: in-cluster}}}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {{name: own}}
spec: {{selfSigned: {{}}}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {{name: own, namespace: default}}
spec: {{selfSigned: {{}}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: web, namespace: default}}
spec: {{secretName: web-tls, dnsNames: [web.test], issuerRef: {{name: own}}}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {{name: sealed, namespace: default}}
spec: {{encryptedData: {{a: AAAA}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: argocd-notifications-cm, namespace: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: argo-rollouts-notification-configmap, namespace: argocd}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: argo-rollouts}}
"""
SHOWN = {
    name
    for name in PEERS
    if name not in ABSENT
    and not re.search(
        # Of what this story has not: hosts, failures, faults, and things that only happen to others.
        r"_fail_total|oci_|commitserver|github_api|notifications?_|webhook_store|exec_plugin|rotation_age"
        r"|acme|challenge_status|retries_total$|_errors?$|errors_total|sync_error|dns_resolution|app_condition"
        r"|redis_request_duration$|http_request|rollout_(duration|progression|manual)",
        name,
    )
}
"""Metrics that must have series after the work above; of the others name and type are looked at, and labels if any."""


@pytest.fixture
def argosy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Argosy]:
    for name, value in LABELS.items():
        monkeypatch.setenv(name, value)
    made = Argosy(tmp_path / "data")
    made.up()
    try:
        yield made
    finally:
        if made.process is not None:
            made.end(signal.SIGKILL)


class Scrape:
    def __init__(self, text: str) -> None:
        self.types = dict(TYPE.findall(text))
        self.series: dict[str, list[dict[str, str]]] = {}
        for line in text.splitlines():
            if not line.startswith("#") and (found := LINE.fullmatch(line)):
                labels = dict(LABEL.findall(found[2] or ""))
                self.series.setdefault(self._family(found[1]), []).append(labels)

    def _family(self, name: str) -> str:
        short = re.sub(r"_(bucket|sum|count)$", "", name)
        return short if self.types.get(short) in ("histogram", "summary") else name

    def wrong(self, peer: Peer) -> str:
        """What is wrong with one metric; "" for nothing."""
        if peer.name not in self.types:
            return "not there"
        if self.types[peer.name] != peer.type:
            return f"{self.types[peer.name]} for {peer.type}"
        series = self.series.get(peer.name, [])
        if not series and peer.name in SHOWN:
            return "without series"
        labels = {label for one in series for label in one} - {"le", "quantile"}
        if series and labels != peer.labels:
            return f"labels {sorted(labels)} for {sorted(peer.labels)}"
        buckets = {one["le"] for one in series if "le" in one} - {"+Inf"}
        if buckets and peer.buckets and {float(le) for le in buckets} != set(peer.buckets):
            return f"buckets {sorted(map(float, buckets))}"
        return ""


def test_every_metric_of_the_peers_is_shown_as_theirs(argosy: Argosy, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/a.yaml": config("a", "1")})
    argosy.kubectl("apply", "-f", "-", stdin=json.dumps(argosy.cluster_secret("itself", {"team": "a"})))
    argosy.apply_application("web", repository)
    argosy.kubectl("label", "application", "web", "-n", "argocd", "team=a")
    argosy.kubectl("apply", "-f", "-", stdin=WORK)
    elsewhere = argosy.get("application", "web", "-n", "argocd")
    elsewhere = {**elsewhere, "metadata": {"name": "far", "namespace": "argocd"}}
    elsewhere["spec"]["destination"] = {"name": "itself", "namespace": "default"}
    argosy.kubectl("create", "-f", "-", stdin=yaml.safe_dump(elsewhere))
    argosy.eventually(lambda: argosy.status("web") == ("Synced", "Healthy"), "Synced and Healthy")
    argosy.eventually(lambda: pushed(argosy), "the API server's answer to a push")

    def faults() -> Mapping[str, str]:
        scrape = Scrape(argosy.kubectl("get", "--raw", "/metrics"))
        wrong = {peer.name: scrape.wrong(peer) for peer in PEERS.values() if peer.name not in ABSENT}
        return {name: text for name, text in wrong.items() if text}

    found: list[Mapping[str, str]] = []

    def none_is_wrong() -> bool:
        found.append(faults())
        return not found[-1]

    try:
        argosy.eventually(none_is_wrong, "all metrics")
    except AssertionError:
        pytest.fail("\n".join(f"{name}: {text}" for name, text in found[-1].items()))


def pushed(argosy: Argosy) -> bool:
    """Asks the API server for its version and sends it a push; returns whether it accepted it."""
    push = {"ref": "refs/heads/main", "repository": {"html_url": "https://github.com/a/b", "default_branch": "main"}}
    push |= {"commits": [], "before": "0" * 40, "after": "1" * 40}
    server = (argosy.data / "server").read_text().strip()
    request = urllib.request.Request(
        f"{server}/api/webhook",
        data=json.dumps(push).encode(),
        headers={"Content-Type": "application/json", "X-GitHub-Event": "push"},
    )
    unchecked = ssl._create_unverified_context()  # its own certificate
    try:
        urllib.request.urlopen(f"{server}/api/version", timeout=20, context=unchecked).close()
        with urllib.request.urlopen(request, timeout=20, context=unchecked) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False
