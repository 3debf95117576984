"""Credentials for an API server: none, a token, a token file, a password, a certificate, or an exec plug-in.

A credential is requested before each request and notified of a refusal, so that it can be renewed.
"""

from __future__ import annotations

import asyncio
import base64
import os
from asyncio import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import orjson

from argosy.machinery.objects import JsonObject
from argosy.machinery.unexpected import Shown
from argosy.observe.secret import Secret
from argosy.runtime.clock import Clock
from argosy.runtime.http.transport_metrics import plugin_ran

TOKEN_FILE_SECONDS = 60.0
"""A token file is read again after this time: kubelets replace projected tokens well before they expire."""
PLUGIN_SECONDS = 60.0
PLUGIN_OUTPUT = 1 << 20
EXPIRY_MARGIN = timedelta(seconds=10)
EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


class CredentialError(Shown):
    """No credential could be obtained. The message never contains a plug-in's output."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    chain: str
    """PEM, our certificate first."""
    key: Secret


@dataclass(frozen=True, slots=True)
class Proof:
    """The credential of one request."""

    authorization: Secret | None = None
    certificate: ClientCertificate | None = None


class Credential(Protocol):
    async def proof(self) -> Proof: ...

    def refused(self) -> bool:
        """The server responded 401. True: another credential is possible, so one more try is worth it."""
        ...


@dataclass(frozen=True, slots=True)
class Anonymous:
    async def proof(self) -> Proof:
        return Proof()

    def refused(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Fixed:
    """A token, a password or a certificate that does not change."""

    known: Proof

    async def proof(self) -> Proof:
        return self.known

    def refused(self) -> bool:
        return False


def bearer(token: str, certificate: ClientCertificate | None = None) -> Fixed:
    return Fixed(Proof(Secret(f"Bearer {token}"), certificate))


def basic(user: str, password: str, certificate: ClientCertificate | None = None) -> Fixed:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Fixed(Proof(Secret(f"Basic {pair}"), certificate))


class TokenFile:
    """A file with a bearer token, read again once a minute and whenever the server refuses the last one."""

    def __init__(self, path: Path, clock: Clock, certificate: ClientCertificate | None = None) -> None:
        self._path = path
        self._clock = clock
        self._certificate = certificate
        self._token = Secret("")
        self._read_at = float("-inf")

    async def proof(self) -> Proof:
        if self._clock.monotonic() - self._read_at >= TOKEN_FILE_SECONDS:
            self._read()
        return Proof(Secret(f"Bearer {self._token.reveal()}"), self._certificate)

    def refused(self) -> bool:
        before = self._token
        self._read_at = float("-inf")
        self._read()
        return self._token != before

    def _read(self) -> None:
        try:
            self._token = Secret(self._path.read_text().strip())
            self._read_at = self._clock.monotonic()
        except OSError as error:
            # A token that worked is better than none while the file is being replaced.
            if not self._token:
                raise CredentialError(f"token file {self._path}: {error.strerror}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """An `exec` section: a program that prints an ExecCredential. Never run by a shell."""

    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    api_version: str = EXEC_VERSIONS[0]
    install_hint: str = ""
    cluster: JsonObject | None = field(default=None, repr=False)
    """What `provideClusterInfo` passes to the program."""

    def __post_init__(self) -> None:
        if self.api_version not in EXEC_VERSIONS:
            raise CredentialError(f"exec apiVersion {self.api_version!r} is not one of {', '.join(EXEC_VERSIONS)}")
        if not self.command:
            raise CredentialError("exec command is empty: name the program to run")

    def environment(self, own: Mapping[str, str]) -> dict[str, str]:
        spec: JsonObject = {"interactive": False}
        if self.cluster is not None:
            spec["cluster"] = self.cluster
        info = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": spec}
        return {**own, **dict(self.env), "KUBERNETES_EXEC_INFO": orjson.dumps(info).decode()}


class ExecCredential:
    """Runs a plug-in, one call at a time, and keeps its result until that expires or is refused."""

    def __init__(self, plugin: Plugin, clock: Clock) -> None:
        self._plugin = plugin
        self._clock = clock
        self._proof: Proof | None = None
        self._expires: datetime | None = None
        self._lock = asyncio.Lock()

    async def proof(self) -> Proof:
        async with self._lock:
            if self._proof is None or (
                self._expires is not None and self._clock.now() >= self._expires - EXPIRY_MARGIN
            ):
                answer = await self._clock.external(_run(self._plugin))
                self._proof, self._expires = read_exec_credential(self._plugin, answer)
            return self._proof

    def refused(self) -> bool:
        self._proof = None
        return True


def read_exec_credential(plugin: Plugin, answer: bytes) -> tuple[Proof, datetime | None]:
    """The credential, and when it expires."""
    try:
        credential = orjson.loads(answer)
        version, status = credential["apiVersion"], credential["status"]
        token, chain, key = (status.get(name) for name in ("token", "clientCertificateData", "clientKeyData"))
        expiration = status.get("expirationTimestamp")
        ends = datetime.fromisoformat(expiration) if expiration else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CredentialError(f"exec plug-in {plugin.command!r} did not print an ExecCredential") from None
    if version != plugin.api_version:
        raise CredentialError(f"exec plug-in {plugin.command!r} printed {version!r}, not {plugin.api_version!r}")
    if not token and not (chain and key):
        raise CredentialError(f"exec plug-in {plugin.command!r} gave neither a token nor a certificate with its key")
    certificate = ClientCertificate(chain, Secret(key)) if chain and key else None
    return Proof(Secret(f"Bearer {token}") if token else None, certificate), ends


async def _run(plugin: Plugin) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            plugin.command,
            *plugin.args,
            env=plugin.environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        plugin_ran(1, "plugin_not_found_error" if isinstance(error, FileNotFoundError) else "plugin_execution_error")
        hint = f" ({plugin.install_hint})" if plugin.install_hint else ""
        raise CredentialError(f"exec plug-in {plugin.command!r} cannot be run: {error.strerror}{hint}") from None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PLUGIN_SECONDS):
            answer = await _read_all(process.stdout, plugin)
            code = await process.wait()
    except TimeoutError:
        plugin_ran(1, "client_internal_error")
        raise CredentialError(f"exec plug-in {plugin.command!r} took over {PLUGIN_SECONDS:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    plugin_ran(code, "no_error" if code == 0 else "plugin_execution_error")
    if code != 0:
        raise CredentialError(f"exec plug-in {plugin.command!r} ended with code {code}")
    return answer


async def _read_all(stream: asyncio.StreamReader, plugin: Plugin) -> bytes:
    parts: list[bytes] = []
    total = 0
    while part := await stream.read(1 << 16):
        total += len(part)
        if total > PLUGIN_OUTPUT:
            raise CredentialError(f"exec plug-in {plugin.command!r} printed over {PLUGIN_OUTPUT} bytes")
        parts.append(part)
    return b"".join(parts)
