"""Reads Argo CD's cluster Secret: its `config` key has our credentials (spec/argo-cd-engine-2.md section 12)."""

from __future__ import annotations

import base64
import binascii
import shutil

import orjson

from argosy.machinery.objects import JsonObject
from argosy.observe.secret import Secret
from argosy.runtime.clock import Clock
from argosy.runtime.http import cloud
from argosy.runtime.http.connection import Connection, ConnectionSettingsError, Trust
from argosy.runtime.http.credentials import (
    EXEC_VERSIONS,
    Anonymous,
    ClientCertificate,
    Credential,
    ExecCredential,
    Fixed,
    Plugin,
    Proof,
    basic,
    bearer,
)


def connection_of_cluster(server: str, config: str | bytes, clock: Clock) -> Connection:
    """`config` is the Secret's JSON text, already decoded from base64; empty means no credentials."""
    try:
        settings = orjson.loads(config or "{}")
    except orjson.JSONDecodeError:
        raise ConnectionSettingsError("the cluster Secret's config is not JSON") from None
    if not isinstance(settings, dict):
        raise ConnectionSettingsError("the cluster Secret's config is not a JSON object")
    tls = settings.get("tlsClientConfig") or {}
    trust = Trust(
        authority=_decoded(tls, "caData"),
        server_name=tls.get("serverName") or "",
        insecure=bool(tls.get("insecure")),
    )
    return Connection(
        server=server.rstrip("/"),
        trust=trust,
        credential=_credential(settings, tls, clock),
        proxy=Secret(settings.get("proxyUrl") or ""),
    )


def _credential(settings: JsonObject, tls: JsonObject, clock: Clock) -> Credential:
    chain, key = _decoded(tls, "certData"), _decoded(tls, "keyData")
    if bool(chain) != bool(key):
        raise ConnectionSettingsError("tlsClientConfig.certData and keyData need each other: give both or none")
    certificate = ClientCertificate(chain, Secret(key)) if chain else None
    if aws := settings.get("awsAuthConfig"):
        names = ("clusterName", "roleARN", "profile")
        cluster, role, profile = (str(aws.get(name) or "") for name in names)
        return cloud.aws(clock, cluster=cluster, role=role, profile=profile)
    if program := settings.get("execProviderConfig"):
        return _executed(_plugin(program), clock)
    if settings.get("bearerToken"):
        return bearer(settings["bearerToken"], certificate)
    if settings.get("username"):
        return basic(settings["username"], settings.get("password") or "", certificate)
    return Fixed(Proof(certificate=certificate)) if certificate is not None else Anonymous()


def _executed(plugin: Plugin, clock: Clock) -> Credential:
    """Upstream's own program is not needed: its job is done here, unless it is installed."""
    replaced = plugin.command == "argocd-k8s-auth" and shutil.which(plugin.command) is None
    found = cloud.of_arguments(plugin.args, clock) if replaced else None
    return found or ExecCredential(plugin, clock)


def _plugin(program: JsonObject) -> Plugin:
    return Plugin(
        command=program.get("command") or "",
        args=tuple(map(str, program.get("args") or ())),
        env=tuple(sorted((program.get("env") or {}).items())),
        api_version=program.get("apiVersion") or EXEC_VERSIONS[0],
        install_hint=program.get("installHint") or "",
    )


def _decoded(tls: JsonObject, name: str) -> str:
    try:
        return base64.b64decode(tls.get(name) or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, TypeError, ValueError):
        raise ConnectionSettingsError(f"tlsClientConfig.{name} is not base64 of a PEM text") from None
