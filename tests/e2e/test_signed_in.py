"""`argosy login`, then commands of every kind with `--server`: what works with a kubeconfig works with a sign-in."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .up_process import CLOCK, PATIENCE, Argosy, Repository, config, pause


@pytest.fixture
def argosy(tmp_path: Path) -> Iterator[Argosy]:
    made = Argosy(tmp_path / "data")
    made.up()
    try:
        yield made
    finally:
        made.end()


class SignedIn:
    def __init__(self, argosy: Argosy, place: Path) -> None:
        self.server = (argosy.data / "server").read_text().strip().partition("://")[2]
        self._environment = {**os.environ, "ARGOSY_CONFIG_DIR": str(place / "config")}
        self._environment |= {"ARGOSY_DATA_DIR": str(place / "nothing")}  # no kubeconfig is there to fall back to

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "argosy.cli.main", *arguments],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            env=self._environment,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def at(self, *arguments: str, code: int = 0) -> str:
        return self.run(*arguments, "--server", self.server, code=code)

    def wait_served(self) -> None:
        until = CLOCK.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"https://{self.server}/healthz", timeout=5)
            except urllib.error.URLError as error:
                if "CERTIFICATE_VERIFY_FAILED" in str(error):  # it answers
                    return
            assert CLOCK.monotonic() < until, "the server does not answer"
            pause(0.2)


def test_commands_work_by_a_sign_in_alone(argosy: Argosy, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"conf/c.yaml": config("c", "one")})
    by = SignedIn(argosy, tmp_path)
    by.wait_served()
    password = argosy.command("admin", "initial-password").stdout.split()[0]

    assert "not signed in" in by.at("app", "list", code=20)
    assert "not trusted" in by.run("login", by.server, "--username", "admin", "--password", password, code=20)
    assert "Invalid username" in by.run(
        "login", by.server, "--insecure", "--username", "admin", "--password", "no", code=20
    )
    by.run("login", by.server, "--insecure", "--username", "admin", "--password", password)
    assert "Username: admin" in by.at("account", "get-user-info")
    by.run("login", by.server, "--insecure", "--name", "own", "--username", "admin", "--password", password)
    assert "Context 'own' updated" in by.run("relogin", "--password", password)
    assert "Username: admin" in by.run("--argocd-context", "own", "account", "get-user-info", "--grpc-web")
    assert "argosy-server: v" in by.run("version", "--short", "--argocd-context", "own")
    assert by.at("account", "can-i", "sync", "applications", "*/*").strip() == "yes"

    source = ("--repo", str(repository.directory), "--path", "conf", "--sync-option", "CreateNamespace=true")
    destination = ("--dest-server", "https://kubernetes.default.svc", "--dest-namespace", "web")
    by.at("app", "create", "web", *source, *destination)
    by.at("app", "sync", "web")
    by.at("app", "wait", "web", "--timeout", "90")
    assert "web" in by.at("app", "list", "-o", "name")
    by.at("app", "diff", "web")
    assert "ConfigMap" in by.at("app", "manifests", "web")
    merge = ("--patch-type", "application/merge-patch+json")
    by.at("app", "patch-resource", "web", "--kind", "ConfigMap", "--patch", '{"data":{"value":"two"}}', *merge)
    argosy.eventually(lambda: argosy.get("configmap", "c", "-n", "web")["data"]["value"] == "two", "patched")
    assert "< " in by.at("app", "diff", "web", "--refresh", code=1)
    assert "toggle-auto-sync" in by.at("app", "actions", "list", "web")
    by.at("app", "rollback", "web", "0")
    argosy.eventually(lambda: argosy.get("configmap", "c", "-n", "web")["data"]["value"] == "one", "rolled back")
    assert "0 " in by.at("app", "history", "web")

    by.at("proj", "create", "team", "-d", "*,*", "-s", "*")
    by.at("proj", "role", "create", "team", "reader")
    by.at("proj", "role", "add-policy", "team", "reader", "-a", "get", "-o", "*")
    token = by.at("proj", "role", "create-token", "team", "reader", "--token-only").strip()
    assert "web" not in by.at("app", "list", "-o", "name", "--auth-token", token), "it sees its own project alone"
    assert "ermission denied" in by.at("app", "create", "x", *source, *destination, "--auth-token", token, code=20)
    assert "in-cluster" in by.at("cluster", "list")
    for kind in ("repo", "repocreds", "cert", "gpg", "appset"):
        by.at(kind, "list")
    by.at("app", "delete", "web", "--yes", "--wait")
    secret = tmp_path / "secret.yaml"
    secret.write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: web}\nstringData: {key: never-shown}\n"
    )
    sealed = by.at("seal", "create", "-f", str(secret))
    assert "SealedSecret" in sealed
    assert "never-shown" not in sealed
    assert by.at("seal", "cert") == argosy.command("seal", "cert").stdout
    check_keys(argosy, by, tmp_path, sealed)

    audit = argosy.command("audit").stdout
    assert "ProjectService/CreateToken" in audit
    by.run("logout", "own")
    by.run("logout", by.server)
    assert "not signed in" in by.at("app", "list", code=20)


def check_keys(argosy: Argosy, by: SignedIn, place: Path, sealed: str) -> None:
    """What opens and what is sealed again, and the keys that do it."""
    directory, backup, passphrase = place / "sealed", place / "keys.age", place / "passphrase"
    directory.mkdir()
    file = directory / "s.yaml"
    file.write_text(sealed)
    passphrase.write_text("a passphrase that is long enough")
    locked = ("--passphrase-file", str(passphrase))
    made = by.at("keys", "new", "--bits", "2048").split()[0].removeprefix("secret/")
    listed = by.at("keys", "list")
    assert listed == argosy.command("keys", "list").stdout
    assert made in listed
    by.at("seal", "reencrypt", str(directory))
    assert file.read_text() != sealed, "sealed with the new key"
    by.at("seal", "verify", str(directory))
    file.write_text(sealed.replace("name: s\n", "name: other\n"))
    assert "cannot open" in by.at("seal", "verify", str(directory), code=1)
    assert "2 keys are in" in by.at("keys", "backup", "-w", str(backup), *locked)
    assert "PRIVATE" not in backup.read_bytes().decode(errors="replace")
    argosy.kubectl("delete", "secret", made, "-n", "kube-system")
    assert "1 keys restored, 1 were there" in by.at("keys", "restore", str(backup), *locked)
