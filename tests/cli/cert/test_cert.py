"""`argosy cert` as its users have it: files and options that are wrong, and keys that stay private."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.cli.main import main

CERTIFICATE = "kind: Certificate\nspec: {dnsNames: [x.test], issuerRef: {name: ca}}\n"
NOWHERE = "apiVersion: v1\nkind: Config\nclusters: []\n"


def create(tmp_path: Path, text: str, *more: str) -> int:
    (tmp_path / "c.yaml").write_text(text)
    (tmp_path / "kubeconfig").write_text(NOWHERE)
    files = ["--from-certificate-file", str(tmp_path / "c.yaml"), "--output-key-file", str(tmp_path / "x.key")]
    given = ["--kubeconfig", str(tmp_path / "kubeconfig")]
    return main(["cert", "create", "certificaterequest", "x", *files, *given, *more])


def test_a_key_is_readable_by_its_owner_alone_and_never_replaces_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert create(tmp_path, CERTIFICATE) != 0  # nobody is there to ask; the key was made before
    key = tmp_path / "x.key"
    before = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600 and b"PRIVATE KEY" in before
    assert create(tmp_path, CERTIFICATE) != 0
    assert key.read_bytes() == before
    said = capsys.readouterr()
    assert "exists: name another file by --output-key-file" in said.err
    assert "PRIVATE KEY" not in said.out + said.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind: Pod\n", "holds 0 Certificates; one is needed"),
        ("kind: Certificate\n", "holds 1 Certificates; one is needed, with a spec"),
        ("a: [", "c.yaml: "),
        ("kind: Certificate\nspec: {}\n", "at least one of commonName"),
        (
            "kind: Certificate\nspec: {dnsNames: [a], privateKey: {algorithm: DSA}}\n",
            "'DSA' is not RSA, ECDSA or Ed25519",
        ),
    ],
)
def test_a_file_that_is_no_certificate_is_refused_with_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    assert create(tmp_path, text) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "name the Certificates, or give --all or -l"), (["x", "--all"], "exclude each other")],
)
def test_renew_wants_names_or_a_selection(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(["cert", "renew", *arguments]) == 1
    assert says in capsys.readouterr().err
