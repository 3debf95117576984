"""Defaults of requests for devices (resource.k8s.io)."""

from __future__ import annotations

from argosy.apis.kubernetes.defaults.filling import fill_empty
from argosy.machinery.objects import JsonObject


def default_claim(obj: JsonObject) -> None:
    _default_devices((obj.get("spec") or {}).get("devices") or {})


def default_claim_template(obj: JsonObject) -> None:
    default_claim(obj.get("spec") or {})


def _default_devices(devices: JsonObject) -> None:
    for request in devices.get("requests") or ():
        for wanted in (request.get("exactly"), *(request.get("firstAvailable") or ())):
            if wanted is not None:
                fill_empty(wanted, {"allocationMode": "ExactCount"})
                if wanted["allocationMode"] == "ExactCount":
                    fill_empty(wanted, {"count": 1})
