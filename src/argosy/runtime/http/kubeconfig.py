"""Reads a server's address and our credentials: from kubeconfig files, as kubectl does, or from inside a Pod."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from argosy.machinery.objects import JsonObject
from argosy.observe.secret import Secret
from argosy.runtime.clock import Clock
from argosy.runtime.http.connection import Connection, ConnectionSettingsError, Impersonation, Trust
from argosy.runtime.http.credentials import (
    EXEC_VERSIONS,
    Anonymous,
    ClientCertificate,
    Credential,
    ExecCredential,
    Fixed,
    Plugin,
    Proof,
    TokenFile,
    basic,
    bearer,
)

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def in_cluster(
    clock: Clock, environment: Mapping[str, str] | None = None, directory: Path = SERVICE_ACCOUNT
) -> Connection:
    """As the Pod's own service account. Raises ConnectionSettingsError outside of a Pod."""
    own = os.environ if environment is None else environment
    host, port = own.get("KUBERNETES_SERVICE_HOST"), own.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (directory / "token").exists():
        raise ConnectionSettingsError("not inside a Pod: KUBERNETES_SERVICE_HOST or the service account is missing")
    namespace = directory / "namespace"
    return Connection(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        trust=Trust(authority=_text(directory / "ca.crt")),
        credential=TokenFile(directory / "token", clock),
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
    )


def default_paths(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """$KUBECONFIG, split like a system path list, else ~/.kube/config."""
    named = (os.environ if environment is None else environment).get("KUBECONFIG") or ""
    return tuple([Path(part) for part in named.split(os.pathsep) if part]) or (Path.home() / ".kube" / "config",)


def load_kubeconfig(
    paths: Path | Sequence[Path], clock: Clock, *, context: str = "", cluster: str = "", user: str = ""
) -> Connection:
    """The named context's connection, or the current one's. The first of several files to define an entry wins.

    `cluster` and `user` replace those that the context names.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    merged = _Merged()
    for path in files:
        merged.add(path)
    if not merged.read:
        raise ConnectionSettingsError(f"no kubeconfig at {', '.join(map(str, files)) or 'any path'}")
    name = context or merged.current
    if not name:
        raise ConnectionSettingsError("the kubeconfig has no current-context: name one")
    chosen = merged.entry("context", name)
    acts_as = user or chosen.get("user")
    return _connection(
        merged.entry("cluster", cluster or chosen.get("cluster") or ""),
        merged.entry("user", acts_as) if acts_as else {},
        chosen.get("namespace") or "default",
        clock,
    )


class _Merged:
    """Entries by kind and name; file names inside are made absolute relative to the file that contains them."""

    def __init__(self) -> None:
        self.current = ""
        self.read = False
        self._entries: dict[tuple[str, str], JsonObject] = {}

    def add(self, path: Path) -> None:
        try:
            document = yaml.safe_load(path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, yaml.YAMLError) as error:
            # Not the parser's own message: it quotes the file, which has secrets.
            raise ConnectionSettingsError(f"kubeconfig {path} cannot be read: {type(error).__name__}") from None
        if not isinstance(document, dict):
            raise ConnectionSettingsError(f"kubeconfig {path} is not a mapping")
        self.read = True
        self.current = self.current or document.get("current-context") or ""
        for kind in ("cluster", "user", "context"):
            for item in document.get(f"{kind}s") or ():
                if isinstance(item, dict) and isinstance(item.get("name"), str):
                    entry = _absolute(item.get(kind) or {}, path.parent)
                    self._entries.setdefault((kind, item["name"]), entry)

    def entry(self, kind: str, name: str) -> JsonObject:
        if (found := self._entries.get((kind, name))) is None:
            known = sorted(known for entry_kind, known in self._entries if entry_kind == kind)
            raise ConnectionSettingsError(f"the kubeconfig has no {kind} {name!r}: it has {', '.join(known) or 'none'}")
        return found


def _absolute(entry: JsonObject, directory: Path) -> JsonObject:
    made = dict(entry)
    for name in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
        if made.get(name):
            made[name] = str(directory / made[name])
    program = made.get("exec")
    if isinstance(program, dict) and "/" in str(program.get("command") or ""):
        made["exec"] = {**program, "command": str(directory / program["command"])}
    return made


def _connection(cluster: JsonObject, user: JsonObject, namespace: str, clock: Clock) -> Connection:
    trust = Trust(
        authority=_pem(cluster, "certificate-authority"),
        server_name=cluster.get("tls-server-name") or "",
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
    )
    return Connection(
        server=(cluster.get("server") or "").rstrip("/"),
        trust=trust,
        credential=_credential(user, cluster, clock),
        impersonate=_impersonation(user),
        proxy=Secret(cluster.get("proxy-url") or ""),
        namespace=namespace,
    )


def _credential(user: JsonObject, cluster: JsonObject, clock: Clock) -> Credential:
    """Order as client-go's: a token file before a token, both before a password; a plug-in only without these."""
    chain, key = _pem(user, "client-certificate"), _pem(user, "client-key")
    if bool(chain) != bool(key):
        raise ConnectionSettingsError("client-certificate and client-key need each other: give both or none")
    certificate = ClientCertificate(chain, Secret(key)) if chain else None
    if user.get("tokenFile"):
        return TokenFile(Path(user["tokenFile"]), clock, certificate)
    if user.get("token"):
        return bearer(user["token"], certificate)
    if user.get("username"):
        return basic(user["username"], user.get("password") or "", certificate)
    if certificate is not None:
        return Fixed(Proof(certificate=certificate))
    if user.get("auth-provider"):
        raise ConnectionSettingsError("auth-provider sections are gone from Kubernetes: use an exec plug-in")
    if isinstance(program := user.get("exec"), dict):
        return ExecCredential(_plugin(program, cluster), clock)
    return Anonymous()


def _plugin(program: JsonObject, cluster: JsonObject) -> Plugin:
    names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
    info = {name: cluster[name] for name in names if cluster.get(name)}
    return Plugin(
        command=program.get("command") or "",
        args=tuple(map(str, program.get("args") or ())),
        env=tuple((pair["name"], pair["value"]) for pair in program.get("env") or ()),
        api_version=program.get("apiVersion") or EXEC_VERSIONS[0],
        install_hint=program.get("installHint") or "",
        cluster=info if program.get("provideClusterInfo") else None,
    )


def _impersonation(user: JsonObject) -> Impersonation:
    extra = user.get("as-user-extra") or {}
    return Impersonation(
        user=user.get("as") or "",
        groups=tuple(user.get("as-groups") or ()),
        uid=user.get("as-uid") or "",
        extra=tuple((key, tuple(values)) for key, values in sorted(extra.items())),
    )


def _pem(entry: JsonObject, name: str) -> str:
    """Inline data goes before a file, as in client-go."""
    if data := entry.get(f"{name}-data"):
        try:
            return base64.b64decode(data, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, TypeError, ValueError):
            raise ConnectionSettingsError(f"{name}-data is not base64 of a PEM text") from None
    return _text(Path(entry[name])) if entry.get(name) else ""


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise ConnectionSettingsError(f"{path}: {error.strerror}") from None
