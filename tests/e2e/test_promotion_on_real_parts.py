"""From a pushed image to production on real parts: a Git server over SSH, Debian's OCI registry, Prometheus, kubectl.

A good image goes to dev and to staging by itself and is verified there; production waits for a person, and then takes
it by a canary that Prometheus judges. A bad image ends at staging's verification.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from argosy.runtime.clock import RealClock
from tests.e2e import servers
from tests.e2e.servers import SshGit, missing
from tests.e2e.up_process import Argosy, pause
from tests.kit.ports import free_port

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"),
]

CLOCK = RealClock()
PATIENCE = 600.0
ENVIRONMENTS = {"dev": 1, "staging": 2, "prod": 4}
IMAGE = "registry.example/shop"
SHARE = (
    'sum(rate(http_requests_total{{namespace="{namespace}",code=~"2.."{more}}}[20s]))'
    ' / sum(rate(http_requests_total{{namespace="{namespace}"{more}}}[20s]))'
)
TRAFFIC = """\
rules:
- match: {service: shop}
  answers: {rate: 50}
- match: {image: "*/shop:*-bad"}
  effect: {traffic: {errorShare: 0.5, errorCode: 500}}
"""


def documents(*found: Any) -> str:
    return yaml.safe_dump_all(found, sort_keys=False)


def analysis(name: str, namespace: str, address: str, *, canary: bool) -> dict[str, Any]:
    more = ',pod_template_hash="{{args.hash}}"' if canary else ',pod!=""'  # what nobody answered counts for nothing
    metric = {
        "name": "success",
        "initialDelay": "3s",
        "interval": "3s",
        "count": 3,
        "successCondition": "len(result) > 0 && result[0] >= 0.95",
        "inconclusiveLimit": 0,
        "consecutiveErrorLimit": 100,
        "provider": {"prometheus": {"address": address, "query": SHARE.format(namespace=namespace, more=more)}},
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name},
        "spec": {**({"args": [{"name": "hash"}]} if canary else {}), "metrics": [metric]},
    }


def files(address: str, sealed: str) -> dict[str, str]:
    """The repository: a Deployment for dev and staging; for production a Rollout, a certificate and what is sealed."""
    labels = {"app": "shop"}
    container = {"name": "shop", "image": f"{IMAGE}:1.0.0", "ports": [{"containerPort": 8080}]}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}, "spec": spec}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop"},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    judged = {
        "templates": [{"templateName": "canary"}],
        "args": [{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}],
    }
    steps = [{"setWeight": 25}, {"pause": {"duration": "10s"}}, {"analysis": judged}, {"setWeight": 50}]
    rollout = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop"},
        "spec": {**spec, "replicas": 4, "strategy": {"canary": {"steps": steps}}},
    }
    issuer = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": {"name": "own"},
        "spec": {"selfSigned": {}},
    }
    certificate = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "shop"},
        "spec": {
            "secretName": "shop-tls",
            "dnsNames": ["shop.example"],
            "privateKey": {"algorithm": "ECDSA"},
            "issuerRef": {"name": "own"},
        },
    }
    production = {
        "rollout.yaml": documents(rollout, service, analysis("canary", "shop-prod", address, canary=True)),
        "certificate.yaml": documents(issuer, certificate),
        "password.yaml": sealed,
    }
    found = {f"overlays/prod/{name}": text for name, text in production.items()}
    found["base/shop.yaml"] = documents(deployment, service)
    found["base/kustomization.yaml"] = documents({"resources": ["shop.yaml"]})
    for name, count in ENVIRONMENTS.items():
        own = list(production) if name == "prod" else ["../../base"]
        kustomization: dict[str, Any] = {"resources": own, "images": [{"name": IMAGE, "newTag": "1.0.0"}]}
        if name != "prod":
            kustomization["replicas"] = [{"name": "shop", "count": count}]
        found[f"overlays/{name}/kustomization.yaml"] = documents(kustomization)
    return found


def application(name: str, url: str) -> dict[str, Any]:
    policy = {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]}
    annotations = {"kargo.akuity.io/authorized-stage": f"shop:{name}"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": f"shop-{name}", "namespace": "argocd", "annotations": annotations},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": f"overlays/{name}", "targetRevision": f"env/{name}"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": f"shop-{name}"},
            "syncPolicy": policy,
        },
    }


def kargo(kind: str, name: str, **body: Any) -> dict[str, Any]:
    metadata = {"name": name} if kind == "Project" else {"name": name, "namespace": "shop"}
    return {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": kind, "metadata": metadata, **body}


def stage(name: str, before: str, url: str, images: str) -> dict[str, Any]:
    tag = f"imageFrom('{images}').Tag"
    image = {"image": IMAGE, "newName": images, "tag": f"${{{{ quote({tag}) }}}}"}
    source = {"repoURL": url, "desiredRevision": "${{ outputs.push.commit }}"}
    steps = [
        {"uses": "git-clone", "config": {"repoURL": url, "checkout": [{"branch": f"env/{name}", "path": "./src"}]}},
        {"uses": "kustomize-set-image", "config": {"path": f"./src/overlays/{name}", "images": [image]}},
        {"uses": "git-commit", "config": {"path": "./src", "message": f"shop ${{{{ {tag} }}}} for {name}"}},
        {"uses": "git-push", "as": "push", "config": {"path": "./src"}},
        {"uses": "argocd-update", "retry": {"timeout": "20m"}, "config": {"apps": [
            {"name": f"shop-{name}", "sources": [source]}
        ]}},
    ]  # fmt: skip
    sources = {"stages": [before]} if before else {"direct": True}
    spec: dict[str, Any] = {
        "requestedFreight": [{"origin": {"kind": "Warehouse", "name": "images"}, "sources": sources}],
        "promotionTemplate": {"spec": {"steps": steps}},
    }
    if name == "staging":
        spec["verification"] = {"analysisTemplates": [{"name": "success"}]}
    return kargo("Stage", name, spec=spec)


def pipeline(git: SshGit, images: str, address: str) -> str:
    policies = [{"stageSelector": {"name": name}, "autoPromotionEnabled": True} for name in ("dev", "staging")]
    subscription = {"repoURL": images, "constraint": ">=1.0.0-0"}
    template = analysis("success", "shop-staging", address, canary=False)
    template["metadata"]["namespace"] = "shop"
    credentials = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "git", "namespace": "shop", "labels": {"kargo.akuity.io/cred-type": "git"}},
        "stringData": {"repoURL": git.url, "sshPrivateKey": git.key, "sshKnownHosts": git.known_hosts},
    }
    rules = {"name": "traffic", "namespace": "argocd", "labels": {"argosy.dev/simulation-rules": "true"}}
    return documents(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": rules, "data": {"rules": TRAFFIC}},
        credentials,
        kargo("ProjectConfig", "shop", spec={"promotionPolicies": policies}),
        template,
        kargo("Warehouse", "images", spec={"interval": "5s", "subscriptions": [{"image": subscription}]}),
        *(application(name, git.url) for name in ENVIRONMENTS),
        *(stage(name, {"staging": "dev", "prod": "staging"}.get(name, ""), git.url, images) for name in ENVIRONMENTS),
    )


@dataclass(frozen=True)
class Delivery:
    argosy: Argosy
    git: SshGit
    images: str

    def push(self, tag: str) -> None:
        self.well("image", "push", f"{self.images}:{tag}")

    def well(self, *arguments: str) -> str:
        done = self.command(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}\n{self.told()}"
        return done.stdout

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        place = [] if arguments[0] == "image" else ["--data-dir", str(self.argosy.data)]
        command = [sys.executable, "-m", "argosy.cli.main", *arguments, *place]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE + 60, check=False)

    def reaches(self, tag: str, stage: str) -> None:
        self.well("wait-for", tag, "--in", stage, "--timeout", f"{PATIENCE:g}")

    def converges(self, environment: str) -> None:
        self.eventually(lambda: self.argosy.status(f"shop-{environment}") == ("Synced", "Healthy"), environment)

    def eventually(self, goal: Callable[[], object], what: str) -> None:
        until = CLOCK.monotonic() + PATIENCE
        while not goal():
            assert CLOCK.monotonic() < until, f"not within {PATIENCE:g} s: {what}\n{self.told()}"
            pause(0.5)

    def told(self) -> str:
        kinds = "stages,freights,promotions,analysisruns,applications,rollouts"
        objects = self.argosy.kubectl("get", kinds, "-A", "-o", "wide", check=False)
        return f"{objects}\n{self.argosy.log.read_text()[-4000:]}"

    def tag(self, stage: str) -> str:
        found = yaml.safe_load(self.git.shown(f"env/{stage}", f"overlays/{stage}/kustomization.yaml"))
        return str(found["images"][0]["newTag"])

    def running(self, namespace: str) -> set[str]:
        pods = self.argosy.get("pods", "-n", namespace)["items"]
        return {one["spec"]["containers"][0]["image"].rpartition(":")[2] for one in pods}


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    directory = tmp_path_factory.mktemp("real")
    git, argosy = SshGit(directory / "git"), Argosy(directory / "data")
    with ExitStack() as stack:
        stack.enter_context(git.served())
        port = stack.enter_context(servers.registry(directory / "registry"))
        stack.callback(lambda: argosy.process and argosy.end())
        argosy.up()
        prometheus = servers.prometheus(directory / "prometheus", argosy.data / "kubeconfig", free_port())
        address = stack.enter_context(prometheus)
        made = Delivery(argosy, git, f"127.0.0.1:{port}/shop")
        made.push("1.0.0")
        git.push(files(address, sealed(argosy)), [f"env/{name}" for name in ENVIRONMENTS])
        known = directory / "known_hosts"
        known.write_text(git.known_hosts)
        made.well("cert", "add-ssh", "--batch", "--from", str(known))
        made.well("repo", "add", git.url, "--ssh-private-key-path", str(git.directory / "user"))
        argosy.kubectl("apply", "-f", "-", stdin=documents(kargo("Project", "shop")))
        argosy.kubectl("wait", "--for=condition=Ready", "project/shop", f"--timeout={PATIENCE:g}s")
        argosy.kubectl("apply", "-f", "-", stdin=pipeline(git, made.images, address))
        yield made


def sealed(argosy: Argosy) -> str:
    """A password, sealed by the command with the key of the cluster."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "password", "namespace": "shop-prod"},
        "stringData": {"password": "swordfish"},
    }
    found = ""

    def is_sealed() -> bool:
        nonlocal found
        command = [sys.executable, "-m", "argosy.cli.main", "seal", "create", "--data-dir", str(argosy.data)]
        done = subprocess.run(
            command, input=json.dumps(secret), capture_output=True, text=True, timeout=120, check=False
        )
        found = done.stdout
        return done.returncode == 0

    argosy.eventually(is_sealed, "a sealing key")
    return found


def test_a_good_image_reaches_production_through_the_gate_and_a_bad_one_ends_in_staging(delivery: Delivery) -> None:
    delivery.reaches("1.0.0", "staging")
    for name in ENVIRONMENTS:
        delivery.converges(name)

    # A good image: to staging by itself, and no further.
    delivery.push("1.1.0")
    delivery.reaches("1.1.0", "staging")
    assert (delivery.tag("dev"), delivery.tag("staging"), delivery.tag("prod")) == ("1.1.0", "1.1.0", "1.0.0")
    assert "waits for a promotion by hand" in delivery.well("trace", "1.1.0")
    assert delivery.running("shop-prod") == {"1.0.0"}

    # The gate: looked at, then opened. A canary that Prometheus judges, then everything.
    preview = delivery.well("promote", "prod", "--preview")
    assert "pushes to refs/heads/env/prod" in preview
    assert "newTag: 1.1.0" in preview, preview
    assert delivery.tag("prod") == "1.0.0"
    delivery.well("promote", "prod", "--freight", "1.1.0", "--wait", "--timeout", f"{PATIENCE:g}")
    assert delivery.tag("prod") == "1.1.0"
    delivery.eventually(lambda: delivery.running("shop-prod") == {"1.1.0"}, "the old pods are gone")
    runs = delivery.argosy.get("analysisruns", "-n", "shop-prod")["items"]
    assert [one["status"]["phase"] for one in runs] == ["Successful"]
    measured = runs[0]["status"]["metricResults"][0]["measurements"]
    assert [one["value"] for one in measured] == ["[1]"] * 3
    trace = delivery.well("trace", "1.1.0")
    for part in ("image", "Promotion prod.", "Application shop-prod: Synced, Healthy", "Rollout shop: Healthy"):
        assert part in trace

    # Beside it: what was sealed is open, what was asked for is certified.
    password = delivery.argosy.get("secret", "password", "-n", "shop-prod")
    assert password["data"] == {"password": "c3dvcmRmaXNo"}
    assert set(delivery.argosy.get("secret", "shop-tls", "-n", "shop-prod")["data"]) >= {"tls.crt", "tls.key"}

    # A bad image: staging's verification stops it.
    delivery.push("1.2.0-bad")
    stopped = delivery.command("wait-for", "1.2.0-bad", "--in", "prod", "--timeout", f"{PATIENCE:g}")
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr + delivery.told()
    assert "stopped in staging: verification Failed" in stopped.stdout
    refused = delivery.command("promote", "prod", "--freight", "1.2.0-bad")
    assert refused.returncode != 0
    assert "not available" in refused.stderr
    assert delivery.tag("prod") == "1.1.0"
    assert delivery.running("shop-prod") == {"1.1.0"}

    # Nothing was done twice, and no secret was shown.
    for name in ENVIRONMENTS:
        log = delivery.git.log(f"env/{name}")
        assert len(log) == len(set(log)), log
    told = delivery.argosy.log.read_text()
    assert "swordfish" not in told
    assert "PRIVATE KEY" not in told
