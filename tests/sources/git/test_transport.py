"""Git over SSH with a real sshd and over HTTPS with a real `git http-backend`: who is let in, and what refusals say."""

from __future__ import annotations

import asyncio
import base64
import getpass
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.git.writing import WritingMirrors
from argosy.sources.port import AccessDenied, Author, Credentials, NotFound
from tests.kit.ports import free_port

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
BACKEND = Path("/usr/lib/git-core/git-http-backend")
CANARY = "canary-5d1f0c"

needs_sshd = pytest.mark.skipif(SSHD is None, reason="sshd (openssh-server) is not installed")
needs_backend = pytest.mark.skipif(not BACKEND.exists(), reason="git http-backend is not installed")


@pytest.fixture
def mirrors(tmp_path: Path, clock: Any) -> Iterator[GitMirrors]:
    made = GitMirrors(tmp_path / "cache", clock, GitSettings(list_seconds=20))
    yield made
    made.close()


@dataclass
class Ssh:
    url: str
    key: str
    other_key: str
    known_hosts: str


def keygen(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.read_text()


@pytest.fixture
def ssh(tmp_path: Path, repository: Any) -> Iterator[Ssh]:
    home = tmp_path / "sshd"
    home.mkdir(mode=0o700)
    keygen(home / "host")
    key, other = keygen(home / "user"), keygen(home / "other")
    shutil.copy(home / "user.pub", home / "authorized")
    port = free_port()
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nPidFile {home}/pid\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {home}/authorized\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"PermitRootLogin prohibit-password\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    assert SSHD
    daemon = subprocess.Popen([SSHD, "-D", "-e", "-f", str(home / "config")], stderr=subprocess.DEVNULL)
    _wait_for(port)
    host = (home / "host.pub").read_text().split()
    yield Ssh(
        f"ssh://{getpass.getuser()}@127.0.0.1:{port}{repository.path}",
        key,
        other,
        f"[127.0.0.1]:{port} {host[0]} {host[1]}",
    )
    daemon.terminate()
    daemon.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    raise AssertionError("the server did not start")


@needs_sshd
def test_an_ssh_key_with_a_known_host_is_let_in(mirrors: GitMirrors, repository: Any, ssh: Ssh) -> None:
    head = repository.commit({"a": "1"})
    given = Credentials(ssh_private_key=ssh.key, known_hosts=ssh.known_hosts)
    assert asyncio.run(mirrors.resolve(ssh.url, "main", given)) == head
    assert asyncio.run(mirrors.tree(ssh.url, head, given)).read("a") == b"1"


@needs_sshd
def test_ssh_refusals_say_what_users_search_for(mirrors: GitMirrors, repository: Any, ssh: Ssh) -> None:
    repository.commit({"a": "1"})
    right = Credentials(ssh_private_key=ssh.key, known_hosts=ssh.known_hosts)
    stranger = ssh.known_hosts.rpartition(" ")[0] + " " + ssh_public(ssh)
    for given, words in (
        (replace(right, ssh_private_key=ssh.other_key), "unable to authenticate"),
        (replace(right, known_hosts=""), "knownhosts: key is unknown"),
        (replace(right, known_hosts=stranger), "knownhosts: key"),
        (replace(right, ssh_private_key=""), "unable to authenticate"),
        (replace(right, ssh_private_key=CANARY), "ssh: "),
    ):
        with pytest.raises(AccessDenied, match=words) as refused:
            asyncio.run(mirrors.resolve(ssh.url, "main", given))
        assert CANARY not in str(refused.value)
        assert "PRIVATE KEY" not in str(refused.value)
    with pytest.raises(NotFound, match="repository not found"):
        asyncio.run(mirrors.resolve(ssh.url + "-gone", "main", right))


def ssh_public(ssh: Ssh) -> str:
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    public = load_ssh_private_key(ssh.other_key.encode(), None).public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).split()[1].decode()


@needs_sshd
def test_an_insecure_repository_takes_any_host_key(mirrors: GitMirrors, repository: Any, ssh: Ssh) -> None:
    head = repository.commit({"a": "1"})
    given = Credentials(ssh_private_key=ssh.key, insecure=True)
    assert asyncio.run(mirrors.resolve(ssh.url, "main", given)) == head


@needs_sshd
def test_the_agents_keys_are_offered_only_when_configured(
    mirrors: GitMirrors, repository: Any, ssh: Ssh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repository.commit({"a": "1"})
    agent_socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(agent_socket)], stdout=subprocess.DEVNULL)
    try:
        while not agent_socket.exists():
            threading.Event().wait(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent_socket))
        subprocess.run(["ssh-add", "-q", str(tmp_path / "sshd" / "user")], check=True, stderr=subprocess.DEVNULL)
        given = Credentials(known_hosts=ssh.known_hosts, ssh_agent=True)
        assert asyncio.run(mirrors.resolve(ssh.url, "main", given)) == head
        with pytest.raises(AccessDenied):
            asyncio.run(mirrors.resolve(ssh.url, "main", replace(given, ssh_agent=False)))
    finally:
        agent.terminate()
        agent.wait()


@dataclass
class Https:
    """`git http-backend` behind TLS. `seen` holds the Authorization headers that arrived."""

    port: int
    ca_pem: str
    seen: list[str] = field(default_factory=list)
    redirect_to: str = ""
    accepts: Callable[[str], bool] = lambda header: True

    def url(self, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}/work/.git"


def certificate(directory: Path) -> tuple[Path, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    (directory / "server.pem").write_text(pem + private)
    assert ip_address("127.0.0.1")
    return directory / "server.pem", pem


@pytest.fixture
def https(tmp_path: Path, repository: Any) -> Iterator[Https]:
    file, pem = certificate(tmp_path)
    state = Https(0, pem)

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            header = self.headers.get("Authorization", "")
            state.seen.append(header)
            if state.redirect_to:
                self.send_response(302)
                self.send_header("Location", state.redirect_to + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif not state.accepts(header):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._backend()

        do_POST = do_GET  # noqa: N815

        def _backend(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            environment = {
                "PATH": "/usr/bin:/bin", "GIT_PROJECT_ROOT": str(tmp_path), "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "HOME": str(tmp_path),
                "CONTENT_TYPE": self.headers.get("Content-Type") or "", "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
            }  # fmt: skip
            answer = subprocess.run([BACKEND], input=body, env=environment, capture_output=True, check=False).stdout
            head, _, rest = answer.partition(b"\r\n\r\n")
            lines = [line.partition(": ") for line in head.decode().split("\r\n")]
            status = next((int(value.split()[0]) for name, _, value in lines if name == "Status"), 200)
            self.send_response(status)
            for name, _, value in lines:
                if name and name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *arguments: None  # type: ignore[method-assign]
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


async def pushed(writer: WritingMirrors, url: str, given: Credentials) -> str:
    """A commit with its note on a branch of its own."""
    someone = Author("someone", "someone@example.com")
    head = await writer.head(url, "main", given)
    commit = await writer.commit(url, head, {"b": b"2"}, "next", someone, given)
    await writer.push(url, "other", commit, given)
    await writer.annotate(url, commit, "test", "noted", someone, given)
    assert await writer.note(url, commit, "test", given) == "noted"
    return commit


@needs_sshd
def test_a_push_by_ssh_needs_the_key(mirrors: GitMirrors, clock: Any, repository: Any, ssh: Ssh) -> None:
    head = repository.commit({"a": "1"})
    given = Credentials(ssh_private_key=ssh.key, known_hosts=ssh.known_hosts)
    writer = WritingMirrors(mirrors, clock)
    commit = asyncio.run(pushed(writer, ssh.url, given))
    assert repository.git("rev-parse", "other", "other^") == f"{commit}\n{head}"
    assert repository.git("notes", "--ref", "test", "show", commit) == "noted"
    for wrong in (replace(given, ssh_private_key=ssh.other_key), replace(given, known_hosts="")):
        with pytest.raises(AccessDenied):
            asyncio.run(writer.push(ssh.url, "third", commit, wrong))


@needs_backend
def test_a_push_by_https_needs_the_password_and_no_error_shows_it(
    mirrors: GitMirrors, clock: Any, repository: Any, https: Https
) -> None:
    repository.commit({"a": "1"})
    repository.git("config", "http.receivepack", "true")
    https.accepts = lambda seen: seen == basic("u", CANARY)
    given = Credentials(username="u", password=CANARY, ca_pem=https.ca_pem)
    writer = WritingMirrors(mirrors, clock)
    commit = asyncio.run(pushed(writer, https.url(), given))
    assert repository.git("rev-parse", "other") == commit
    https.accepts = lambda seen: False
    with pytest.raises(AccessDenied, match="authentication required") as refused:
        asyncio.run(writer.push(https.url(), "third", commit, given))
    assert CANARY not in str(refused.value)


@needs_backend
def test_a_hook_that_declines_is_no_lost_race(mirrors: GitMirrors, clock: Any, repository: Any, https: Https) -> None:
    repository.commit({"a": "1"})
    repository.git("config", "http.receivepack", "true")
    https.accepts = lambda seen: seen == basic("u", CANARY)
    hook = repository.path / ".git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no: cannot lock ref'\nexit 1\n")
    hook.chmod(0o755)
    given = Credentials(username="u", password=CANARY, ca_pem=https.ca_pem)
    with pytest.raises(AccessDenied, match="pre-receive hook declined"):
        asyncio.run(pushed(WritingMirrors(mirrors, clock), https.url(), given))


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@needs_backend
@pytest.mark.parametrize(
    ("given", "header"),
    [
        (Credentials(username="u", password=CANARY), basic("u", CANARY)),
        (Credentials(password=CANARY), basic("git", CANARY)),
        (Credentials(bearer_token=CANARY), f"Bearer {CANARY}"),
        (Credentials(username="u", password=CANARY, force_http_basic_auth=True), basic("u", CANARY)),
    ],
)
def test_https_credentials_reach_the_server(
    mirrors: GitMirrors, repository: Any, https: Https, given: Credentials, header: str
) -> None:
    head = repository.commit({"a": "1"})
    https.accepts = lambda seen: seen == header
    given = replace(given, ca_pem=https.ca_pem)
    assert asyncio.run(mirrors.resolve(https.url(), "main", given)) == head
    assert asyncio.run(mirrors.tree(https.url(), head, given)).read("a") == b"1"


@needs_backend
def test_https_refusals_say_what_users_search_for_and_never_the_password(
    mirrors: GitMirrors, repository: Any, https: Https
) -> None:
    repository.commit({"a": "1"})
    https.accepts = lambda seen: False
    right = Credentials(username="u", password=CANARY, ca_pem=https.ca_pem)
    for given, url, words in (
        (right, https.url(), "authentication required"),
        (replace(right, password="", username=""), https.url(), "authentication required"),
        (replace(right, ca_pem=""), https.url(), "x509: certificate"),
        (right, https.url("127.0.0.1"), "x509: certificate"),
        (right, f"https://u:{CANARY}@localhost:{https.port}/work/.git", "authentication required"),
    ):
        with pytest.raises(AccessDenied, match=words) as refused:
            asyncio.run(mirrors.resolve(url, "main", given))
        assert CANARY not in str(refused.value)


@needs_backend
def test_an_insecure_repository_takes_any_certificate(mirrors: GitMirrors, repository: Any, https: Https) -> None:
    head = repository.commit({"a": "1"})
    assert asyncio.run(mirrors.resolve(https.url(), "main", Credentials(insecure=True))) == head


@needs_backend
@pytest.mark.parametrize("token", ["password", "bearer_token"])
def test_credentials_do_not_follow_a_redirect_to_another_host(
    mirrors: GitMirrors, repository: Any, https: Https, token: str
) -> None:
    repository.commit({"a": "1"})
    caught: list[str] = []

    class Thief(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            caught.append(self.headers.get("Authorization", ""))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

    thief = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Thief)
    thread = threading.Thread(target=thief.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    https.redirect_to = f"http://127.0.0.1:{thief.server_address[1]}"
    secret: dict[str, Any] = {token: CANARY}
    given = Credentials(ca_pem=https.ca_pem, username="u", **secret)
    with pytest.raises(AccessDenied):
        asyncio.run(mirrors.resolve(https.url(), "main", given))
    thief.shutdown()
    thread.join()
    thief.server_close()
    assert not any(caught)
