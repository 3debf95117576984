"""Keystores are read by the programs that they are for; the same input gives the same bytes."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.pki import certificates, jks, keys, pkcs12, rc2, requests, signing

AT = datetime(2030, 1, 1, tzinfo=UTC)
PASSWORD = "changeit shared"


@lru_cache
def material() -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    spec = read(CertificateSpec, {"commonName": "root", "isCA": True})
    template = signing.template_of(requests.read(requests.make(spec, key)), asked=(), is_ca=True)
    made = signing.sign(
        template,
        signing.Signer(key=key),
        serial=1,
        not_before=AT,
        duration=timedelta(days=36500),
        pointers=signing.NO_POINTERS,
    )
    der_bytes = certificates.first_of(made).der_bytes
    return keys.encode_der(key), (der_bytes,), (der_bytes,)


def test_a_jks_keystore_is_listed_by_keytool(tmp_path: Path) -> None:
    key, chain, cas = material()
    path = tmp_path / "k.jks"
    path.write_bytes(jks.keystore(key=key, chain=chain, cas=cas, alias="web", password=PASSWORD, at=AT))

    listed = keytool("-list", "-keystore", str(path), "-storetype", "jks")

    assert "web," in listed and "PrivateKeyEntry" in listed
    assert "ca," in listed and "trustedCertEntry" in listed


@pytest.mark.parametrize("profile", ["LegacyRC2", "LegacyDES", "Modern2023"])
def test_a_pkcs12_keystore_gives_its_key_to_openssl(profile: str, tmp_path: Path) -> None:
    key, chain, cas = material()
    path = tmp_path / "k.p12"
    path.write_bytes(pkcs12.keystore(key=key, chain=chain, cas=cas, password=PASSWORD, profile=profile))

    shown = openssl("pkcs12", "-in", str(path), "-passin", f"pass:{PASSWORD}", "-nodes", "-legacy")

    assert "BEGIN PRIVATE KEY" in shown and shown.count("BEGIN CERTIFICATE") == 2


def test_a_truststore_is_trusted_by_java(tmp_path: Path) -> None:
    key, _, cas = material()
    path = tmp_path / "t.p12"
    path.write_bytes(pkcs12.truststore(cas=[("CN=root", cas[0])], seed=key, password=PASSWORD, profile="Modern2023"))

    assert "trustedCertEntry" in keytool("-list", "-keystore", str(path))


@pytest.mark.parametrize("profile", list(pkcs12.PROFILES))
def test_writing_a_keystore_again_changes_nothing(profile: str) -> None:
    key, chain, cas = material()
    one, two = (pkcs12.keystore(key=key, chain=chain, cas=cas, password=PASSWORD, profile=profile) for _ in range(2))
    other = pkcs12.keystore(key=key, chain=chain, cas=cas, password="another", profile=profile)

    assert one == two != other


def test_rc2_encrypts_the_published_vector() -> None:
    # RFC 2268, section 5: 63 effective bits, all zero; one block, before the padding.
    assert rc2.encrypt_cbc(bytes(8), bytes(8), bytes(8), 63)[:8].hex() == "ebb773f993278eff"


def keytool(*arguments: str) -> str:
    if shutil.which("keytool") is None:
        pytest.skip("keytool (a Java runtime) is not installed")
    done = subprocess.run(
        ["keytool", *arguments, "-storepass", PASSWORD], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def openssl(*arguments: str) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
