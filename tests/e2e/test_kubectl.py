"""The real kubectl against a real process: the everyday commands, and how many requests they take."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from .local_cluster import LocalCluster, running_cluster

pytestmark = pytest.mark.e2e

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "web:1"}]}
"""
WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer}, color: {type: string, default: red}}}
"""
WIDGET = "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {size: 3}}"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def test_the_kubeconfig_is_for_its_owner_only(cluster: LocalCluster) -> None:
    assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600
    for path in (cluster.directory / "pki").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_first_get_with_an_empty_cache_takes_three_requests(tmp_path: Path) -> None:
    """P27"""
    with running_cluster(tmp_path) as fresh:
        assert "default" in fresh.kubectl("get", "ns")
        assert [line.split("?")[0] for line in fresh.requests] == ["GET /api", "GET /apis", "GET /api/v1/namespaces"]


def test_apply_get_and_delete(cluster: LocalCluster) -> None:
    assert "web created" in cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert "web unchanged" in cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert "web configured" in cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT.replace("web:1", "web:2"))
    wide = cluster.kubectl("get", "deployment", "web", "-o", "wide")
    assert wide.splitlines()[0].split() == [
        "NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR",
    ]  # fmt: skip
    assert "web:2" in wide
    assert "web" in cluster.kubectl("get", "all")
    assert "deleted" in cluster.kubectl("delete", "deployment", "web", "--wait=true", "--timeout=90s")
    assert "NotFound" in cluster.kubectl("get", "deployment", "web", check=False)


def test_server_side_apply(cluster: LocalCluster) -> None:
    manifest = DEPLOYMENT.replace("name: web}", "name: ssa}")
    assert "serverside-applied" in cluster.kubectl("apply", "--server-side", "-f", "-", stdin=manifest)
    assert "serverside-applied" in cluster.kubectl("apply", "--server-side", "-f", "-", stdin=manifest)
    other = ("apply", "--server-side", "--field-manager=other", "-f", "-")
    changed = manifest.replace("replicas: 2", "replicas: 3")
    refused = cluster.kubectl(*other, stdin=changed, check=False)
    assert 'conflict with "kubectl"' in refused
    assert ".spec.replicas" in refused
    cluster.kubectl(*other, "--force-conflicts", stdin=changed)
    assert cluster.kubectl("get", "deployment", "ssa", "-o", "jsonpath={.spec.replicas}") == "3"


def test_typed_commands_send_protobuf_and_are_understood(cluster: LocalCluster) -> None:
    """P04"""
    cluster.kubectl("create", "configmap", "typed", "--from-literal=a=b")
    cluster.kubectl("create", "secret", "generic", "typed", "--from-literal=password=s3cret")
    cluster.kubectl("create", "deployment", "typed", "--image=x", "--replicas=2")
    cluster.kubectl("create", "job", "typed", "--image=x")
    cluster.kubectl("create", "rolebinding", "typed", "--clusterrole=view", "--user=ann")
    assert cluster.kubectl("get", "cm", "typed", "-o", "jsonpath={.data.a}") == "b"
    assert cluster.kubectl("get", "secret", "typed", "-o", "jsonpath={.data.password}") == "czNjcmV0"
    assert cluster.kubectl("get", "deployment", "typed", "-o", "jsonpath={.spec.replicas}") == "2"


def test_changes_by_label_annotate_patch_scale_and_set(cluster: LocalCluster) -> None:
    cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT.replace("name: web}", "name: changed}"))
    cluster.kubectl("label", "deployment", "changed", "tier=front")
    cluster.kubectl("annotate", "deployment", "changed", "note=x")
    cluster.kubectl("scale", "deployment", "changed", "--replicas=4")
    cluster.kubectl("set", "image", "deployment/changed", "c=web:9")
    cluster.kubectl("patch", "deployment", "changed", "--type=merge", "-p", '{"spec":{"paused":true}}')
    cluster.kubectl("patch", "deployment", "changed", "--type=json", "-p", '[{"op":"remove","path":"/spec/paused"}]')
    found = json.loads(cluster.kubectl("get", "deployment", "changed", "-o", "json"))
    assert found["metadata"]["labels"] == {"tier": "front"}
    assert found["spec"]["replicas"] == 4
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "web:9"
    assert "paused" not in found["spec"]


def test_wait_and_watch_see_what_happens(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "configmap", "watched", "--from-literal=a=b")
    waited = ("wait", "configmap/watched", "--for=jsonpath={.data.a}=b", "--timeout=90s")
    assert "condition met" in cluster.kubectl(*waited)
    listing = cluster.kubectl(
        "get", "configmaps", "--watch", "--request-timeout=5s", "--output-watch-events", check=False
    )
    assert "watched" in listing


def test_explain_and_api_resources_need_nothing_but_what_is_served(cluster: LocalCluster) -> None:
    """P30"""
    assert "rollingUpdate" in cluster.kubectl("explain", "deployment.spec.strategy")
    resources = cluster.kubectl("api-resources", "--no-headers", "-o", "name").split()
    assert {"pods", "deployments.apps", "customresourcedefinitions.apiextensions.k8s.io"} <= set(resources)


def test_who_am_i_and_what_may_i(cluster: LocalCluster) -> None:
    assert "kubernetes-admin" in cluster.kubectl("auth", "whoami")
    assert cluster.kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    assert cluster.kubectl("auth", "can-i", "get", "secrets", "--as=nobody", check=False).startswith("no")
    assert "*.*" in cluster.kubectl("auth", "can-i", "--list")


def test_a_token_of_an_account_has_the_rights_of_its_bindings(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "serviceaccount", "bot")
    token = cluster.kubectl("create", "token", "bot").strip()
    bot = f"--token={token}"
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {}
    stripped = cluster.directory / "no-user"
    stripped.write_text(json.dumps(config))
    as_bot = ("--kubeconfig", str(stripped), bot)
    refused = cluster.kubectl(*as_bot, "get", "configmaps", check=False)
    assert 'User "system:serviceaccount:default:bot" cannot list resource "configmaps"' in refused
    cluster.kubectl("create", "rolebinding", "bot", "--clusterrole=view", "--serviceaccount=default:bot")
    cluster.kubectl(*as_bot, "get", "configmaps")
    assert "forbidden" in cluster.kubectl(*as_bot, "get", "secrets", check=False)
    cluster.kubectl("delete", "serviceaccount", "bot")
    assert "Unauthorized" in cluster.kubectl(*as_bot, "get", "configmaps", check=False)


def test_custom_resources_are_served_as_soon_as_they_are_defined(cluster: LocalCluster) -> None:
    """P28"""
    cluster.kubectl("apply", "-f", "-", stdin=WIDGETS)
    cluster.kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=90s")
    assert "w created" in cluster.kubectl("apply", "-f", "-", stdin=WIDGET)
    assert cluster.kubectl("get", "wd").splitlines()[1].split()[:2] == ["w", "3"]
    assert "color" in cluster.kubectl("explain", "widget.spec")
    assert "w configured" in cluster.kubectl("apply", "-f", "-", stdin=WIDGET.replace("3", "4"))
    assert cluster.kubectl("get", "widget", "w", "-o", "jsonpath={.spec.size} {.spec.color}") == "4 red"


def test_errors_reach_the_user_in_kubernetes_own_words(cluster: LocalCluster) -> None:
    invalid = DEPLOYMENT.replace("name: web}", "name: bad}").replace("replicas: 2", "replicas: -2")
    assert "must be greater than or equal to 0" in cluster.kubectl("apply", "-f", "-", stdin=invalid, check=False)
    unknown = DEPLOYMENT.replace("name: web}", "name: bad}").replace("replicas: 2", "replica: 2")
    assert 'unknown field "spec.replica"' in cluster.kubectl("create", "-f", "-", stdin=unknown, check=False)
