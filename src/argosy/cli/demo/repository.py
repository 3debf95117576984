"""The demonstration's Git repository: three environments with Kustomize, plain YAML, and a Helm chart.

`main` is where people work. Each environment follows its own branch `env/<name>`, to which promotions commit.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject

ENVIRONMENTS = ("dev", "staging", "prod")
REPLICAS = {"dev": 1, "staging": 2, "prod": 3}

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 1
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
      annotations:
        simulation.argosy.dev/logs: |
          ["shop listens on :8080", {at: 3s, line: "GET /healthz 200"}, {at: 9s, line: "WARN cart 17: no stock"}]
    spec:
      containers:
        - name: shop
          image: registry.example/shop:1.0.0
          ports: [{containerPort: 8080}]
"""
_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
"""
_ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 3
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
      annotations:
        simulation.argosy.dev/logs: |
          ["shop listens on :8080", {at: 3s, line: "GET /healthz 200"}, {at: 9s, line: "WARN cart 17: no stock"}]
    spec:
      containers:
        - name: shop
          image: registry.example/shop:1.0.0
          ports: [{containerPort: 8080}]
  strategy:
    canary:
      steps:
        - setWeight: 34
        - analysis:
            templates: [{templateName: success}]
            args:
              - name: hash
                valueFrom: {podTemplateHashValue: Latest}
"""
_ANALYSIS = """\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success
spec:
  args: [{name: hash}]
  metrics:
    - name: success
      initialDelay: 4s
      interval: 1s
      count: 3
      successCondition: result[0] >= 0.95
      provider:
        prometheus:
          address: PROMETHEUS
          query: |
            sum(rate(http_requests_total{namespace="shop-prod",pod_template_hash="{{args.hash}}",code=~"2.."}[3s]))
            / sum(rate(http_requests_total{namespace="shop-prod",pod_template_hash="{{args.hash}}"}[3s]))
"""
_BANNER = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: banner
data:
  text: Hello from Git
"""
_CHART = """\
apiVersion: v2
name: metrics
version: 0.1.0
"""
_VALUES = """\
replicas: 1
image: registry.example/metrics:2.3.0
"""
_TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {chart: {{ .Chart.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: metrics
          image: {{ .Values.image | quote }}
"""


def files(prometheus: str = "http://127.0.0.1:9090") -> Mapping[str, str]:
    """Maps paths to contents. `prometheus`: the server that production's analysis queries."""
    found = {
        "shop/service/service.yaml": _SERVICE,
        "shop/service/kustomization.yaml": "resources:\n  - service.yaml\n",
        "shop/base/deployment.yaml": _DEPLOYMENT,
        "shop/base/kustomization.yaml": "resources:\n  - deployment.yaml\n  - ../service\n",
        "shop/overlays/prod/rollout.yaml": _ROLLOUT,
        "shop/overlays/prod/analysis.yaml": _ANALYSIS.replace("PROMETHEUS", prometheus),
        "banner/banner.yaml": _BANNER,
        "charts/metrics/Chart.yaml": _CHART,
        "charts/metrics/values.yaml": _VALUES,
        "charts/metrics/templates/deployment.yaml": _TEMPLATE,
    }
    images = "images:\n  - name: registry.example/shop\n    newTag: 1.0.0\n"
    for environment in ENVIRONMENTS:
        replicas = f"replicas:\n  - name: shop\n    count: {REPLICAS[environment]}\n"
        mine = ("rollout.yaml", "analysis.yaml", "../../service") if environment == "prod" else ("../../base",)
        resources = "".join(f"  - {one}\n" for one in mine)
        found[f"shop/overlays/{environment}/kustomization.yaml"] = (
            f"resources:\n{resources}{'' if environment == 'prod' else replicas}{images}"
        )
    return found


def applications(repository: Path) -> list[JsonObject]:
    shops = [_shop(name, repository) for name in ENVIRONMENTS]
    return [
        *shops,
        _application("banner", "banner", repository),
        _application("metrics", "charts/metrics", repository),
        *([_application("secure", "secure", repository)] if (repository / "secure").is_dir() else []),
    ]


def branch_of(environment: str) -> str:
    return f"env/{environment}"


def _shop(environment: str, repository: Path) -> JsonObject:
    """Authorises its Stage to change it."""
    path = f"shop/overlays/{environment}"
    made = _application(f"shop-{environment}", path, repository, branch_of(environment))
    made["metadata"]["annotations"] = {"kargo.akuity.io/authorized-stage": f"shop:{environment}"}
    return made


def _application(name: str, path: str, repository: Path, branch: str = "main") -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": repository.as_uri(), "path": path, "targetRevision": branch},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }


def is_made(directory: Path) -> bool:
    return (directory / ".git").exists()


def make_repository(
    directory: Path, prometheus: str = "http://127.0.0.1:9090", more: Mapping[str, str] | None = None
) -> None:
    """Creates the repository; an existing one keeps its commits. `more` maps paths to contents."""
    if is_made(directory):
        return
    for path, content in {**files(prometheus), **(more or {})}.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    _git(directory, "init", "--quiet")
    _git(directory, "symbolic-ref", "HEAD", "refs/heads/main")  # `init --initial-branch` needs git 2.28
    if not _has_author(directory):
        # the commits that the demonstration suggests must work on a fresh machine, too
        _git(directory, "config", "user.name", "Argosy")
        _git(directory, "config", "user.email", "demo@argosy.invalid")
    _git(directory, "add", ".")
    _git(directory, "commit", "--quiet", "--message", "The first release")
    for environment in ENVIRONMENTS:
        _git(directory, "branch", branch_of(environment))


def _has_author(directory: Path) -> bool:
    asked = ["git", "-C", str(directory), "config", "--get", "user.email"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _git(directory: Path, *arguments: str) -> None:
    """Sets an author, because a fresh machine has none configured."""
    who = ("-c", "user.name=Argosy", "-c", "user.email=demo@argosy.invalid", "-c", "commit.gpgsign=false")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *who, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
    except FileNotFoundError:
        raise CommandError("the program git is not installed: Argosy reads repositories with it") from None
    if done.returncode != 0:
        raise CommandError(f"git {arguments[0]} in {directory}: {done.stderr.strip()}")
