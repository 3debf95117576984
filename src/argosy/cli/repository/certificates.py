"""`argosy cert list|add-tls|add-ssh|rm`: which certificates and SSH hosts are trusted."""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.cli.repository.config_maps import Data, change_data, data_of
from argosy.cli.repository.secrets import read_file
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.credentials import KNOWN_HOSTS_CONFIG_MAP, KNOWN_HOSTS_KEY, TLS_CONFIG_MAP

HEADER = ("HOSTNAME", "TYPE", "SUBTYPE", "INFO")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trusted:
    host: str
    kind: str
    """`ssh` or `https`."""
    subtype: str
    info: str

    @property
    def as_json(self) -> JsonObject:
        fields = {"serverName": self.host, "certType": self.kind, "certSubType": self.subtype}
        return {**fields, "certData": None, "certInfo": self.info}


def known_host(line: str) -> Trusted | None:
    """Parses one line of a known_hosts file; None for comments and invalid lines."""
    words = line.split()
    if len(words) < 3 or words[0].startswith("#"):
        return None
    try:
        digest = hashlib.sha256(base64.b64decode(words[2], validate=True)).digest()
    except (binascii.Error, ValueError):
        return None
    printed = base64.b64encode(digest).rstrip(b"=").decode()
    return Trusted(words[0].partition(",")[0], "ssh", words[1], f"SHA256:{printed}")


def certificates(host: str, text: str) -> list[Trusted]:
    from cryptography import x509  # late: SSH does not need it
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    found = []
    for pem in _PEM.findall(text):
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError as error:
            raise CommandError(f"{host}: a certificate cannot be read: {error}", Exit.CALL_FAILED) from None
        key = certificate.public_key()
        kinds = (("rsa", rsa.RSAPublicKey), ("ecdsa", ec.EllipticCurvePublicKey))
        word = next((name for name, kind in kinds if isinstance(key, kind)), "ed25519")
        found.append(Trusted(host, "https", word, certificate.subject.rfc4514_string()))
    return found


async def _all(client: Client, namespace: str) -> list[Trusted]:
    hosts = (await data_of(client, KNOWN_HOSTS_CONFIG_MAP, namespace)).get(KNOWN_HOSTS_KEY, "")
    pems = await data_of(client, TLS_CONFIG_MAP, namespace)
    found = [trusted for line in hosts.splitlines() if (trusted := known_host(line)) is not None]
    return found + [trusted for host, text in sorted(pems.items()) for trusted in certificates(host, text)]


def list_all(options: argparse.Namespace) -> int:
    if options.cert_type not in ("", "ssh", "https"):
        print("cert-type must be either ssh or https")
        return Exit.FAILED

    async def work(client: Client, clock: Clock) -> int:
        found = [
            one
            for one in await _all(client, options.namespace)
            if options.cert_type in ("", one.kind) and fnmatchcase(one.host, options.hostname_pattern or "*")
        ]
        if options.output in ("json", "yaml"):
            write_value(sys.stdout, [one.as_json for one in found], options.output)
        elif options.output == "name":
            sys.stdout.writelines(f"{one.host}\n" for one in found)
        else:
            found.sort(key=lambda one: (one.subtype, one.kind) if options.sort == "type" else (one.host, ""))
            rows = [(one.host, one.kind, one.subtype, one.info) for one in found]
            sys.stdout.write(table(HEADER, rows))
        return Exit.OK

    return with_client(options, work)


def _input(options: argparse.Namespace, what: str) -> str:
    if not options.source:
        return sys.stdin.read()
    print(f"Reading {what} '{options.source}'")
    return read_file(options.source, "--from")


def add_tls(options: argparse.Namespace) -> int:
    text = _input(options, "TLS certificate data in PEM format from")
    found = list(dict.fromkeys(_PEM.findall(text)))
    if not certificates(options.host, text):
        raise CommandError(
            "No valid PEM certificates found: give them as -----BEGIN CERTIFICATE-----", Exit.CALL_FAILED
        )
    wanted = "\n".join(found) + "\n"

    def change(data: Data) -> Data:
        present = data.get(options.host)
        if present and present.strip() != wanted.strip() and not options.upsert:
            text = f"TLS certificate for repository server '{options.host}' already exists"
            text += ", and upsert was not requested"
            raise CommandError(text, Exit.CALL_FAILED)
        return {**data, options.host: wanted}

    async def work(client: Client, clock: Clock) -> int:
        await change_data(client, TLS_CONFIG_MAP, options.namespace, change)
        message = f"Created/updated TLS certificate entry for repository server {options.host}"
        print(f"{message} with {len(found)} unique PEM certificates")
        return Exit.OK

    return with_client(options, work)


def add_ssh(options: argparse.Namespace) -> int:
    if not options.batch:
        raise CommandError("--batch is missing: entries are read as ssh-keyscan prints them")
    lines = _input(options, "SSH known hosts entries from file").splitlines()
    given = {line.strip(): found for line in lines if (found := known_host(line)) is not None}
    if not given:
        raise CommandError("No valid SSH known hosts data found", Exit.CALL_FAILED)
    count = 0

    def change(data: Data) -> Data:
        nonlocal count
        kept = [line for line in data.get(KNOWN_HOSTS_KEY, "").splitlines() if line.strip()]
        for line, found in given.items():
            same = [old for old in kept if _is_same(known_host(old), found)]
            if same and same[0].strip() == line:
                continue
            if same and not options.upsert:
                text = f"SSH known host entry for '{found.host}' already exists, and upsert was not requested"
                raise CommandError(text, Exit.CALL_FAILED)
            kept = [old for old in kept if old not in same] + [line]
            count += 1
        return {**data, KNOWN_HOSTS_KEY: "\n".join(kept) + "\n"}

    async def work(client: Client, clock: Clock) -> int:
        await change_data(client, KNOWN_HOSTS_CONFIG_MAP, options.namespace, change)
        print(f"Successfully created {count} SSH known host entries")
        return Exit.OK

    return with_client(options, work)


def _is_same(one: Trusted | None, other: Trusted) -> bool:
    return one is not None and (one.host, one.subtype) == (other.host, other.subtype)


def remove(options: argparse.Namespace) -> int:
    removed: list[Trusted] = []

    def fits(one: Trusted) -> bool:
        return (
            fnmatchcase(one.host, options.host)
            and options.cert_type in ("", one.kind)
            and options.cert_sub_type in ("", one.subtype)
        )

    def without_hosts(data: Data) -> Data:
        lines = data.get(KNOWN_HOSTS_KEY, "").splitlines()
        out = [line for line in lines if (one := known_host(line)) is not None and fits(one)]
        removed.extend(one for line in out if (one := known_host(line)) is not None)
        return {**data, KNOWN_HOSTS_KEY: "\n".join(line for line in lines if line not in out) + "\n"} if out else data

    def without_certificates(data: Data) -> Data:
        out = [host for host in data if fits(Trusted(host, "https", options.cert_sub_type, ""))]
        removed.extend(Trusted(host, "https", "", "") for host in out)
        return {host: text for host, text in data.items() if host not in out}

    async def work(client: Client, clock: Clock) -> int:
        await change_data(client, KNOWN_HOSTS_CONFIG_MAP, options.namespace, without_hosts)
        await change_data(client, TLS_CONFIG_MAP, options.namespace, without_certificates)
        for one in removed:
            print(f"Removed cert for '{one.host}' of type '{one.kind}' (subtype '{one.subtype}')")
        if not removed:
            print("No certificates were removed (none matched the given pattern)")
        return Exit.OK

    return with_client(options, work)
