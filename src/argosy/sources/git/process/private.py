"""One git operation's private directory: keys, known hosts and configuration as files, so that no secret is ever in an
argument, in the environment or in a log. Mode 0700, removed when the operation ends. It also defines what the operation
can reach: its repository's host through a gateway, or a repository on this machine.
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from argosy.sources.egress import EgressPolicy
from argosy.sources.gateway import Gateway, Target
from argosy.sources.git.process.local import local_paths
from argosy.sources.port import Credentials, Rejected
from argosy.sources.urls import authority_of, host_of, is_local, is_ssh, port_of, proxy_for

PREFIX: Final = "git-"
SSH_PORT: Final = 22

# Answers git's two questions from files next to it, for the one host that the credentials belong to.
ASKPASS: Final = """#!/bin/sh
here="${0%/*}"
IFS= read -r host < "$here/host"
case "$1" in
  *"//$host'"*|*"//$host/"*|*"@$host'"*|*"@$host/"*) ;;
  *) exit 1 ;;
esac
case "$1" in
  Username*) cat "$here/username" ;;
  Password*) cat "$here/password" ;;
  *) exit 1 ;;
esac
"""

SSH_OPTIONS: Final = (
    "-F", "/dev/null",
    "-o", "BatchMode=yes",
    "-o", "ConnectTimeout=15",
    "-o", "ForwardAgent=no",
    "-o", "ForwardX11=no",
    "-o", "PermitLocalCommand=no",
    "-o", "UpdateHostKeys=no",
    "-o", "GlobalKnownHostsFile=/dev/null",
    "-o", "CASignatureAlgorithms=-ssh-rsa",
    "-o", "HostName=127.0.0.1",
    "-o", "CheckHostIP=no",
)  # fmt: skip


class Private:
    """Use as a context manager; `environment` is the complete environment for git.

    `reads`, `writes` and `gateway` are what else it needs in its sandbox. Without a URL it reaches nothing.
    """

    def __init__(
        self,
        parent: Path,
        url: str,
        credentials: Credentials,
        *,
        allow_local: bool,
        policy: EgressPolicy | None = None,
        instead: str = "",
    ) -> None:
        """`policy`: allowed addresses; on a developer's machine, local services too. `instead`: a repository
        on this machine that replaces the URL; then nothing is connected to, and no credential is used."""
        self._parent = parent
        self._policy = policy or EgressPolicy(allow_loopback=allow_local)
        self.reads: list[Path] = []
        self.writes: list[Path] = []
        self.gateway: Gateway | None = None
        self._url, self._instead = url, instead
        self._credentials = Credentials() if instead else credentials
        self._allow_local = allow_local
        self._directory = Path()
        self.directory = Path()
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._directory = self.directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._parent))
        self.reads.append(self._directory)
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self._directory),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self._write("config", self._configuration())),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "https:http:ssh" + (":file" if self._allow_local or self._instead else ""),
            "GIT_ASKPASS": str(self._askpass()),
            "GIT_OPTIONAL_LOCKS": "0",
        }
        if not self._url:
            return self
        if is_local(there := self._instead or self._url):
            self.writes += local_paths(there)
            return self
        if is_ssh(self._url):
            self._with_ssh()
        self.gateway = self._way_out()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)

    def _way_out(self) -> Gateway:
        """Proxies are for HTTP, as git has it."""
        ssh = is_ssh(self._url)
        proxy = "" if ssh else proxy_for(self._url, self._credentials.proxy, self._credentials.no_proxy)
        return Gateway(Target(host_of(self._url), port_of(self._url)), self._policy, proxy=proxy, plain=ssh)

    def _configuration(self) -> str:
        """Options that `-c` would set, as a file: some are secret."""
        lines = ["[core]", "\thooksPath = /dev/null", "[credential]", "\thelper =", "[http]"]
        lines += [f"\t{name} = {_quoted(value)}" for name, value in self._http_options()]
        if self._instead:
            lines += [f'[url "file://{self._instead}"]', f"\tinsteadOf = {_quoted(self._url)}"]
        if self._url and (header := self._header()):
            origin = f"{self._url.partition('://')[0]}://{authority_of(self._url)}/"
            lines += [f'[http "{origin}"]', f"\textraHeader = {_quoted(header)}"]
        return "\n".join(lines) + "\n"

    def _http_options(self) -> list[tuple[str, str]]:
        given = self._credentials
        options = [("followRedirects", "false"), ("lowSpeedLimit", "1000"), ("lowSpeedTime", "30")]
        options.append(("sslVersion", "tlsv1.2"))
        if given.insecure:
            options.append(("sslVerify", "false"))
        if given.ca_pem:
            options.append(("sslCAInfo", str(self._write("ca.pem", given.ca_pem))))
        if given.tls_client_cert and given.tls_client_key:
            options.append(("sslCert", str(self._write("client.pem", given.tls_client_cert))))
            options.append(("sslKey", str(self._write("client.key", given.tls_client_key))))
        return options

    def _header(self) -> str:
        given = self._credentials
        if is_ssh(self._url):
            return ""
        if given.bearer_token:
            return f"Authorization: Bearer {given.bearer_token}"
        if given.force_http_basic_auth and given.password:
            return "Authorization: Basic " + base64.b64encode(f"{given.username}:{given.password}".encode()).decode()
        return ""

    def _askpass(self) -> Path:
        """A token without a user name gets one: some hosts require one, and ignore it."""
        given = self._credentials
        if not given.password or not self._url or is_ssh(self._url):
            return Path("/bin/false")
        self._write("host", authority_of(self._url) + "\n")
        self._write("username", given.username or "git")
        self._write("password", given.password)
        return self._write("askpass", ASKPASS, mode=0o700)

    def _with_ssh(self) -> None:
        given = self._credentials
        port = port_of(self._url)
        name = host_of(self._url) if port == SSH_PORT else f"[{host_of(self._url)}]:{port}"
        options = [*SSH_OPTIONS, "-o", f"HostKeyAlias={name}"]
        if given.insecure:
            options += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        else:
            known = self._write("known_hosts", given.known_hosts.rstrip() + "\n")
            options += ["-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={known}"]
        if given.ssh_private_key:
            key = self._write("key", given.ssh_private_key.replace("\r\n", "\n").strip() + "\n")
            options += ["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i", str(key)]
        elif given.ssh_agent and (agent := os.environ.get("SSH_AUTH_SOCK")):
            self.environment["SSH_AUTH_SOCK"] = agent
            self.writes.append(Path(agent))
        else:
            options += ["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "IdentityFile=none"]
        # GIT_SSH names a program and is run without a shell; every word in it is ours.
        words = " ".join(f"'{option}'" for option in options)
        wrapper = self._write("ssh", f'#!/bin/sh\nexec ssh {words} -o "Port=$ARGOSY_WAY_OUT" "$@"\n', mode=0o700)
        self.environment |= {"GIT_SSH": str(wrapper), "GIT_SSH_VARIANT": "ssh"}

    def _write(self, name: str, text: str, *, mode: int = 0o600) -> Path:
        path = self._directory / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        return path


def _quoted(value: str) -> str:
    """A value for git's configuration file."""
    if not value.isprintable():
        raise Rejected("a repository's credentials have a character that is not allowed")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
