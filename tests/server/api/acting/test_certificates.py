"""A Certificate is issued again, and the request that waits for a decision gets one, by who may do it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.apis.certmanager import CertificateRequest
from argosy.apis.schema import read
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.server.api.acting.certificates import is_of, is_undecided
from tests.kit.argocd_server import Api, argocd_server

ISSUERS = Resource("cert-manager.io", "v1", "issuers", "Issuer")
CERTIFICATES = Resource("cert-manager.io", "v1", "certificates", "Certificate")
REQUESTS = Resource("cert-manager.io", "v1", "certificaterequests", "CertificateRequest")
PLACE = "/api/argosy/v1/certificates/default"
PATIENCE = 120.0
"""Seconds: of a process that others keep waiting."""


def made(kind: str, name: str, spec: JsonObject) -> JsonObject:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def certificate(name: str, **issuer: str) -> JsonObject:
    spec = {"secretName": f"{name}-tls", "dnsNames": ["a.example"], "issuerRef": {"name": "own", **issuer}}
    return made("Certificate", name, spec)


def condition(obj: JsonObject, wanted: str) -> JsonObject:
    found = (obj.get("status") or {}).get("conditions") or ()
    return next((one for one in found if one["type"] == wanted), {})


async def until(api: Api, resource: Resource, name: str, goal: Callable[[JsonObject], Any]) -> JsonObject:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                found = await api.cluster.client.get(requests.Get(resource, Key("default", name)))
            except StatusError as error:
                assert error.is_not_found, error
            else:
                if goal(found):
                    return found
            await asyncio.sleep(0.05)  # noqa: TID251  # of a real server


def test_a_certificate_is_issued_again_when_a_person_asks_for_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.create(ISSUERS, made("Issuer", "own", {"selfSigned": {}}))
            await api.create(CERTIFICATES, certificate("web"))
            await until(api, CERTIFICATES, "web", lambda one: condition(one, "Ready").get("status") == "True")

            assert (await api.call("POST", f"{PLACE}/web/renew", {}, token=""))[0] == 401
            status, found = await api.call("POST", f"{PLACE}/web/approve", {})
            assert (status, found["error"]["message"]) == (400, "no request of web waits for a decision")
            status, found = await api.call("POST", f"{PLACE}/web/renew", {})
            assert (status, found) == (200, {"message": "web is issued again"})
            await until(api, CERTIFICATES, "web", lambda one: (one.get("status") or {}).get("revision", 0) >= 2)
            assert (await api.call("POST", f"{PLACE}/absent/renew", {}))[0] == 404

    asyncio.run(scenario())


def test_a_decision_needs_cert_managers_right_to_approve_for_the_signer(tmp_path: Path) -> None:
    """This process has it for its own issuers alone, so that the request of another's stays as it is."""

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.create(CERTIFICATES, certificate("web", group="issuers.example", kind="Foreign"))
            request = await until(api, REQUESTS, "web-1", lambda one: True)
            assert is_of(request, await until(api, CERTIFICATES, "web", lambda one: True))
            for verb in ("approve", "deny"):
                status, found = await api.call("POST", f"{PLACE}/web/{verb}", {})
                assert status == 403, found
            request = await until(api, REQUESTS, "web-1", lambda one: True)
            assert is_undecided(read(CertificateRequest, request))

    asyncio.run(scenario())


def test_what_was_decided_waits_no_more_and_an_earlier_ones_request_is_another() -> None:
    request = made("CertificateRequest", "web-1", {"request": "", "issuerRef": {"name": "own"}})
    request["metadata"]["ownerReferences"] = [{"kind": "Certificate", "name": "web", "uid": "1"}]
    assert is_of(request, {"metadata": {"name": "web", "uid": "1"}})
    assert not is_of(request, {"metadata": {"name": "web", "uid": "2"}})
    assert is_undecided(read(CertificateRequest, request))
    for verdict in ("Approved", "Denied"):
        told = {**request, "status": {"conditions": [{"type": verdict, "status": "True"}]}}
        assert not is_undecided(read(CertificateRequest, told))
