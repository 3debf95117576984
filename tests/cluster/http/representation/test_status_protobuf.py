"""Errors for clients that read protobuf only: what our own decoder reads is what was said."""

from __future__ import annotations

import pytest

from argosy.cluster.http.representation.protobuf import decode_message, open_envelope
from argosy.cluster.http.representation.status_protobuf import encode_status, reads_protobuf_only
from argosy.machinery.status import Cause, StatusError

ERRORS = [
    StatusError(401, "Unauthorized", "Unauthorized"),
    StatusError(404, "NotFound", 'deployments.apps "ä" not found', name="ä", group="apps", kind="deployments"),
    StatusError(422, "Invalid", "bad", name="x", kind="Pod", causes=[Cause("spec.a", "wrong"), Cause("spec.b", "no")]),
    StatusError(504, "Timeout", "late", retry_after=1),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_a_status_is_read_back_as_it_was(error: StatusError) -> None:
    envelope = open_envelope(encode_status(error.status))
    assert (envelope.api_version, envelope.kind) == ("v1", "Status")
    found = decode_message(envelope.raw, "meta/v1.Status")
    for name in ("status", "message", "reason", "code"):
        assert found[name] == error.status[name]
    wanted = error.status.get("details") or {}
    details = {name: value for name, value in (found.get("details") or {}).items() if value}
    assert details == wanted


@pytest.mark.parametrize(
    ("accept", "only"),
    [
        ("application/vnd.kubernetes.protobuf", True),
        ("application/vnd.kubernetes.protobuf,application/json", False),
        ("application/vnd.kubernetes.protobuf, */*", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_who_reads_json_too_gets_json(accept: str, only: bool) -> None:
    assert reads_protobuf_only(accept) is only
