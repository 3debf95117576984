"""Keys are never replaced in silence, and each way of being unusable has its own sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.cluster.http.keys import FILES, Keys, faults_of_keys

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def rsa_key() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "half a key": (lambda d: (d / "ca.key").write_bytes((d / "ca.key").read_bytes()[:100]), r"ca\.key is damaged"),
    "an empty key": (lambda d: (d / "ca.key").write_bytes(b""), r"ca\.key is damaged: it is not a private key"),
    "a signing key of noise": (
        lambda d: (d / "service-account.key").write_bytes(b"\xa5" * 99),
        "account.key is damaged",
    ),
    "another kind of key": (lambda d: (d / "ca.key").write_bytes(rsa_key()), "a key of another kind"),
    "no certificate": (lambda d: (d / "ca.crt").write_bytes(b"hello"), r"ca\.crt is damaged: it is not a certificate"),
    "a key is gone": (lambda d: (d / "ca.key").unlink(), r"ca\.key is missing next to ca\.crt"),
    "the certificate is gone": (lambda d: (d / "ca.crt").unlink(), r"ca\.crt is missing next to ca\.key"),
    "a key of another authority": (
        lambda d: (d / "ca.key").write_bytes(Keys.make(NOON).authority.key),
        "do not belong together",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_keys_that_cannot_be_used_are_refused_and_kept(tmp_path: Path, name: str) -> None:
    damage, wanted = DAMAGES[name]
    secret = Keys.load_or_make(tmp_path, NOON).authority.key.decode().splitlines()[1]
    damage(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OSError, match=wanted) as refused:
        Keys.load_or_make(tmp_path, NOON)
    assert "ut the file back from a backup, or delete" in str(refused.value)
    assert secret not in str(refused.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_keys_open_to_others_are_closed_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = Keys.load_or_make(tmp_path, NOON)
    for name in FILES:
        (tmp_path / name).chmod(0o666)
    tmp_path.chmod(0o755)
    assert Keys.load_or_make(tmp_path, NOON) == made
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "service-account.key").stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert caplog.text.count("was open to other users") == 3


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        (-31, "the clock says 2025-12-01 12:00 UTC, .* set the clock"),
        (-29, ""),
        (0, ""),
        (3649, ""),
        (3650, "expired at"),
    ],
)
def test_a_clock_outside_of_the_authoritys_time_is_reported(tmp_path: Path, days: int, wanted: str) -> None:
    Keys.load_or_make(tmp_path, NOON)
    now = NOON + timedelta(days=days)
    assert bool(faults_of_keys(tmp_path, now)) is bool(wanted)
    if wanted:
        with pytest.raises(OSError, match=wanted):
            Keys.load_or_make(tmp_path, now)
    else:
        Keys.load_or_make(tmp_path, now)
