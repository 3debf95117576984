"""One trace follows a commit through the webhook, rendering, comparison and apply of a real process."""

from __future__ import annotations

import http.server
import json
import signal
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.up_process import Argosy, Repository, config

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
TRACE = "0af7651916cd43dd8448eb211c80319c"
WANTED = {"webhook", "webhook.concerned", "reconcile", "compare", "git fetch", "render", "apply"}


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes spans as OTLP over HTTP."""

    names: dict[str, set[str]]

    def do_POST(self) -> None:
        body = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in body.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.names.setdefault(span.trace_id.hex(), set()).add(span.name)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *given: object) -> None:  # noqa: A002
        pass


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *given: object) -> None:  # noqa: A002
        pass


def serving(handler: object) -> http.server.ThreadingHTTPServer:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made


@pytest.fixture
def names() -> Iterator[tuple[str, dict[str, set[str]]]]:
    found: dict[str, set[str]] = {}
    server = serving(type("Told", (Collector,), {"names": found}))
    yield f"http://127.0.0.1:{server.server_port}", found
    server.shutdown()
    server.server_close()


def test_one_trace_follows_a_commit(
    tmp_path: Path, names: tuple[str, dict[str, set[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, found = names
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/a.yaml": config("a", "1")})
    files = serving(partial(Files, directory=str(tmp_path)))
    url = f"http://127.0.0.1:{files.server_port}/repository/.git"
    subprocess.run(["git", "-C", str(repository.directory), "update-server-info"], check=True)
    argosy = Argosy(tmp_path / "data")
    argosy.up()
    try:
        argosy.apply_application("web", repository)
        argosy.kubectl(
            "patch", "application", "web", "-n", "argocd", "--type=merge",
            "-p", json.dumps({"spec": {"source": {"repoURL": url}}}),
        )  # fmt: skip
        argosy.eventually(lambda: argosy.status("web") == ("Synced", "Healthy"), "Synced and Healthy")
        repository.commit({"conf/a.yaml": config("a", "2")})
        subprocess.run(["git", "-C", str(repository.directory), "update-server-info"], check=True)
        argosy.eventually(lambda: pushed(argosy, url), "the webhook is taken")
        argosy.eventually(lambda: argosy.data_of("a", "web") == {"value": "2"}, "the commit is applied")

        argosy.eventually(lambda: found.get(TRACE, set()) >= WANTED, f"the trace: {found.get(TRACE)}")
        app = argosy.get("application", "web", "-n", "argocd")
        assert "argosy.dev/traceparent" not in (app["metadata"].get("annotations") or {})
    finally:
        argosy.end(signal.SIGKILL)
        files.shutdown()
        files.server_close()


def pushed(argosy: Argosy, url: str) -> bool:
    push = {
        "ref": "refs/heads/main",
        "repository": {"html_url": url.removesuffix("/.git") + "/.git", "default_branch": "main"},
        "commits": [{"added": [], "removed": [], "modified": ["conf/a.yaml"]}],
        "before": "0" * 40,
        "after": "1" * 40,
    }
    request = urllib.request.Request(
        (argosy.data / "server").read_text().strip() + "/api/webhook",
        data=json.dumps(push).encode(),
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        },
    )
    unchecked = ssl._create_unverified_context()  # its own certificate
    try:
        with urllib.request.urlopen(request, timeout=20, context=unchecked) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False
