"""What a Certificate may say, where the recorded cases leave room: siblings of each, judged as Go's libraries do."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.admission.certificate import is_email, validate


def faults(**spec: Any) -> list[tuple[str, str]]:
    made = {"secretName": "x", "issuerRef": {"name": "ca"}, "dnsNames": ["a.test"], **spec}
    return [(one.kind, one.field) for one in validate(read(CertificateSpec, made))]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a@b", True),
        ("first.last+tag@example.com", True),
        ("ü@exämple.test", True),
        ("a@[192.0.2.1]", True),
        ("a@[::1]", True),
        ("a@[nonsense]", False),
        ("a..b@example.com", False),
        (".a@example.com", False),
        ("a@example..com", False),
        ("a@.example.com", False),
        ("a@example.com.", False),
        ("a@b@c", False),
        ("a b@example.com", False),
        ("A <a@example.com>", False),
        ("a@example.com (note)", False),
        ('"a b"@example.com', False),
        ("a@", False),
        ("@b", False),
        ("a", False),
        ("", False),
    ],
)
def test_an_email_address_is_bare_and_made_of_dot_atoms(text: str, right: bool) -> None:
    assert is_email(text) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("10.0.0.0/8", True),
        ("10.1.2.3/8", True),
        ("2001:db8::/32", True),
        ("10.0.0.0", False),
        ("10.0.0.0/", False),
        ("10.0.0.0/33", False),
        ("10.0.0.0/255.0.0.0", False),
        ("10.0.0.0/-1", False),
        ("fe80::1%eth0/64", False),
        ("2001:db8::/129", False),
    ],
)
def test_a_range_of_addresses_has_the_length_of_its_prefix(text: str, right: bool) -> None:
    found = faults(isCA=True, nameConstraints={"permitted": {"ipRanges": [text]}})
    assert found == ([] if right else [("Invalid", "spec.nameConstraints.permitted.ipRanges[0]")])


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ({"cron": "? ? * * ?"}, ""),
        ({"cron": "0 0 31 2 *"}, ""),
        ({"cron": "@every 12h"}, ""),
        ({"cron": "0 0 * * 7"}, "cron"),
        ({"cron": "0 0 L * *"}, "cron"),
        ({"cron": "@Daily"}, "cron"),
        ({"cron": "0 0 * * *", "timezone": "Mars/Base"}, "timezone"),
        ({"cron": "0 0 * * *", "windowDuration": ""}, "windowDuration"),
    ],
)
def test_a_window_is_a_schedule_as_upstream_reads_it(window: dict[str, str], field: str) -> None:
    made = {"windowDuration": "1h", **window}
    found = [one for _, one in faults(renewal={"policy": "RenewBefore", "windows": [made]})]
    wrong = [f"spec.renewal.windows[0].{field}"] if field else []
    assert found[: len(wrong)] == wrong and (field or not found)
