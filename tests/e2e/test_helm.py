"""The real Helm 4 engine against a real process: install, upgrade, history, rollback and uninstall of a chart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import helm_python as helm
import pytest

from .local_cluster import LocalCluster, running_cluster

pytestmark = pytest.mark.e2e

FILES = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nkubeVersion: '>=1.30.0-0'\n",
    "values.yaml": "replicas: 1\ncolor: red\n",
    "templates/config.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-config}
data: {color: {{ .Values.color | quote }}}
""",
    "templates/web.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: c, image: "web:1"}]}
""",
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with running_cluster(tmp_path_factory.mktemp("helm")) as running:
        yield running


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "shop"


def test_a_release_lives_through_install_upgrade_rollback_and_uninstall(cluster: LocalCluster, chart: Path) -> None:
    def color() -> str:
        return cluster.kubectl("get", "configmap", "demo-config", "-o", "jsonpath={.data.color}")

    with helm.Config(kubeconfig_path=cluster.kubeconfig, namespace="default") as config:
        assert config.install(chart, "demo")["name"] == "demo"
        assert color() == "red"
        assert cluster.kubectl("get", "deployment", "demo-web", "-o", "jsonpath={.spec.replicas}") == "1"
        secrets = cluster.kubectl("get", "secrets", "-l", "owner=helm", "-o", "name").split()
        assert secrets == ["secret/sh.helm.release.v1.demo.v1"]
        config.upgrade(chart, "demo", {"color": "blue", "replicas": 3})
        assert color() == "blue"
        assert cluster.kubectl("get", "deployment", "demo-web", "-o", "jsonpath={.spec.replicas}") == "3"
        config.rollback("demo", version=1)
        assert color() == "red"
        assert len(config.history("demo")) == 3
        config.uninstall("demo")
        assert "NotFound" in cluster.kubectl("get", "configmap", "demo-config", check=False)
        assert "secret/" not in cluster.kubectl("get", "secrets", "-l", "owner=helm", "-o", "name")
