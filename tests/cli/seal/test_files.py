"""`argosy seal` and `keys` on files: what is sealed opens again, and everything but the items stays as it was."""

from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from argosy.cli.keys.backup_file import locked, unlocked
from argosy.cli.main import main
from argosy.machinery.text.yaml import load, load_documents
from argosy.sealing.adapters.keymaking import made_key
from argosy.sealing.ports import MakeKey
from tests.kit.sealing import private

CANARY = "canary-5e41ed"
SECRET = f"""apiVersion: v1
kind: Secret
metadata: {{name: db, namespace: shop}}
stringData: {{password: {CANARY}}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two keys, old and new, with their certificates, and a Secret."""
    now = datetime.now(UTC)  # noqa: TID251 the program reads the machine's clock, too
    for number, name in enumerate(("old", "new")):
        since = now - timedelta(days=2 - number)
        question = MakeKey(2048, "", since, since + timedelta(days=900))
        made = made_key(private(number), question, bytes([number + 1]) * 16)
        data = {"tls.key": made.private_pem, "tls.crt": made.certificate_pem}
        lines = "\n".join(f"  {key}: {base64.b64encode(value).decode()}" for key, value in data.items())
        labels = "{sealedsecrets.bitnami.com/sealed-secrets-key: active}"
        head = f"apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {{name: {name}, labels: {labels}}}\n"
        (tmp_path / f"{name}.yaml").write_text(f"{head}data:\n{lines}\n")
        (tmp_path / f"{name}.pem").write_bytes(made.certificate_pem)
    (tmp_path / "secret.yaml").write_text(SECRET)
    return tmp_path


def sealed(place: Path, *more: str) -> Path:
    path = place / "sealed.yaml"
    arguments = ["--cert", str(place / "old.pem"), "-f", str(place / "secret.yaml"), "-w", str(path)]
    assert main(["seal", "create", *arguments, *more]) == 0
    return path


def test_what_was_sealed_opens_with_the_key_into_a_file_of_its_owner_alone(place: Path) -> None:
    path, out = sealed(place), place / "out.yaml"
    assert CANARY not in path.read_text()
    assert main(["seal", "open", str(path), "--key", str(place / "old.yaml"), "-w", str(out)]) == 0
    assert base64.b64decode(load(out.read_text())["data"]["password"]).decode() == CANARY
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_verify_names_what_does_not_unseal_and_exits_with_1(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sealed(place)
    assert main(["seal", "verify", "--key", str(place / "old.yaml"), str(place)]) == 0
    assert main(["seal", "verify", "--key", str(place / "new.yaml"), str(place)]) == 1
    assert f"{path}: shop/db: " in capsys.readouterr().out
    path.write_text(path.read_text().replace("namespace: shop", "namespace: other"))
    assert main(["seal", "verify", "--key", str(place / "old.yaml"), str(path)]) == 1


def test_reencrypting_a_directory_keeps_comments_order_and_other_documents(place: Path) -> None:
    path = sealed(place)
    other = "kind: ConfigMap  # stays\napiVersion: v1\nmetadata: {name:   odd}\n"
    path.write_text(f"# first\n{other}---\n{path.read_text().removeprefix('---').lstrip()}# last\n")
    before = path.read_text()
    keys = ["--key", str(place / "old.yaml"), "--key", str(place / "new.yaml")]
    assert main(["seal", "reencrypt", *keys, "--dry-run", "--exit-code", str(place)]) == 1
    assert path.read_text() == before
    assert main(["seal", "reencrypt", *keys, str(place)]) == 0
    after = path.read_text()
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert len(changed) == 1
    assert changed[0][1].lstrip().startswith("password: ")
    assert main(["seal", "verify", "--key", str(place / "new.yaml"), str(place)]) == 0
    assert main(["seal", "reencrypt", *keys, "--dry-run", "--exit-code", str(place)]) == 0


def test_a_value_is_set_and_removed_in_place(place: Path) -> None:
    path = sealed(place)
    (place / "user").write_text("ann")
    certificate = ["--cert", str(place / "old.pem")]
    assert main(["seal", "set", *certificate, str(path), f"user=@{place / 'user'}"]) == 0
    items = load_documents(path.read_text())[0]["spec"]["encryptedData"]
    assert set(items) == {"password", "user"}
    assert main(["seal", "remove", str(path), "password"]) == 0
    assert set(load_documents(path.read_text())[0]["spec"]["encryptedData"]) == {"user"}


def test_a_value_among_the_arguments_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sealed(place)
    assert main(["seal", "set", "--cert", str(place / "old.pem"), str(path), f"user={CANARY}"]) == 1
    told = capsys.readouterr()
    assert CANARY not in told.out + told.err


def test_a_backup_opens_with_its_passphrase_alone_and_holds_nothing_in_clear(place: Path) -> None:
    (place / "good").write_text("correct horse battery\n")
    (place / "bad").write_text("correct horse bakery\n")
    made = locked(CANARY.encode(), (), place / "good")
    assert CANARY.encode() not in made
    assert unlocked(place / "keys.age", made, place / "good") == CANARY.encode()
    with pytest.raises(Exception, match="it does not open with this passphrase or identity"):
        unlocked(place / "keys.age", made, place / "bad")


def test_a_short_passphrase_is_refused(place: Path) -> None:
    (place / "short").write_text("short")
    with pytest.raises(Exception, match="shorter than 12 characters"):
        locked(b"x", (), place / "short")


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (
            lambda text: text.replace("  name: db\n", "  name: moved\n", 1),
            "it was sealed for shop/db, as its template says",
        ),
        (
            lambda text: text.replace("  namespace: shop\n", "  namespace: other\n", 1),
            "it was sealed for shop/db, as its template says",
        ),
        (
            lambda text: text.replace(
                "  name: db\n", '  name: db\n  annotations: {sealedsecrets.bitnami.com/namespace-wide: "true"}\n', 1
            ),
            "it was sealed with the scope strict, and its annotations say namespace-wide",
        ),
    ],
)
def test_verify_says_for_which_name_or_scope_it_was_sealed(
    mistake: Callable[[str], str], told: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sealed(place)
    path.write_text(mistake(path.read_text()))
    assert main(["seal", "verify", "--key", str(place / "old.yaml"), str(path)]) == 1
    assert told in capsys.readouterr().out
