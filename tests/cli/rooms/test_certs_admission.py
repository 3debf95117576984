"""Admission of cert-manager's kinds in the embedded server, by users as the front knows them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from argosy.certs.admission import mutate
from argosy.cli.rooms.certs_admission import _review_of
from argosy.cluster.kind import User
from argosy.machinery.objects import Resource

REQUESTS = Resource("cert-manager.io", "v1", "certificaterequests", "CertificateRequest")


def test_a_request_carries_who_made_it_with_all_that_is_known_of_them_as_lists() -> None:
    user = User("jane", ("team-a",), uid="u-1", extra={"example.test/credential": ("one", "two")})
    attributes: Any = SimpleNamespace(
        obj={"spec": {"request": "x"}},
        old=None,
        kind=SimpleNamespace(resource=REQUESTS),
        request=SimpleNamespace(user=user, subresource=""),
    )
    spec = json.loads(json.dumps(mutate(_review_of(attributes))["spec"]))
    assert spec["extra"] == {"example.test/credential": ["one", "two"]}
    assert (spec["username"], spec["uid"], spec["groups"]) == ("jane", "u-1", ["team-a"])
