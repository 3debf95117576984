"""Writes the kubeconfig with which kubectl, helm and other clients reach the embedded server."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson

from argosy.cluster.http.tls import KeyPair, write_private
from argosy.machinery.objects import JsonObject


def kubeconfig(server_url: str, authority: bytes, client: KeyPair | str, name: str = "argosy") -> JsonObject:
    """`client` is a certificate with its key, or a bearer token. The result has secrets: write it to a file only."""
    if isinstance(client, str):
        user: JsonObject = {"token": client}
    else:
        user = {"client-certificate-data": _text(client.certificate), "client-key-data": _text(client.key)}
    cluster = {"server": server_url, "certificate-authority-data": _text(authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def write_kubeconfig(
    path: Path, server_url: str, authority: bytes, client: KeyPair | str, name: str = "argosy"
) -> None:
    """Created with mode 0600. JSON is YAML, so every client reads it."""
    document = kubeconfig(server_url, authority, client, name)
    write_private(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _text(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
