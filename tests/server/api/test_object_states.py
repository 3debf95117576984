from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from argosy.server.api import object_states as states

AT = "2026-01-01T00:00:00Z"


def condition(kind: str, status: str, reason: str = "", message: str = "m") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": AT}


def having(*conditions: dict[str, str], **status: Any) -> dict[str, Any]:
    return {"status": {"conditions": list(conditions), **status}}


@pytest.mark.parametrize(
    ("of", "obj", "state", "severity"),
    [
        (states.rollout, {"status": {"phase": "Paused"}}, "Paused", "attention"),
        (states.rollout, {"status": {"phase": "Degraded", "abort": True}}, "Aborted", "broken"),
        (states.rollout, {}, "Progressing", "busy"),
        (states.experiment, {"metadata": {}}, "Pending", "busy"),
        (states.experiment, {"metadata": {}, "status": {"phase": "Failed"}}, "Failed", "broken"),
        (states.experiment, {"status": {"phase": "Successful"}, "metadata": {}}, "Successful", "ok"),
        (states.issuer, having(condition("Ready", "True", "IsReady")), "Ready", "ok"),
        (states.issuer, having(condition("Ready", "False", "ErrInitIssuer")), "ErrInitIssuer", "broken"),
        (states.issuer, {}, "Unknown", "busy"),
        (states.certificate, having(condition("Ready", "True", "Ready")), "Ready", "ok"),
        (
            states.certificate,
            having(condition("Issuing", "True"), condition("Ready", "False", "DoesNotExist")),
            "Issuing",
            "busy",
        ),
        (states.certificate, having(condition("Ready", "False", "Expired")), "Expired", "attention"),
        (states.certificate, {}, "NotReady", "attention"),
        (states.sealed_secret, having(condition("Synced", "True")), "Synced", "ok"),
        (states.sealed_secret, having(condition("Synced", "False")), "Error", "broken"),
        (states.sealed_secret, {}, "Unknown", "busy"),
        (states.promotion, {"status": {"phase": "Running"}}, "Running", "busy"),
        (states.promotion, {"status": {"phase": "Errored"}}, "Errored", "broken"),
        (states.promotion, {}, "Pending", "busy"),
        (states.stage, having(condition("Ready", "True"), currentPromotion={"name": "p"}), "Promoting", "busy"),
        (states.stage, having(condition("Ready", "True"), health={"status": "Unhealthy"}), "Unhealthy", "broken"),
        (states.stage, having(condition("Ready", "False", "NoFreight")), "NoFreight", "ok"),
        (states.warehouse, having(condition("Reconciling", "True", "Discovering")), "Discovering", "busy"),
        (states.application_set, having(condition("ErrorOccurred", "True")), "Error", "broken"),
        (states.application_set, having(condition("ErrorOccurred", "False")), "UpToDate", "ok"),
        (states.freight, {"status": {"verifiedIn": {"test": {}}}}, "Verified", "ok"),
    ],
)
def test_an_object_is_in_one_word_how_its_status_says(
    of: Callable[[dict[str, Any]], states.State], obj: dict[str, Any], state: str, severity: str
) -> None:
    found = of(obj)

    assert (found.state, found.severity) == (state, severity)


def test_a_certificate_says_until_when_it_is_good() -> None:
    found = states.certificate(having(condition("Ready", "True"), renewalTime="2026-03-01T00:00:00Z"))

    assert found.until == "2026-03-01T00:00:00Z"


def test_a_canary_shows_its_step_and_weight() -> None:
    spec = {"replicas": 4, "strategy": {"canary": {"steps": [{}, {}]}}}
    status = {"phase": "Progressing", "currentStepIndex": 1, "canary": {"weights": {"canary": {"weight": 20}}}}

    facts = states.rollout({"spec": spec, "status": status}).facts
    assert (facts["step"], facts["weight"], facts["strategy"]) == ("1 of 2", "20 %", "canary")


def test_an_experiment_shows_its_versions_and_their_analyses() -> None:
    obj = {
        "metadata": {"name": "e", "ownerReferences": [{"kind": "Rollout", "name": "web"}]},
        "spec": {"duration": "1h", "templates": [{"name": "old"}, {"name": "new"}], "analyses": [{"name": "smoke"}]},
        "status": {"phase": "Running", "templateStatuses": [{"name": "new", "availableReplicas": 2}]},
    }
    assert states.experiment(obj).facts == {
        "owner": "Rollout web",
        "templates": "old 0, new 2",
        "analyses": "smoke",
        "duration": "1h",
    }


def test_an_issuer_shows_who_signs_and_by_which_account() -> None:
    acme = {"server": "https://acme.example", "email": "a@b.example", "privateKeySecretRef": {"name": "key"}}
    obj = {"spec": {"acme": acme}, "status": {"acme": {"uri": "https://acme.example/7"}}}
    assert states.issuer(obj).facts == {
        "type": "ACME",
        "server": "https://acme.example",
        "secret": "key",
        "account": "https://acme.example/7",
        "email": "a@b.example",
    }
    assert states.issuer({"spec": {"selfSigned": {}}}).facts["type"] == "self-signed"
