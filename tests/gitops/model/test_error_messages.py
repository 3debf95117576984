"""Each error is written to the log once, with the Application's name."""

from __future__ import annotations

import logging

import pytest

from argosy.apis.argoproj.application import ApplicationStatus
from argosy.apis.schema import read
from argosy.gitops.model.error_messages import new_errors
from argosy.machinery.objects import JsonObject
from tests.kit.gitops import Bench, application

CONDITION: JsonObject = {"conditions": [{"type": "SyncError", "message": "m"}]}


def failed(at: str) -> JsonObject:
    return {"operationState": {"phase": "Failed", "message": "no", "startedAt": "s", "finishedAt": at}}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, CONDITION, ["SyncError: m"]),
        (CONDITION, CONDITION, []),
        ({}, {"conditions": [{"type": "SharedResourceWarning", "message": "m"}]}, []),
        ({}, failed("1"), ["sync failed: no"]),
        (failed("1"), failed("1"), []),
        (failed("1"), failed("2"), ["sync failed: no"]),
        ({}, {"operationState": {"phase": "Succeeded"}}, []),
    ],
)  # fmt: skip
def test_what_is_new_is_reported(before: JsonObject, after: JsonObject, told: list[str]) -> None:
    assert new_errors(read(ApplicationStatus, before), read(ApplicationStatus, after)) == told


def test_an_error_is_in_the_log_once_however_often_it_is_found(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bench.create(application(project="absent"))
        bench.world.pass_time(1200)
        for _ in range(3):
            bench.refresh()
    found = [record.getMessage() for record in caplog.records if "absent" in record.getMessage()]
    assert found == ["argocd/app: InvalidSpecError: Application referencing project absent which does not exist"]
