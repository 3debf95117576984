"""certificate.CertificateService: certificates of TLS servers and SSH host keys that repositories are trusted by."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.calls import Call, Route, right
from argosy.server.configuration import CONFIG_MAPS
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, unknown

SERVICE: Final = "certificate.CertificateService"
TLS, HOSTS, HOSTS_KEY = "argocd-tls-certs-cm", "argocd-ssh-known-hosts-cm", "ssh_known_hosts"
HOST_NAME: Final = re.compile(r"\[?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(\]:\d{1,5})?")
BLOCK: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
MAX_BYTES: Final = 365_000
TRIES: Final = 5


class HostKey(NamedTuple):
    host: str
    kind: str
    key: str
    """Base64."""


def certificate_routes(context: ServerContext) -> dict[str, Route]:
    service = Certificates(context)

    def needs(action: str, *, mutates: bool = False) -> Route:
        return Route(
            needs=right("certificates", action, lambda request: "", mutates=mutates), unary=getattr(service, action)
        )

    return {
        f"{SERVICE}/ListCertificates": needs("get"),
        f"{SERVICE}/CreateCertificate": needs("create", mutates=True),
        f"{SERVICE}/DeleteCertificate": needs("delete", mutates=True),
    }


class Certificates:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def get(self, call: Call) -> JsonObject:
        request = call.request
        found = [_ssh_json(key) for key in self._host_keys() if _is_asked(request, key.host, "ssh", key.kind)]
        for host, text in sorted(self._certificates().items()):
            if _is_asked(request, host, "https", ""):
                found += [_tls_json(host, block) for block in BLOCK.findall(text)]
        return {"items": found or None}

    async def create(self, call: Call) -> JsonObject:
        """Everything is checked before anything is written."""
        given = call.request.get("certificates") or {}
        upsert = call.request.get("upsert") is True
        tls, keys = dict(self._certificates()), self._host_keys()
        made: list[JsonObject] = []
        for item in given.get("items") or ():
            host, kind = str(item.get("serverName") or ""), str(item.get("certType") or "")
            data = _decoded(item.get("certData"))
            if kind == "https":
                made += _add_tls(tls, host, data, upsert)
            elif kind == "ssh":
                made += _add_key(keys, HostKey(host, str(item.get("certSubType") or ""), data.strip()), upsert)
            else:
                raise unknown(f"unknown certificate type: {kind}")
        if any(item["certType"] == "https" for item in made):
            await self._write(TLS, lambda data: {**data, **tls})
        if any(item["certType"] == "ssh" for item in made):
            await self._write(HOSTS, lambda data: {**data, HOSTS_KEY: _known_hosts(data, keys)})
        return {"items": made or None}

    async def delete(self, call: Call) -> JsonObject:
        request = call.request
        gone_keys = [key for key in self._host_keys() if _is_asked(request, key.host, "ssh", key.kind)]
        removed = [
            {**_named(key.host, "ssh", key.kind), "certData": _coded(key.key), "certInfo": ""} for key in gone_keys
        ]
        gone = [host for host in sorted(self._certificates()) if _is_asked(request, host, "https", "")]
        for host in gone:
            text = f"{self._certificates()[host].rstrip()}\n"
            removed.append({**_named(host, "https", ""), "certData": _coded(text), "certInfo": ""})
        if gone_keys:
            kept = [key for key in self._host_keys() if key not in gone_keys]
            await self._write(HOSTS, lambda data: {**data, HOSTS_KEY: _known_hosts(data, kept)})
        if gone:
            await self._write(TLS, lambda data: {host: text for host, text in data.items() if host not in gone})
        return {"items": removed or None}

    def _certificates(self) -> Mapping[str, str]:
        return self._context.configuration.config_map(TLS)

    def _host_keys(self) -> list[HostKey]:
        return host_keys(self._context.configuration.config_map(HOSTS).get(HOSTS_KEY, ""))

    async def _write(self, name: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Applies the change to the ConfigMap's newest state."""
        client, namespace = self._context.client, self._context.namespace
        for _ in range(TRIES):
            try:
                found = await client.get(requests.Get(CONFIG_MAPS, Key(namespace, name)))
            except StatusError as error:
                if not error.is_not_found:
                    raise
                metadata = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "argocd"}}
                found = await client.write(
                    requests.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
                )
            before = found.get("data") or {}
            after = change(dict(before))
            patch = {
                "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
                "data": {**dict.fromkeys(before), **after},
            }
            try:
                made = await client.write(requests.patch(CONFIG_MAPS, Key(namespace, name), patch, PatchType.MERGE))
            except StatusError as error:
                if not error.is_conflict:
                    raise
                continue
            await self._seen(name, int(made["metadata"]["resourceVersion"]))
            return
        raise ApiError(Code.ABORTED, f"{name} is being changed by others: try again")

    async def _seen(self, name: str, version: int) -> None:
        for _ in range(200):
            found = self._context.configuration.config_object(name) or {}
            if int((found.get("metadata") or {}).get("resourceVersion") or 0) >= version:
                return
            await self._context.clock.sleep(0.01)


def host_keys(text: str) -> list[HostKey]:
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and not line.startswith(("#", "@")):
            found += [HostKey(host, words[1], words[2]) for host in words[0].split(",")]
    return found


def _known_hosts(data: Mapping[str, str], keys: list[HostKey]) -> str:
    """Keeps comments and marked lines."""
    kept = [line for line in data.get(HOSTS_KEY, "").splitlines() if line.startswith(("#", "@"))]
    return "".join(f"{line}\n" for line in (*kept, *(f"{key.host} {key.kind} {key.key}" for key in keys)))


def _add_tls(stored: dict[str, str], host: str, text: str, upsert: bool) -> list[JsonObject]:
    if not HOST_NAME.fullmatch(host):
        raise unknown(f"invalid hostname in request: {host}")
    blocks = BLOCK.findall(text)
    if not blocks or len(text) > MAX_BYTES:
        raise unknown("no valid PEM data received" if not blocks else "the certificates are too large")
    infos = [_tls_json(host, block) for block in blocks]
    before = stored.get(host)
    if before is not None and BLOCK.findall(before) == blocks:
        return []
    if before is not None and not upsert:
        raise unknown(f"certificate for '{host}' already exists, and upsert was not specified")
    stored[host] = "\n".join(blocks)
    return [{**infos[0], "certData": _coded(text), "certSubType": "", "certInfo": ""}]


def _add_key(stored: list[HostKey], key: HostKey, upsert: bool) -> list[JsonObject]:
    before = next((item for item in stored if item[:2] == key[:2]), None)
    if before == key:
        return []
    if before is not None and not upsert:
        raise unknown(f"key for '{key.host}' (subtype: '{key.kind}') already exists, and upsert was not specified")
    raw = _key_bytes(key)
    if before is not None:
        stored.remove(before)
    stored.append(key)
    return [{**_named(key.host, "ssh", key.kind), "certData": _coded(key.key), "certInfo": _fingerprint(raw)}]


def _key_bytes(key: HostKey) -> bytes:
    try:
        raw = base64.b64decode(key.key, validate=True)
        size = int.from_bytes(raw[:4], "big")
        name = raw[4 : 4 + size].decode()
    except (binascii.Error, ValueError):
        raise unknown("ssh: the key is not base64 of a public key") from None
    if not name or name != key.kind:
        raise unknown(f'ssh: known hosts key type mismatch: human-readable type "{key.kind}", encoded type "{name}"')
    return raw


def _fingerprint(raw: bytes) -> str:
    return base64.b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()


def _ssh_json(key: HostKey) -> JsonObject:
    try:
        info = f"SHA256:{_fingerprint(base64.b64decode(key.key))}"
    except binascii.Error:
        info = "SHA256:"
    return {**_named(key.host, "ssh", key.kind), "certInfo": info}


def _tls_json(host: str, block: str) -> JsonObject:
    """Raises ApiError if it is not a certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        certificate = x509.load_pem_x509_certificate(block.encode())
        key = certificate.public_key()
    except ValueError:
        raise unknown("no valid PEM data received") from None
    kinds = ((rsa.RSAPublicKey, "rsa"), (ec.EllipticCurvePublicKey, "ecdsa"), (ed25519.Ed25519PublicKey, "ed25519"))
    kind = next((name for of, name in kinds if isinstance(key, of)), "unknown")
    return {**_named(host, "https", kind), "certInfo": certificate.subject.rfc4514_string()}


def _named(host: str, kind: str, sub_kind: str) -> JsonObject:
    return {"serverName": host, "certType": kind, "certSubType": sub_kind}


def _is_asked(request: JsonObject, host: str, kind: str, sub_kind: str) -> bool:
    pattern, wanted = str(request.get("hostNamePattern") or ""), str(request.get("certType") or "")
    if pattern and not fnmatchcase(host, pattern):
        return False
    if wanted and wanted != kind:
        return False
    sub = str(request.get("certSubType") or "")
    return not sub or sub in ("*", sub_kind)


def _decoded(data: object) -> str:
    try:
        return base64.b64decode(str(data or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise unknown("certData: base64 of a text is expected") from None


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
