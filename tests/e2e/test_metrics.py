"""The real Prometheus scrapes a real process, and the queries of the peers' stock dashboards find data."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.up_process import CLOCK, PATIENCE, Argosy, Repository, config, pause
from tests.kit.ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

QUERIES = (
    "sum(argocd_app_info{dest_server=~'.*'}) by (namespace)",
    "topk(7, sum(argocd_app_info) by (repo))",
    "sum(argocd_app_info) by (sync_status)",
    "sum(argocd_app_info) by (health_status)",
    "sum(increase(argocd_app_sync_total{phase='Succeeded'}[5m])) by (phase)",
    "sum(increase(argocd_app_k8s_request_total[5m])) by (verb, resource_kind)",
    "sum(increase(argocd_app_reconcile_count[5m])) by (namespace)",
    "sum(increase(argocd_app_reconcile_bucket[5m])) by (le)",
    "sum(argocd_cluster_api_resource_objects) by (server)",
    "sum(argocd_cluster_api_resources) by (server)",
    "sum(increase(argocd_cluster_events_total[5m])) by (server)",
    "argocd_cluster_info",
    "sum(increase(argocd_git_request_total{request_type='ls-remote'}[5m])) by (repo)",
    "sum(increase(argocd_git_request_total{request_type='fetch'}[5m])) by (repo)",
    "sum(increase(argocd_git_request_duration_seconds_bucket[5m])) by (le)",
    "sum(workqueue_depth{name=~'app_.*'}) by (name)",
    "histogram_quantile(0.9, sum(rate(workqueue_queue_duration_seconds_bucket[1m])) by (le, name))",
    "sum(argocd_kubectl_exec_pending) by (command)",
    "sum(increase(argocd_kubectl_requests_total[5m])) by (code)",
    "sum(increase(argocd_redis_request_total{initiator='argocd-repo-server'}[5m])) by (failed)",
    "process_start_time_seconds",
    "irate(process_cpu_seconds_total[1m])",
    "go_goroutines",
    "go_gc_duration_seconds_count",
    "go_memstats_heap_alloc_bytes",
    "argocd_info",
)
"""One for each metric that the Argo CD dashboard draws of a controller and a repository server."""


def scraping(argosy: Argosy, folder: Path, address: str) -> list[str]:
    """The program's arguments, for the API server of the process with the administrator's certificate."""
    kubeconfig = yaml.safe_load((argosy.data / "kubeconfig").read_text())
    cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
    given = {
        "ca": cluster["certificate-authority-data"],
        "cert": user["client-certificate-data"],
        "key": user["client-key-data"],
    }
    for name, data in given.items():
        (folder / name).write_bytes(base64.b64decode(data))
    scrape = {
        "job_name": "argosy",
        "scheme": "https",
        "scrape_interval": "1s",
        "static_configs": [{"targets": [cluster["server"].removeprefix("https://")]}],
        "tls_config": {
            "ca_file": str(folder / "ca"),
            "cert_file": str(folder / "cert"),
            "key_file": str(folder / "key"),
        },
    }
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    return [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address={address}",
    ]


@pytest.fixture
def argosy(tmp_path: Path) -> Iterator[Argosy]:
    made = Argosy(tmp_path / "data")
    made.up()
    try:
        yield made
    finally:
        if made.process is not None:
            made.end(signal.SIGKILL)


@pytest.fixture
def prometheus(argosy: Argosy, tmp_path: Path) -> Iterator[str]:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (apt-get install prometheus)")
    folder = tmp_path / "prometheus"
    folder.mkdir()
    address = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, *scraping(argosy, folder, address)], stdout=log, stderr=log)
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


def asked(prometheus: str, query: str) -> list[Any]:
    url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            found: list[Any] = json.load(response)["data"]["result"]
    except OSError:
        return []
    return found


def test_stock_dashboards_show_data(argosy: Argosy, prometheus: str, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/a.yaml": config("a", "1")})
    argosy.apply_application("web", repository)
    argosy.eventually(lambda: argosy.status("web") == ("Synced", "Healthy"), "Synced and Healthy")
    repository.commit({"conf/a.yaml": config("a", "2")})
    argosy.refresh("web")

    until = CLOCK.monotonic() + PATIENCE
    while empty := [query for query in QUERIES if not asked(prometheus, query)]:
        assert CLOCK.monotonic() < until, f"no data for {empty}"
        pause(0.5)
