"""`argosy cert create`: a CertificateRequest from a Certificate's file, with a key that never leaves this machine."""

from __future__ import annotations

import argparse
import base64
import os
import sys
from pathlib import Path
from typing import Any

from argosy.apis.certmanager import CertificateRequest, CertificateSpec
from argosy.apis.kubernetes.views.certificates import CertificateSigningRequest
from argosy.apis.schema import read
from argosy.certs.base64_text import decoded
from argosy.certs.pki import keys
from argosy.certs.pki import requests as signing_requests
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, resource_of
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

POLL_SECONDS = 0.5


def certificate_request(options: argparse.Namespace) -> int:
    given, _, pem = _prepared(options)
    wanted = {"request": _encoded(pem), "issuerRef": given["spec"].get("issuerRef") or {}}
    for name in ("duration", "isCA", "usages"):
        if given["spec"].get(name):
            wanted[name] = given["spec"][name]
    metadata = {"name": options.name, "namespace": options.namespace}
    obj = {"apiVersion": "cert-manager.io/v1", "kind": "CertificateRequest", "metadata": metadata, "spec": wanted}
    return _create(options, CertificateRequest, obj, options.namespace)


def signing_request(options: argparse.Namespace) -> int:
    _, spec, pem = _prepared(options)
    ref = spec.issuer_ref
    place = ref.name if ref.full_kind == "ClusterIssuer" else f"{options.namespace}.{ref.name}"
    wanted: JsonObject = {
        "request": _encoded(pem),
        "signerName": f"{ref.full_kind.lower()}s.{ref.full_group}/{place}",
        "usages": list(spec.usages) or ["digital signature", "key encipherment"],
    }
    annotations: JsonObject = {}
    if spec.duration:
        annotations["experimental.cert-manager.io/request-duration"] = spec.duration
    if spec.is_ca:
        annotations["experimental.cert-manager.io/request-is-ca"] = "true"
    obj: JsonObject = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": options.name, "annotations": annotations},
        "spec": wanted,
    }
    return _create(options, CertificateSigningRequest, obj, "")


def _prepared(options: argparse.Namespace) -> tuple[JsonObject, CertificateSpec, bytes]:
    """The file's Certificate and a request for it; the key is written before anything is sent."""
    given = _certificate(options.from_certificate_file)
    spec = read(CertificateSpec, given["spec"])
    try:
        key = keys.generate(keys.wanted(spec.private_key))
        pem = signing_requests.make(spec, key)
    except ValueError as error:
        raise CommandError(f"{options.from_certificate_file}: {error}") from None
    path = options.output_key_file or Path(f"{options.name}.key")
    _write_private(path, keys.encode(key, spec.private_key.encoding or "PKCS1"))
    print(f"The private key is in {path}.", file=sys.stderr)
    return given, spec, pem


def _certificate(path: Path) -> JsonObject:
    try:
        text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        documents = load_documents(text)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    except (YamlError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}") from None
    found = [one for one in documents if isinstance(one, dict) and one.get("kind") == "Certificate"]
    if len(found) != 1 or not isinstance(found[0].get("spec"), dict):
        raise CommandError(f"{path}: holds {len(found)} Certificates; one is needed, with a spec")
    return found[0]


def _create(options: argparse.Namespace, kind: Any, obj: JsonObject, namespace: str) -> int:
    async def work(client: Client, clock: Clock) -> int:
        await client.write(requests.create(resource_of(kind), obj))
        print(f"{obj['kind']} {options.name} was made.")
        if options.fetch_certificate:
            chain = await _fetched(client, clock, options, kind, namespace)
            path = options.output_certificate_file or Path(f"{options.name}.crt")
            path.write_bytes(chain)
            print(f"The certificate is in {path}.")
        return Exit.OK

    return with_client(options, work)


async def _fetched(client: Client, clock: Clock, options: argparse.Namespace, kind: Any, namespace: str) -> bytes:
    until = clock.monotonic() + options.timeout
    while True:
        found = read(kind, await client.get(requests.Get(resource_of(kind), Key(namespace, options.name))))
        if found.status.certificate:
            return decoded(found.status.certificate)
        for one in found.status.conditions:
            ended = one.type in ("Denied", "InvalidRequest", "Failed") or (
                one.type == "Ready" and one.reason == "Failed"
            )
            if ended and (one.status == "True" or one.reason == "Failed"):
                raise CommandError(f"{options.name}: {one.reason}: {one.message}")
        if clock.monotonic() >= until:
            raise CommandError(f"{options.name}: no certificate within {options.timeout:g} s", Exit.FAILED)
        await clock.sleep(POLL_SECONDS)


def _write_private(path: Path, content: bytes) -> None:
    """Creates the file readable only by its owner, and never overwrites one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists: name another file by --output-key-file") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
