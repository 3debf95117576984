"""What a request has in common with a spec: compared once for unchanged specs, and again for a changed one."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.schema import read
from argosy.certs.certificate import matching
from argosy.machinery.objects import JsonObject
from tests.kit.signing_requests import request_pem


def request(**spec: Any) -> JsonObject:
    made = {
        "request": base64.b64encode(request_pem(dnsNames=["a.test"])).decode(),
        "issuerRef": {"name": "ca"},
        **spec,
    }
    return {"metadata": {"name": "x-1"}, "spec": made}


def certificate(**spec: Any) -> JsonObject:
    return {"metadata": {"name": "x"}, "spec": {"dnsNames": ["a.test"], "issuerRef": {"name": "ca"}, **spec}}


def differs(asked: JsonObject, wanted: JsonObject) -> tuple[str, ...]:
    return matching.differing_fields(read(CertificateRequest, asked), read(Certificate, wanted).spec)


def test_statuses_that_change_do_not_compare_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, wanted = request(), certificate()
    assert differs(asked, wanted) == ()
    monkeypatch.setattr(matching, "_compare", lambda *given: pytest.fail("they were compared"))
    assert differs({**asked, "status": {"certificate": "c"}}, {**wanted, "status": {"revision": 1}}) == ()


def test_a_spec_that_changed_is_compared_whichever_it_is() -> None:
    asked, wanted = request(), certificate()
    assert differs(asked, wanted) == ()
    assert differs(asked, certificate(dnsNames=["b.test"])) == ("spec.dnsNames",)
    assert differs(asked, wanted) == ()
    assert differs({**asked, "spec": {**asked["spec"], "isCA": True}}, wanted) == ("spec.isCA",)
    assert differs(request(issuerRef={"name": "other"}), wanted) == ("spec.issuerRef",)
