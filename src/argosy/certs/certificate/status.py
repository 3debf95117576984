"""Writes a Certificate's status; shared by its controllers."""

from __future__ import annotations

from typing import Any

from argosy.apis.certmanager import Certificate
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write


def write(certificate: Certificate, **changes: Any) -> tuple[Write, ...]:
    """The status with some fields (by JSON name) changed; None removes one. No write if nothing differs."""
    status: JsonObject = dict(certificate.raw.get("status") or {})
    for name, value in changes.items():
        if value is None or value == []:
            status.pop(name, None)
        else:
            status[name] = value
    return requests.status(Certificate, certificate.raw, status)
