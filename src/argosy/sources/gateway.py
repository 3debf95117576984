"""The egress of a sandboxed program, which has no network of its own: one host and port, under the egress policy.

The program connects to a port of its own 127.0.0.1, as a SOCKS 5 proxy or, for ssh, as if it were the host itself. Here
the name is resolved, every address checked, and the connection made to a checked address; its data is not inspected,
and is encrypted from end to end if the program's protocol is. One thread per connection and direction.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from argosy.sources.egress import EgressPolicy
from argosy.sources.port import Rejected, Unavailable
from argosy.sources.scrub import scrub

CONNECT_SECONDS: Final = 15.0
PIECE: Final = 256 * 1024
CONNECTIONS: Final = 64
HEAD_LIMIT: Final = 16 * 1024
_GRANTED, _REFUSED, _UNREACHABLE = 0, 2, 4


class Refused(Exception):
    """The policy denies it; or another host was requested than the intended one."""


class Unreached(Exception):
    """The connection failed; the message says why in our words."""


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int


class Gateway:
    """Serves the listener passed to `serve`, until it is closed. `proxy`: a URL of an upstream proxy."""

    def __init__(self, target: Target, policy: EgressPolicy, *, proxy: str = "", plain: bool = False) -> None:
        """`plain`: each connection is to the target, without SOCKS."""
        self._target, self._policy, self._proxy, self._plain = target, policy, proxy, plain
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.refusal = ""
        """Why the policy denied connections, if it did."""
        self.problem = ""
        """Why the host could not be reached, if so."""

    def serve(self, listener: socket.socket) -> None:
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True, name="gateway").start()

    def explain(self, url: str) -> None:
        """Raises Rejected or Unavailable when the program failed because of an error here."""
        if self.refusal:
            raise Rejected(f"{scrub(url)}: {self.refusal}")
        if self.problem:
            raise Unavailable(f"{scrub(url)}: {self.problem}")

    def close(self) -> None:
        """Closes all connections."""
        with self._lock:
            opened, self._open = list(self._open), set()
        for each in [*opened, *([self._listener] if self._listener else [])]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(CONNECTIONS):
            try:
                found, _ = listener.accept()
            except OSError:
                return
            self._keep(found)
            threading.Thread(target=self._serve, args=(found,), daemon=True, name="gateway").start()

    def _serve(self, inside: socket.socket) -> None:
        outside: socket.socket | None = None
        try:
            inside.settimeout(CONNECT_SECONDS)
            wanted = self._target if self._plain else _requested_target(inside)
            outside = self._connected(wanted)
            self._keep(outside)
            self._answer(inside, _GRANTED)
            inside.settimeout(None)
            outside.settimeout(None)
            back = threading.Thread(target=_pump, args=(outside, inside), daemon=True, name="gateway")
            back.start()
            _pump(inside, outside)
            back.join()
        except Refused as refused:
            self.refusal = str(refused)
            self._answer(inside, _REFUSED)
        except Unreached as problem:
            self.problem = str(problem)
            self._answer(inside, _UNREACHABLE)
        except (OSError, ValueError):
            pass
        finally:
            for each in (inside, outside):
                self._drop(each)

    def _connected(self, wanted: Target) -> socket.socket:
        if wanted.port != self._target.port or _plain_name(wanted.host) != _plain_name(self._target.host):
            raise Refused("another host was asked for than the repository's")
        if self._proxy:
            return self._through_proxy()
        return self._direct(self._target)

    def _direct(self, target: Target) -> socket.socket:
        """Every address of the name is checked before any is connected to."""
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unreached("could not resolve host") from None
        for *_, address in found:
            if reason := self._policy.refusal(str(address[0])):
                raise Refused(f"{target.host}: the address {address[0]} {reason}")
        problem = "no address"
        for family, kind, protocol, _, address in found:
            made = socket.socket(family, kind, protocol)
            made.settimeout(CONNECT_SECONDS)
            try:
                made.connect(address)
            except OSError as error:
                made.close()
                problem = (error.strerror or "no answer in time").lower()
            else:
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return made
        raise Unreached(f"could not connect: {problem}")

    def _through_proxy(self) -> socket.socket:
        """By CONNECT, or SOCKS 5; a literal address requested from the proxy is checked as well."""
        with contextlib.suppress(ValueError):
            if reason := self._policy.refusal(self._target.host):
                raise Refused(f"{self._target.host}: the address {reason}")
        parts = urlsplit(self._proxy)
        default = {"https": 443, "socks5": 1080, "socks5h": 1080}.get(parts.scheme, 80)
        place = Target(parts.hostname or "", parts.port or default)
        made = self._direct(place)
        try:
            if parts.scheme == "https":
                made = ssl.create_default_context().wrap_socket(made, server_hostname=place.host)
            if parts.scheme in ("socks5", "socks5h"):
                _socks_connect(made, self._target)
            else:
                _http_connect(made, self._target, unquote(parts.username or ""), unquote(parts.password or ""))
        except (OSError, ValueError):
            made.close()
            raise Unreached("the proxy did not connect") from None
        return made

    def _answer(self, inside: socket.socket, code: int) -> None:
        if not self._plain:
            with contextlib.suppress(OSError):
                inside.sendall(bytes((5, code, 0, 1, 0, 0, 0, 0, 0, 0)))

    def _keep(self, each: socket.socket) -> None:
        with self._lock:
            self._open.add(each)

    def _drop(self, each: socket.socket | None) -> None:
        if each is None:
            return
        with self._lock:
            self._open.discard(each)
        each.close()


def _plain_name(host: str) -> str:
    """Programs normalise addresses and international names in their own way before they connect."""
    text = host.strip("[]").lower()
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(text.partition("%")[0]))
    with contextlib.suppress(OSError):
        return str(ipaddress.IPv4Address(socket.inet_aton(text)))
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        return text


def _requested_target(inside: socket.socket) -> Target:
    """The address a SOCKS 5 client wants to connect to."""
    version, count = _exactly(inside, 2)
    _exactly(inside, count)
    if version != 5:
        raise ValueError("not SOCKS 5")
    inside.sendall(b"\x05\x00")
    _, command, _, kind = _exactly(inside, 4)
    if kind == 3:
        host = _exactly(inside, _exactly(inside, 1)[0]).decode("ascii")
    elif kind in (1, 4):
        host = socket.inet_ntop(
            socket.AF_INET if kind == 1 else socket.AF_INET6, _exactly(inside, 4 if kind == 1 else 16)
        )
    else:
        raise ValueError("an address of no known kind")
    port = int.from_bytes(_exactly(inside, 2), "big")
    if command != 1:
        raise ValueError("only connections are made")
    return Target(host, port)


def _socks_connect(made: socket.socket, target: Target) -> None:
    made.sendall(b"\x05\x01\x00")
    if _exactly(made, 2) != b"\x05\x00":
        raise ValueError("the proxy wants more than a name")
    name = target.host.encode("idna")
    made.sendall(b"\x05\x01\x00\x03" + bytes((len(name),)) + name + target.port.to_bytes(2, "big"))
    _, code, _, kind = _exactly(made, 4)
    _exactly(made, {1: 4, 4: 16}.get(kind) or _exactly(made, 1)[0])
    _exactly(made, 2)
    if code != 0:
        raise ValueError("the proxy refused")


def _http_connect(made: socket.socket, target: Target, user: str, password: str) -> None:
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
    if user or password:
        lines.append("Proxy-Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    made.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _exactly(made, 1)
        if len(head) > HEAD_LIMIT:
            raise ValueError("the proxy's answer does not end")
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise ValueError("the proxy refused")


def _exactly(made: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = made.recv(count - len(found))
        if not part:
            raise ValueError("it ended early")
        found += part
    return found


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Until one side closes; the other is notified."""
    with contextlib.suppress(OSError):
        while part := source.recv(PIECE):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
