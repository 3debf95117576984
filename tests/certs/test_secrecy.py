"""No private key and no password leaves the Secrets: not in events, statuses, logs, errors or a repr."""

from __future__ import annotations

import base64
import json
import logging

import pytest

from argosy.apis.certmanager import RESOURCES
from argosy.apis.kubernetes.views.core import Event, Secret
from argosy.certs.certificate.target_secret import Issued
from argosy.certs.ports import MakeRequest, SignRequest
from argosy.machinery.controller import Hidden
from tests.kit.certs import CertsWorld, certificate, issuer

CANARY = "canary-of-the-keystore"


def test_no_key_or_password_is_found_outside_of_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with CertsWorld() as world:
        world.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "pw", "namespace": "default"},
                "stringData": {"p": CANARY},
            }
        )
        world.create(issuer())
        stores = {"jks": {"create": True, "passwordSecretRef": {"name": "pw", "key": "p"}}}
        world.create(certificate("root", isCA=True, commonName="root", keystores=stores))
        world.create(issuer("ca", ca={"secretName": "root-tls"}))
        world.create(certificate("leaf", issuer="ca"))
        world.create(certificate("bad", issuer="nobody"))
        world.run_until(lambda: world.certificate("leaf").ready)
        world.pass_time(60)
        told = [obj for kind in (*RESOURCES, Event) for obj in world.list(kind)]
        values = [value for one in world.list(Secret) for key, value in one["data"].items() if key.endswith(".key")]

    shown = json.dumps(told) + caplog.text
    assert values
    for secret in [*map(base64.b64decode, values), CANARY.encode()]:
        body = max(secret.decode().splitlines(), key=len)
        assert body not in shown
        assert base64.b64encode(secret).decode()[4:40] not in shown


def test_questions_and_what_is_seen_hide_their_keys() -> None:
    hidden = Hidden(CANARY)
    made = MakeRequest("{}", hidden)
    signed = SignRequest(owner="u", request=b"", usages=(), is_ca=False, duration_seconds=1, key=hidden, authority=b"")

    assert CANARY not in repr(made) + repr(signed) + str(hidden)
    assert CANARY not in repr(Issued(key=CANARY.encode(), certificate=b"", keystores={"k": CANARY.encode()}))
