"""One git operation's private directory: keys, known hosts and configuration as files, so that no secret is ever in an
argument, in the environment or in a log. Mode 0700, removed when the operation ends.
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from argosy.sources.port import Credentials, Rejected
from argosy.sources.urls import authority_of, is_ssh, proxy_for

PREFIX: Final = "git-"

# Answers git's two questions from files beside it, for the one host that the credentials belong to: git follows
# redirects, and would ask on behalf of wherever they lead.
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
)  # fmt: skip


class Private:
    """Use as a context manager; `environment` is the whole environment for git."""

    def __init__(self, parent: Path, url: str, credentials: Credentials, *, allow_local: bool) -> None:
        self._parent = parent
        self._url = url
        self._credentials = credentials
        self._allow_local = allow_local
        self._directory = Path()
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._parent))
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self._directory),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self._write("config", self._configuration())),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "https:http:ssh" + (":file" if self._allow_local else ""),
            "GIT_ASKPASS": str(self._askpass()),
            "GIT_OPTIONAL_LOCKS": "0",
        }
        if is_ssh(self._url):
            self._with_ssh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)

    def _configuration(self) -> str:
        """What would be `-c` options, as a file: some of it is secret."""
        lines = ["[core]", "\thooksPath = /dev/null", "[credential]", "\thelper =", "[http]"]
        lines += [f"\t{name} = {_quoted(value)}" for name, value in self._http_options()]
        if header := self._header():
            origin = f"{self._url.partition('://')[0]}://{authority_of(self._url)}/"
            lines += [f'[http "{origin}"]', f"\textraHeader = {_quoted(header)}"]
        return "\n".join(lines) + "\n"

    def _http_options(self) -> list[tuple[str, str]]:
        given = self._credentials
        options = [("followRedirects", "initial"), ("lowSpeedLimit", "1000"), ("lowSpeedTime", "30")]
        options.append(("sslVersion", "tlsv1.2"))
        if given.insecure:
            options.append(("sslVerify", "false"))
        if given.ca_pem:
            options.append(("sslCAInfo", str(self._write("ca.pem", given.ca_pem))))
        if given.tls_client_cert and given.tls_client_key:
            options.append(("sslCert", str(self._write("client.pem", given.tls_client_cert))))
            options.append(("sslKey", str(self._write("client.key", given.tls_client_key))))
        if proxy := proxy_for(self._url, given.proxy, given.no_proxy):
            options.append(("proxy", proxy))
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
        """A token without user name gets one: hosts ask for some, and don't look at it."""
        given = self._credentials
        if not given.password or is_ssh(self._url):
            return Path("/bin/false")
        self._write("host", authority_of(self._url) + "\n")
        self._write("username", given.username or "git")
        self._write("password", given.password)
        return self._write("askpass", ASKPASS, mode=0o700)

    def _with_ssh(self) -> None:
        given = self._credentials
        options = list(SSH_OPTIONS)
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
        else:
            options += ["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "IdentityFile=none"]
        # GIT_SSH names a program and is run without a shell; every word in it is ours.
        words = " ".join(f"'{option}'" for option in options)
        wrapper = self._write("ssh", f'#!/bin/sh\nexec ssh {words} "$@"\n', mode=0o700)
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
