"""Real servers on this machine, each a process of its own: Git over SSH, an OCI registry, and Prometheus."""

from __future__ import annotations

import base64
import getpass
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.e2e.up_process import CLOCK, pause
from tests.kit.ports import free_port

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
REGISTRY = shutil.which("docker-registry")
PROMETHEUS = shutil.which("prometheus")
PATIENCE = 60.0
AUTHOR = ("-c", "user.name=Dana Dev", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false")


def missing() -> list[str]:
    """What is to be installed for them, by the names of Debian's packages."""
    found = {"openssh-server": SSHD, "docker-registry": REGISTRY, "prometheus": PROMETHEUS}
    return [name for name, path in found.items() if path is None]


@contextmanager
def running(command: list[str], port: int, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """While it listens on the port."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stdout=written, stderr=written, env={**os.environ, **(environment or {})}, cwd=log.parent
        )
    try:
        until = CLOCK.monotonic() + PATIENCE
        while not _listens(port):
            assert process.poll() is None and CLOCK.monotonic() < until, log.read_text()
            pause(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class SshGit:
    """One repository behind an sshd that lets one key in."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        self.directory, self.port = directory, free_port()
        self.bare, self._copy = directory / "shop.git", directory / "copy"
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)]
            subprocess.run(command, check=True)
        self.key = (directory / "user").read_text()
        kind, public, *_ = (directory / "host.pub").read_text().split()
        self.known_hosts = f"[127.0.0.1]:{self.port} {kind} {public}\n"
        self.url = f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.bare}"

    @contextmanager
    def served(self) -> Iterator[None]:
        shutil.copy(self.directory / "user.pub", self.directory / "authorized")
        configuration = self.directory / "sshd_config"
        configuration.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.directory}/host\n"
            f"PidFile {self.directory}/pid\nUsePAM no\nStrictModes no\nMaxStartups 200\n"
            f"AuthorizedKeysFile {self.directory}/authorized\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
        )
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        assert SSHD
        command = [SSHD, "-D", "-e", "-f", str(configuration)]
        with running(command, self.port, self.directory / "sshd.log"):
            yield

    def push(self, files: Mapping[str, str], branches: list[str]) -> None:
        """The first commit, by a person with the key, to `main` and to the branches."""
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare)], check=True)
        for path, content in files.items():
            file = self._copy / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        (self.directory / "known_hosts").write_text(self.known_hosts)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git(*AUTHOR, "commit", "--quiet", "-m", "The first release")
        self.git("push", "--quiet", self.url, *(f"HEAD:refs/heads/{name}" for name in ("main", *branches)))

    def git(self, *arguments: str) -> str:
        own = self.directory
        ssh = f"ssh -F /dev/null -i {own}/user -o IdentitiesOnly=yes -o UserKnownHostsFile={own}/known_hosts"
        environment = {"PATH": os.environ["PATH"], "HOME": str(own), "GIT_SSH_COMMAND": ssh}
        command = ["git", "-C", str(self._copy), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shown(self, branch: str, path: str) -> str:
        command = ["git", "-C", str(self.bare), "show", f"{branch}:{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def log(self, branch: str) -> list[str]:
        command = ["git", "-C", str(self.bare), "log", "--format=%s", branch]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@contextmanager
def registry(directory: Path) -> Iterator[int]:
    """Its port."""
    directory.mkdir()
    port = free_port()
    configuration = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(directory / "blobs")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (directory / "config.yml").write_text(yaml.safe_dump(configuration))
    assert REGISTRY
    with running([REGISTRY, "serve", str(directory / "config.yml")], port, directory / "registry.log"):
        yield port


@contextmanager
def prometheus(directory: Path, kubeconfig: Path, port: int) -> Iterator[str]:
    """Takes over the series of simulated traffic once a second, with the administrator's certificate; its address."""
    directory.mkdir()
    given = yaml.safe_load(kubeconfig.read_text())
    cluster, user = given["clusters"][0]["cluster"], given["users"][0]["user"]
    for name, data in {
        "ca": cluster["certificate-authority-data"],
        "cert": user["client-certificate-data"],
        "key": user["client-key-data"],
    }.items():
        (directory / name).write_bytes(base64.b64decode(data))
    scrape = {
        "job_name": "traffic",
        "scheme": "https",
        "metrics_path": "/federate",
        "params": {"match[]": ["http_requests_total"]},
        "honor_labels": True,
        "scrape_interval": "1s",
        "static_configs": [{"targets": [cluster["server"].removeprefix("https://")]}],
        "tls_config": {f"{name}_file": str(directory / name) for name in ("ca", "cert", "key")},
    }
    (directory / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    assert PROMETHEUS
    command = [
        PROMETHEUS,
        f"--config.file={directory}/prometheus.yml",
        f"--storage.tsdb.path={directory}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, port, directory / "prometheus.log"):
        yield f"http://127.0.0.1:{port}"
