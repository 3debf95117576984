"""The real Pebble ACME server on loopback, with challtestsrv for names and HTTP-01; skips where it is not installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from argosy.cluster.http import tls
from argosy.runtime.clock import RealClock
from tests.kit.ports import free_port

MAC_KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


@dataclass(frozen=True)
class Pebble:
    """`directory` is the server's URL, `bundle` PEM of its authority, `control` the URL of challtestsrv's API."""

    directory: str
    bundle: str
    control: str
    dns: str

    def tell(self, what: str, **body: object) -> None:
        data = json.dumps(body).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.control}/{what}", data=data), timeout=10).read()


def missing() -> str:
    lacks = [name for name in ("pebble", "pebble-challtestsrv") if shutil.which(name) is None]
    return f"{' and '.join(lacks)}: not installed (apt-get install pebble)" if lacks else ""


needs_pebble = pytest.mark.skipif(bool(missing()), reason=missing() or "installed")


@contextmanager
def running(
    directory: Path, *, reject_nonces: int = 0, always_valid: bool = False, bound: bool = False
) -> Iterator[Pebble]:
    api, management, http01, dns, control, tls_alpn = (free_port() for _ in range(6))
    authority = tls.make_authority(RealClock().now() - timedelta(days=1), "pebble-test")
    serving = tls.issue_serving(authority, RealClock().now())
    (directory / "cert.pem").write_bytes(serving.certificate)
    (directory / "key.pem").write_bytes(serving.key)
    config = {
        "listenAddress": f"127.0.0.1:{api}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(directory / "cert.pem"),
        "privateKey": str(directory / "key.pem"),
        "httpPort": http01,
        "tlsPort": tls_alpn,
        "externalAccountBindingRequired": bound,
        "externalAccountMACKeys": {"kid-1": MAC_KEY} if bound else {},
    }
    (directory / "config.json").write_text(json.dumps({"pebble": config}))
    environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(reject_nonces)}
    if always_valid:
        environment["PEBBLE_VA_ALWAYS_VALID"] = "1"
    answering = [
        "pebble-challtestsrv", "-http01", f"127.0.0.1:{http01}", "-dns01", f"127.0.0.1:{dns}",
        "-management", f"127.0.0.1:{control}", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "",
    ]  # fmt: skip
    serve = ["pebble", "-config", str(directory / "config.json"), "-dnsserver", f"127.0.0.1:{dns}"]
    log = (directory / "pebble.log").open("wb")
    programs = [subprocess.Popen(command, env=environment, stdout=log, stderr=log) for command in (answering, serve)]
    try:
        for port in (api, control):
            await_port(port)
        yield Pebble(
            f"https://localhost:{api}/dir",
            authority.certificate.decode(),
            f"http://127.0.0.1:{control}",
            f"127.0.0.1:{dns}",
        )
    finally:
        for program in programs:
            program.terminate()
            program.wait(10)
        log.close()


def await_port(port: int, seconds: float = 20.0) -> None:
    for _ in range(int(seconds / 0.02)):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            threading.Event().wait(0.02)
    raise AssertionError(f"nobody listens on port {port}")
